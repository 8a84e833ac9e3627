import { describe, expect, test } from '@jest/globals';
import type { ScrubRead } from '../../api/proto/caskade/pool/v1/Scrub.ts';
import { parseScrub, scrubEvent, shownScrub, type ScrubShown } from './pool-scrub.ts';

describe('the wish', () => {
  test.each([
    ['start', { action: 'SCRUB_ACTION_START' }],
    [' start  share=20 ', { action: 'SCRUB_ACTION_START', sharePercent: 20 }],
    ['start share=100', { action: 'SCRUB_ACTION_START', sharePercent: 100 }],
    ['pause', { action: 'SCRUB_ACTION_PAUSE' }],
    ['stop', { action: 'SCRUB_ACTION_STOP' }],
  ])('%j', (text, request) => {
    expect(parseScrub(text)).toEqual({ text, request });
  });

  test.each([
    [
      '',
      'begin',
      'Start',
      'true',
      'start stop',
      'start share=0',
      'start share=101',
      'start share=',
      'pause share=5',
    ],
    ['constructor', 'start share=20 share=30', 'start share=1.5', 'start share=1e1'],
  ])('none: %j and others', (...texts) => {
    expect(texts.map(parseScrub)).toEqual(texts.map(() => undefined));
  });
});

const scrub = (fields: Partial<ScrubRead>): ScrubRead => ({
  state: 'RUNNING',
  doneBytes: 0,
  totalBytes: 1_000,
  bytesPerSecond: 0,
  repairedBlocks: 0,
  lostBlocks: 0,
  startedSeconds: 0,
  finishedSeconds: 0,
  sharePercent: 50,
  runs: 1,
  ...fields,
});
const shown = (fields: Partial<ScrubRead>) => shownScrub({ scrub: scrub(fields) });

describe('what is shown', () => {
  test('nothing of a pool without a scrub', () => {
    expect(shownScrub({ scrub: null })).toBeUndefined();
  });
  test.each([
    [{ doneBytes: 99 }, { state: 'Running', percent: 0 }],
    [{ doneBytes: 199 }, { state: 'Running', percent: 10 }],
    [
      { doneBytes: 199, state: 'PAUSED' },
      { state: 'Paused', percent: 19 },
    ],
    [
      { doneBytes: 0, totalBytes: 0, state: 'STOPPED' },
      { state: 'Stopped', percent: 0 },
    ],
    [
      { doneBytes: 1_000, state: 'DONE', runs: 3, repairedBlocks: 2 },
      { state: 'Done', percent: 100, run: 3, repairedBlocks: 2 },
    ],
  ])('%j', (fields, expected) => {
    expect(shown(fields)).toMatchObject(expected);
  });
});

describe('what is told', () => {
  const told = (...states: readonly Partial<ScrubRead>[]) => {
    let before: ScrubShown | undefined;
    return states.flatMap((state) => {
      const now = shown(state);
      const event = scrubEvent(before, now);
      before = now;
      return event === undefined ? [] : [`${event.type}: ${event.message}`];
    });
  };
  const none = '0 blocks repaired, 0 without a good copy in this pool';

  test('beginning, rest and end, and nothing in between', () => {
    const seen = [
      {},
      { doneBytes: 500 },
      { doneBytes: 550, state: 'PAUSED' },
      { doneBytes: 550, state: 'PAUSED' },
      { doneBytes: 600 },
      { doneBytes: 900, repairedBlocks: 4 },
      { doneBytes: 1_000, repairedBlocks: 4, state: 'DONE' },
      { doneBytes: 1_000, repairedBlocks: 4, state: 'DONE' },
    ];
    expect(told(...seen)).toEqual([
      'Normal: scrub 1 runs',
      `Normal: scrub 1 is paused at 55 %: ${none}`,
      'Normal: scrub 1 goes on',
      'Normal: scrub 1 is done: 4 blocks repaired, 0 without a good copy in this pool',
    ]);
  });

  test('blocks without a good copy, the first time and at the end', () => {
    const found = '1 blocks repaired, 2 without a good copy in this pool';
    const bad = { repairedBlocks: 1, lostBlocks: 2 };
    expect(told({}, { ...bad, doneBytes: 10 }, { ...bad, doneBytes: 20 }, { ...bad, state: 'DONE' })).toEqual(
      ['Normal: scrub 1 runs', `Warning: scrub 1 goes on: ${found}`, `Warning: scrub 1 is done: ${found}`],
    );
  });

  test('one that ended between two looks, and its successor', () => {
    const done = { state: 'DONE', doneBytes: 1_000 };
    expect(
      told({ ...done, runs: 1 }, { ...done, runs: 2 }, { runs: 3 }, { runs: 3, state: 'STOPPED' }),
    ).toEqual([
      `Normal: scrub 1 is done: ${none}`,
      `Normal: scrub 2 is done: ${none}`,
      'Normal: scrub 3 runs',
      `Normal: scrub 3 is stopped at 0 %: ${none}`,
    ]);
  });
});
