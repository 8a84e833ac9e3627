import { expect, test } from '@jest/globals';
import { LiveBlocks, liveMax } from './live-blocks.ts';
import { Ranges } from './ranges.ts';

const partBlocks = 256;
const all = { block: 0, count: 10_000, common: 7 };

test('lanes share out what there is, and each goes on where it was', () => {
  const ranges = new Ranges([all], partBlocks, false);
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
  const ranges = new Ranges([all], partBlocks, false);
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
  const ranges = new Ranges([all], partBlocks, false);
  const range = ranges.take(1);
  if (range) ranges.giveBack(range);
  expect(ranges.take(1)).toEqual(range);
});

test('a range of more than one answer is copied in batches, whole, until that did not work, or it was proved wrong', () => {
  const ranges = new Ranges([all, { block: 10_000, count: partBlocks, common: 7 }], partBlocks, true);
  const first = ranges.take(4);
  expect([first?.inBatches, first?.count]).toEqual([true, 10_000]);
  if (first) ranges.copiedTo(first, 4_000, 0, 3);
  const second = ranges.take(4);
  expect([second?.inBatches, second?.block, second?.count]).toEqual([true, 4_000, 6_000]);
  if (second) ranges.giveBackPlainly(second);
  const lanes = [ranges.take(3), ranges.take(2), ranges.take(1)];
  expect(lanes.map((range) => [range?.inBatches, range?.block, range?.count])).toEqual([
    [false, 4_000, 3_072],
    [false, 7_072, 2_928],
    [false, 10_000, 256],
  ]);
  for (const range of lanes) if (range) ranges.copiedTo(range, range.block + range.count, 0, 1);
  expect(ranges.passed(9)).toBe(true);
  ranges.again([{ block: 0, count: 2_048 }]);
  expect(ranges.take(1)).toMatchObject({ block: 0, common: 0, inBatches: false });
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
