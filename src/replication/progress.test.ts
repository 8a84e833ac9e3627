import { expect, test } from '@jest/globals';
import { Census } from './replica/census.ts';
import { Progress } from './coordinator/progress.ts';
import type { CopyReply, CopyRequest } from './copy.ts';
import type { Outcome } from './store.ts';
import { must } from '../shared/assert.ts';

const blockBytes = 4096;
const mebibyte = 2 ** 20;

interface Asked {
  readonly request: Extract<CopyRequest, { type: 'census' }>;
  readonly done: (reply: Outcome<CopyReply>) => void;
}

function counting(ranges: readonly { block: number; count: number; common: number }[]) {
  const asked: Asked[] = [];
  const census = new Census({
    fence: { epoch: 2, nonce: 3 },
    attachId: 1,
    firstLive: 100,
    snapshot: undefined,
    ranges,
    ask: (request, done) => {
      if (request.type === 'census') asked.push({ request, done });
    },
  });
  let nowMs = 0;
  const run = () => census.run((nowMs += 50));
  run();
  const answer = (value: CopyReply) => {
    must(asked.shift(), 'a question').done({ ok: true, value });
    census.run(nowMs); // too soon
    expect(asked).toEqual([]);
  };
  const next = () => {
    const { after, block, count } = must(asked[0], 'a question').request;
    return [after, block, count];
  };
  return { census, asked, answer, next, run };
}

test('a census asks range by range, each from its own common point, and takes the rest to be like what is counted', () => {
  const { census, asked, answer, next, run } = counting([
    { block: 0, count: 100, common: 7 },
    { block: 100, count: 300, common: 50 },
  ]);
  expect([census.bytes, next()]).toEqual([undefined, [7, 0, 100]]);
  answer({ type: 'census', blocks: 20, next: 40 });
  run();
  expect([census.bytes, next()]).toEqual([200 * blockBytes, [7, 40, 60]]);
  answer({ type: 'census', blocks: 0, next: 100 });
  run();
  expect([census.bytes, next()]).toEqual([80 * blockBytes, [50, 100, 300]]);
  answer({ type: 'census', blocks: 1, next: 400 });
  run();
  expect([census.bytes, asked]).toEqual([21 * blockBytes, []]);
});

test('a census waits for a source that is not ready, and ends with one that can not count or answers nonsense', () => {
  const ranges = [{ block: 0, count: 100, common: 7 }];
  const waits = counting(ranges);
  waits.answer({ type: 'notYet' });
  expect(waits.asked).toEqual([]);
  waits.run();
  expect(waits.next()).toEqual([7, 0, 100]);

  const answers: CopyReply[] = [
    { type: 'refused', message: 'no' },
    { type: 'census', blocks: 0, next: 0 },
    { type: 'census', blocks: 0, next: 101 },
    { type: 'census', blocks: 51, next: 50 },
  ];
  for (const reply of answers) {
    const ends = counting(ranges);
    ends.answer(reply);
    ends.run();
    expect([ends.census.bytes, ends.asked]).toEqual([undefined, []]);
  }
});

test('a census asks narrowly where there is much to count, and widely where there is not', () => {
  const { census, answer, next, run } = counting([{ block: 0, count: 10_000_000, common: 7 }]);
  const asked: number[] = [];
  const counted = (looked?: number) => {
    const [, block = 0, count = 0] = next();
    asked.push(count);
    answer({ type: 'census', blocks: looked === undefined ? 0 : 512, next: block + (looked ?? count) });
    run();
  };
  for (let i = 0; i < 3; i++) counted(1_000);
  for (let i = 0; i < 4; i++) counted();
  counted(60_000);
  counted(1_000);
  counted();
  expect(asked).toEqual([4_096, 4_096, 4_096, 4_096, 16_384, 65_536, 262_144, 1_048_576, 120_000, 4_096]);
  expect(census.bytes).toBeGreaterThan(0);
});

test('nothing to be copied is known without asking', () => {
  expect(counting([]).census.bytes).toBe(0);
});

test('the time left follows the bytes that are left, not the part of the volume that is done', () => {
  const progress = new Progress(0);
  // A volume whose data lies in its first hundredth: half of it after ten seconds.
  const at = (seconds: number, percent: number, copied: number, remaining: number) =>
    progress.take(
      { percent, copiedBytes: copied * mebibyte, remainingBytes: remaining * mebibyte },
      seconds * 1_000,
    );
  for (let second = 1; second < 10; second++) at(second, second / 20, second * 10, 200 - second * 10);
  expect(at(10, 0.5, 100, 100)).toEqual({ percent: 0.5, bytesPerSecond: 10 * mebibyte, etaSeconds: 10 });
});

test('the rate is that of the last seconds', () => {
  const progress = new Progress(0);
  let copied = 0;
  let bytesPerSecond = 0;
  for (let second = 1; second <= 60; second++) {
    copied += (second <= 30 ? 100 : 10) * mebibyte;
    ({ bytesPerSecond } = progress.take({ percent: second, copiedBytes: copied }, second * 1_000));
  }
  expect(bytesPerSecond / mebibyte).toBeCloseTo(10, 0);
});

test('without a count all parts of the volume are taken to be equal; at the end nothing is left', () => {
  expect(new Progress(0).take({ percent: 20, copiedBytes: mebibyte }, 10_000).etaSeconds).toBe(40);
  expect(new Progress(0).take({ percent: 0, copiedBytes: 0 }, 10_000).etaSeconds).toBe(0);
  const done = { percent: 100, copiedBytes: 0, remainingBytes: 0 };
  expect(new Progress(0).take(done, 10_000)).toEqual({ percent: 100, bytesPerSecond: 0, etaSeconds: 0 });
});
