import { expect, test } from '@jest/globals';
import { LiveBlocks, liveMax } from './live-blocks.ts';
import { Ranges } from './ranges.ts';

const partBlocks = 256;
const all = { block: 0, count: 10_000, common: 7 };

test('lanes share out what there is, and each goes on where it was', () => {
  const ranges = new Ranges([all], partBlocks);
  const taken = [4, 3, 2, 1].map((idle) => ranges.take(idle));
  expect(taken.map((range) => [range?.block, range?.count])).toEqual([
    [0, 2_560],
    [2_560, 2_560],
    [5_120, 2_560],
    [7_680, 2_320],
  ]);
  expect(ranges.take(1)).toBeUndefined();
  expect(ranges.state(50)).toEqual([all]); // what is under way is not copied
  const [, second] = taken;
  if (second) ranges.copiedTo(second, 2_816, 0, 256);
  expect(ranges.passed(50)).toBe(false);
  expect(ranges.state(50)).toEqual([
    { block: 0, count: 2_560, common: 7 },
    { block: 2_560, count: 256, common: 50 },
    { block: 2_816, count: 7_184, common: 7 },
  ]);
  expect(ranges.take(1)).toMatchObject({ block: 2_816, count: 2_304 });
});

test('the window follows what one answer held, and grows where nothing is found', () => {
  const ranges = new Ranges([all], partBlocks);
  const windows: number[] = [];
  for (const [through, dataBlocks] of [
    [256, 256],
    [320, 160],
    [640, 1],
    [2_560, 0],
  ] as const) {
    const range = ranges.take(1, 0.5);
    if (!range) break;
    windows.push(range.windowBlocks);
    ranges.copiedTo(range, range.block + Math.min(through, range.windowBlocks), 0, dataBlocks);
  }
  windows.push(ranges.take(1)?.windowBlocks ?? 0);
  expect(windows).toEqual([1_024, 320, 640, 2_560, 10_240]);
});

test('a step that came to nothing leaves its range to be copied', () => {
  const ranges = new Ranges([all], partBlocks);
  const range = ranges.take(1);
  if (range) ranges.giveBack(range);
  expect(ranges.take(1)).toEqual(range);
});

test('live blocks are a normal list, until there are too many', () => {
  const live = new LiveBlocks();
  live.add([{ block: 8, count: 2 }]);
  live.add([{ block: 0, count: 1 }]);
  live.add([{ block: 1, count: 1 }]);
  expect(live.list).toEqual([
    { block: 0, count: 2 },
    { block: 8, count: 2 },
  ]);
  for (let i = 0; i < 3 * liveMax; i++) live.add([{ block: i % 64, count: 1 }]);
  expect([live.isTooMuch, live.list]).toEqual([false, [{ block: 0, count: 64 }]]);
  for (let i = 0; i < 3 * liveMax; i++) live.add([{ block: 2 * i, count: 1 }]);
  expect(live.isTooMuch).toBe(true);
});
