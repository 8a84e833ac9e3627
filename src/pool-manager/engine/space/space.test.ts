import { expect, test } from '@jest/globals';
import { prng } from '../../../shared/prng.ts';
import { naiveSpace, spaceRig } from '../../../testing/space-rig.ts';
import { batchOf, isMapped, offsetOf, sectorsOf } from '../map/pointer.ts';

test('a block has a name, then a place, and is read back', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  const words = rig.write('data', 7);
  expect([isMapped(words, 0), batchOf(words, 0), offsetOf(words, 0), sectorsOf(words, 0)]).toEqual([
    true,
    1,
    0,
    8,
  ]);
  expect(rig.space.place(words, 0)).toEqual({ group: 0, segment: 0, unit: 0, sectorInUnit: 0 });
  expect(rig.space.isSent(words, 0)).toBe(false);
  expect(rig.space.peek(words, 0)).toEqual(rig.content(7, 8));
  rig.space.seal();
  expect(rig.space.peek(words, 0)).toBeUndefined();
  expect(await rig.read(words)).toEqual(rig.content(7, 8));
  expect(rig.space.audit()).toEqual([]);
});

test('batches end at a quarter of a small segment, and at a mark that was used', () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  const batches = Array.from({ length: 40 }, (_, i) => batchOf(rig.write('data', i), 0));
  expect(batches).toEqual(Array.from({ length: 40 }, (_, i) => 1 + Math.floor(i / 15)));
  expect([rig.space.mark('data'), rig.space.mark('data'), rig.space.nextBatch()]).toEqual([4, 4, 4]);
  expect(batchOf(rig.write('data', 40), 0)).toBe(4);
  expect(batchOf(rig.write('metadata', 41), 0)).toBe(5);
  expect(rig.space.batchPlace(4)).toEqual({ group: 0, segment: 0, firstUnit: 40 });
});

test('a batch has 255 units at most', () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 2048 });
  const names = Array.from({ length: 600 }, (_, i) => rig.write('data', i));
  expect(names.map((words) => batchOf(words, 0))).toEqual(names.map((_, i) => 1 + Math.floor(i / 255)));
  expect(names.map((words) => rig.space.place(words, 0)?.unit)).toEqual(names.map((_, i) => i));
});

test('compressed blocks share units and never cross them', () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  const places = [3, 3, 3, 8, 1].map((sectors, i) => {
    const words = rig.write('data', i, sectors);
    expect(rig.space.peek(words, 0)).toEqual(rig.content(i, sectors));
    return rig.space.place(words, 0);
  });
  expect(places.map((place) => [place?.unit, place?.sectorInUnit])).toEqual([
    [0, 0],
    [0, 3],
    [1, 0],
    [2, 0],
    [3, 0],
  ]);
  expect(rig.space.room.busyUnits).toBe(4);
});

test('a segment that died is opened again two roots later, and not while a reader is older', () => {
  const rig = spaceRig({ segments: 16, segmentUnits: 64 });
  const all = Array.from({ length: 60 }, (_, i) => rig.write('data', i));
  for (const words of all) rig.space.adopt(words, 0);
  expect(rig.space.segmentState(0, 0)).toBe('closed');
  for (const words of all) rig.space.free(words, 0, 5);
  expect([rig.space.segmentState(0, 0), rig.space.room.heldUnits]).toEqual(['held', 60]);
  expect(rig.space.place(all[0] ?? new Uint32Array(8), 0)).toBeUndefined();
  rig.space.release(6, Infinity, 6);
  rig.space.release(7, 6, 7);
  expect(rig.space.segmentState(0, 0)).toBe('held');
  rig.space.release(7, 7, 7);
  expect([rig.space.segmentState(0, 0), rig.space.room.heldUnits]).toEqual(['free', 0]);
});

test('what was written after the last whole root stays where it was written: replay would look for it there', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  rig.space.release(1, Infinity, 1);
  for (const group of rig.groups) group.openTxg = 3;
  const all = Array.from({ length: 120 }, (_, i) => rig.write('data', i));
  for (const words of all.slice(0, 60)) rig.space.drop(words, 0, 3);
  for (const words of all.slice(60, 100)) rig.space.drop(words, 0, 3);
  for (const words of all.slice(100)) rig.space.adopt(words, 0);
  await rig.space.drained();
  rig.space.release(9, Infinity, 2);
  expect(rig.space.segmentState(0, 0)).toBe('held');
  expect(await rig.space.cleaning.clean(100)).toBe(0);
  rig.space.release(10, Infinity, 3);
  expect(rig.space.segmentState(0, 0)).toBe('free');
  expect(await rig.space.cleaning.clean(100)).toBe(20);
});

test('groups get batches in proportion to their free segments', () => {
  const rig = spaceRig({ groups: [{ segments: 96 }, { segments: 32 }], segmentUnits: 64 });
  const units = [0, 0];
  for (let i = 0; i < 1200; i++) {
    const group = rig.space.place(rig.write('data', i), 0)?.group ?? 0;
    units[group] = (units[group] ?? 0) + 1;
  }
  expect((units[0] ?? 0) / (units[1] ?? 1)).toBeGreaterThan(2.5);
  expect((units[0] ?? 0) / (units[1] ?? 1)).toBeLessThan(3.5);
});

test('system segments are nobody else’s', () => {
  const rig = spaceRig({ segments: 16, segmentUnits: 64 });
  const { writer } = rig.space.openSystem();
  expect(rig.space.segmentState(0, writer.segment)).toBe('system');
  for (let i = 0; i < 300; i++)
    expect(rig.space.place(rig.write('data', i), 0)?.segment).not.toBe(writer.segment);
  rig.space.freeSystem(0, writer.segment, 3);
  rig.space.release(5, Infinity, 5);
  expect(rig.space.segmentState(0, writer.segment)).toBe('free');
});

// prettier-ignore
test.each([
  // small batches are lists of what is left of them, larger ones bits; each group has a page of the table of its own
  { seed: 1, groups: 1, segmentUnits: 64,  isCompressed: false },
  { seed: 2, groups: 1, segmentUnits: 64,  isCompressed: true },
  { seed: 3, groups: 3, segmentUnits: 256, isCompressed: false },
  { seed: 4, groups: 3, segmentUnits: 64,  isCompressed: true },
  { seed: 5, groups: 2, segmentUnits: 256, isCompressed: true },
])('agrees with a naive model through crashes and imports %o', async ({ seed, ...pool }) => {
  const model = naiveSpace({ ...pool, random: prng(seed), segments: 40 });
  for (let step = 0; step < 250; step++) await model.step();
  expect(await model.compare()).toEqual([]);
});
