import { expect, test } from '@jest/globals';
import { spaceRig, type SpaceRig } from '../../../testing/space-rig.ts';

const segmentUnits = 64;
const dataUnits = 60;

/** What is being written is not moved: all is written. */
async function written(rig: SpaceRig): Promise<void> {
  await rig.space.drained();
  await Promise.resolve();
}

/** A pool with some full segments, of each of which every fourth block is left. */
async function sparseRig(
  segments: number,
): Promise<{ readonly rig: SpaceRig; readonly kept: readonly Uint32Array[] }> {
  const rig = spaceRig({ segments: 64, segmentUnits, discard: true });
  const all = Array.from({ length: segments * dataUnits }, (_, i) => rig.write('data', i));
  for (const words of all) rig.space.adopt(words, 0);
  for (const [i, words] of all.entries()) if (i % 4 !== 0) rig.space.free(words, 0, 1);
  await written(rig);
  return { rig, kept: all.filter((_, i) => i % 4 === 0) };
}

const checkpoint = async (rig: SpaceRig, txg: number): Promise<void> => {
  await rig.space.changes(txg, {
    put: (key, bytes) => void rig.items.set(key, bytes),
    delete: () => undefined,
  });
  rig.space.seal();
  rig.space.release(txg, Infinity, txg);
  await Promise.resolve();
};

test('what is live moves together in order, names stay, emptied segments come back and are discarded', async () => {
  const { rig, kept } = await sparseRig(8);
  expect(await rig.space.cleaning.clean(1000)).toBe(8 * 15);
  expect(kept.map((words) => rig.space.place(words, 0)?.unit)).toEqual(kept.map((_, i) => i % dataUnits));
  for (const [i, words] of kept.entries())
    expect(Buffer.compare(await rig.read(words), rig.content(i * 4, 8))).toBe(0);
  expect(rig.space.room.heldUnits).toBe(8 * dataUnits);
  for (const txg of [1, 2, 3]) await checkpoint(rig, txg);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  expect([rig.space.room.heldUnits, rig.groups[0]?.discarded.length]).toEqual([0, 8]);
  expect(rig.space.audit()).toEqual([]);
  expect((await rig.reopen(3, 5000)).space.audit()).toEqual([]);
});

test('a piece that does not fit is split: nothing is padded', async () => {
  const { rig, kept } = await sparseRig(9);
  await rig.space.cleaning.clean(1000);
  const segments = new Set(kept.map((words) => rig.space.place(words, 0)?.segment));
  expect(segments.size).toBe(Math.ceil((9 * 15) / dataUnits));
});

test('a segment with blocks that no checkpoint has taken in stays where it is', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits });
  const all = Array.from({ length: dataUnits }, (_, i) => rig.write('data', i));
  for (const words of all.slice(1)) rig.space.adopt(words, 0);
  for (const words of all.slice(2)) rig.space.free(words, 0, 1);
  await written(rig);
  expect(await rig.space.cleaning.clean(1000)).toBe(0);
  rig.space.adopt(all[0] ?? new Uint32Array(8), 0);
  expect(await rig.space.cleaning.clean(1000)).toBe(2);
});

test('a segment with a unit that no copy is good of stays as it is, and that is reported once', async () => {
  const { rig, kept } = await sparseRig(3);
  const [broken = new Uint32Array(8)] = kept;
  const place = rig.space.place(broken, 0);
  const content = rig.groups[0]?.contentOf(place?.segment ?? 0);
  const right = content?.slice(0, 4096) ?? new Uint8Array(0);
  content?.fill(0xee, 0, 4096);
  expect(await rig.space.cleaning.clean(1000)).toBe(2 * 15);
  expect(rig.rot).toEqual([{ group: 0, segment: 0, unit: 0, owner: { slot: 1, owner: 0 } }]);
  for (const words of kept.slice(0, 15)) expect(rig.space.place(words, 0)?.segment).toBe(place?.segment);
  expect(await rig.space.cleaning.clean(1000)).toBe(0);
  expect(rig.rot).toHaveLength(1);
  // The error was one of a moment: nothing is lost, and the next time the pool is open the segment is cleaned.
  content?.set(right);
  expect(Buffer.compare(await rig.read(broken), rig.content(0, 8))).toBe(0);
  for (const txg of [1, 2, 3]) await checkpoint(rig, txg);
  const again = await rig.reopen(3, 5000);
  expect(await again.space.cleaning.clean(1000)).toBeGreaterThanOrEqual(15);
  expect(again.space.place(broken, 0)?.segment).not.toBe(place?.segment);
  expect(again.space.audit()).toEqual([]);
});

test('scrub looks at what is in use, and knows whose it is', async () => {
  const { rig } = await sparseRig(2);
  expect(await rig.space.scrubSegment(0, 0)).toEqual({ units: 15, repairedUnits: 0, bad: [] });
  rig.groups[0]?.contentOf(0).fill(1, 4 * 4096, 5 * 4096);
  rig.groups[0]?.contentOf(0).fill(1, 5 * 4096, 6 * 4096);
  expect((await rig.space.scrubSegment(0, 0)).bad).toEqual([
    { group: 0, segment: 0, unit: 4, owner: { slot: 1, owner: 4 } },
  ]);
  const judge = await rig.space.judge(0, 0);
  const content = rig.groups[0]?.contentOf(0) ?? new Uint8Array(0);
  expect([0, 4, 5].map((unit) => judge(unit, content, unit * 4096))).toEqual([true, false, true]);
});

test('an empty pool needs no cleaning, a sparse one only in idle time, a full one at once', async () => {
  const rig = spaceRig({ segments: 64, segmentUnits });
  expect([rig.space.cleaning.need, rig.space.cleaning.debt(100)]).toEqual(['no', 0]);
  const blocks: Uint32Array[] = [];
  for (let i = 0; rig.space.room.userUnitsNow > 0; i++) blocks.push(rig.write('data', i));
  for (const words of blocks) rig.space.adopt(words, 0);
  await written(rig);
  expect([rig.space.cleaning.need, await rig.space.cleaning.clean(100)]).toEqual(['urgent', 0]);
  for (const [i, words] of blocks.entries()) if (i % 2 === 0) rig.space.free(words, 0, 1);
  expect(rig.space.cleaning.debt(100)).toBeGreaterThan(100);
  expect(await rig.space.cleaning.clean(100)).toBeGreaterThanOrEqual(100);
});

test('nothing moves between pages of the table while they are written', async () => {
  const rig = spaceRig({ segments: 20 * 64, segmentUnits });
  const all = Array.from({ length: 70 * dataUnits }, (_, i) => rig.write('data', i));
  for (const words of all) rig.space.adopt(words, 0);
  for (const [i, words] of all.entries()) if (i % 4 !== 0) rig.space.free(words, 0, 1);
  await written(rig);
  let cleaning: Promise<number> | undefined;
  rig.onPause = async () => {
    cleaning ??= rig.space.cleaning.clean(5000);
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  };
  await checkpoint(rig, 1);
  expect(await cleaning).toBe((70 * dataUnits) / 4);
  const again = await rig.reopen(1, 5000);
  expect([again.space.room.liveUnits, again.space.audit()]).toEqual([(70 * dataUnits) / 4, []]);
});

test('free segments are discarded while they are not short, and none that was opened again', async () => {
  const rig = spaceRig({ segments: 64, segmentUnits, discard: true });
  const turns = async () => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  for (const round of [0, 1]) {
    const all = Array.from({ length: 2 * dataUnits }, (_, i) => rig.write('data', i));
    for (const words of all) rig.space.drop(words, 0, round * 3 + 1);
    await written(rig);
    for (const txg of [1, 2, 3]) await checkpoint(rig, round * 3 + txg);
    await turns();
  }
  expect(rig.groups[0]?.discarded).toEqual([0, 1, 2, 3]);
  expect([rig.space.room.heldUnits, rig.space.audit()]).toEqual([0, []]);
  await rig.space.stopDiscards();
  const more = Array.from({ length: 2 * dataUnits }, (_, i) => rig.write('data', i));
  for (const words of more) rig.space.drop(words, 0, 7);
  for (const txg of [7, 8, 9]) await checkpoint(rig, txg);
  await turns();
  expect(rig.groups[0]?.discarded.length).toBe(4);
});

test('while much is written nothing is discarded, but what nobody wanted for long', async () => {
  const segments = 2_048;
  const rig = spaceRig({ segments, segmentUnits, discard: true });
  let txg = 0;
  /** So many segments are filled, overwritten and free again. */
  const goRound = async (count: number) => {
    const all = Array.from({ length: count * dataUnits }, (_, i) => rig.write('data', i));
    for (const words of all) rig.space.drop(words, 0, txg + 1);
    await written(rig);
    for (const end = txg + 3; txg < end;) await checkpoint(rig, ++txg);
    for (let turn = 0; turn < 5_000; turn++) await Promise.resolve();
  };
  const discarded = () => rig.groups[0]?.discarded.length ?? 0;
  const many = Math.ceil(16_384 / dataUnits) + 1;
  await goRound(many); // before the first look nothing is known of what is written
  const before = discarded();
  rig.space.lookAtDiscards();
  await goRound(8);
  expect(discarded()).toBe(before);
  rig.space.lookAtDiscards();
  for (let turn = 0; turn < 50_000; turn++) await Promise.resolve();
  expect(discarded()).toBeGreaterThan(before + 7);
});

test('the summary of an earlier life of a segment vouches for nothing', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits });
  const group = rig.groups[0];
  const fill = async (mark: number): Promise<readonly Uint32Array[]> => {
    const all = Array.from({ length: dataUnits }, (_, i) => rig.write('data', mark + i));
    for (const words of all) rig.space.adopt(words, 0);
    await written(rig);
    return all;
  };
  for (const words of await fill(0)) rig.space.free(words, 0, 1);
  const earlier = group?.contentOf(0).slice() ?? new Uint8Array(0);
  for (const txg of [1, 2, 3]) await checkpoint(rig, txg);
  for (const each of rig.groups) each.openTxg = 4;
  for (let i = 0; i < 31; i++) for (const words of await fill(1000)) rig.space.free(words, 0, 4);
  const [first] = await fill(2000);
  expect(rig.space.place(first ?? new Uint32Array(8), 0)?.segment).toBe(0);
  expect((await rig.space.scrubSegment(0, 0)).bad).toEqual([]);
  group?.contentOf(0).set(earlier);
  const judge = await rig.space.judge(0, 0);
  expect([0, dataUnits].map((unit) => judge(unit, earlier, unit * 4096))).toEqual([true, false]);
});
