import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { spaceRig, type SpaceRig } from '../../../testing/space-rig.ts';
import { batchOf, offsetOf, setName } from '../map/pointer.ts';

const checkpoint = async (rig: SpaceRig, txg: number): Promise<void> => {
  await rig.space.changes(txg, {
    put: (key, bytes) => void rig.items.set(key, bytes),
    delete: (key) => void rig.items.delete(key),
  });
  rig.space.seal();
  await rig.space.drained();
  rig.space.release(txg, Infinity, txg);
};

test('what the log refers to keeps its place, gets a number of now, and is moved only when it is live', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  await checkpoint(rig, 1);
  const logged = [1, 2, 3].map((mark) => rig.write('data', mark));
  rig.space.seal();
  const place = rig.space.batchPlace(1);

  const again = await rig.reopen(1, 1000);
  expect(again.space.segmentState(place.group, place.segment)).toBe('free');
  again.space.reserve(place.group, place.segment);
  again.space.reserve(place.group, place.segment);
  const batch = again.space.bind(place.group, place.segment, place.firstUnit);
  expect(batch).toBe(1000);
  for (const [i, words] of logged.entries()) {
    setName(words, 0, batch, offsetOf(words, 0), 8, 0);
    again.space.claim(words, 0, 1, i + 1);
  }
  for (const [i, words] of logged.entries()) expect(await again.read(words)).toEqual(again.content(i + 1, 8));
  expect([again.space.room.busyUnits, again.space.room.liveUnits]).toEqual([3, 0]);
  expect(await again.space.cleaning.clean(100)).toBe(0);
  for (const words of logged) again.space.adopt(words, 0);
  await checkpoint(again, 2);
  expect(again.space.audit()).toEqual([]);

  const third = await again.reopen(2, 2000);
  expect([third.space.room.busyUnits, third.space.room.liveUnits]).toEqual([3, 3]);
  expect(await third.read(logged[2] ?? new Uint32Array(8))).toEqual(third.content(3, 8));
  expect(await third.space.cleaning.clean(100)).toBe(3);
  expect(await third.read(logged[2] ?? new Uint32Array(8))).toEqual(third.content(3, 8));
  expect(third.space.audit()).toEqual([]);
});

test('a segment that was emptied, or reserved for nothing, comes back two roots after an import', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  const all = Array.from({ length: 60 }, (_, i) => rig.write('data', i));
  for (const words of all) rig.space.adopt(words, 0);
  await checkpoint(rig, 1);
  for (const words of all) rig.space.free(words, 0, 2);
  await checkpoint(rig, 2);
  const again = await rig.reopen(2, 1000);
  for (const group of again.groups) group.openTxg = 3;
  again.space.reserve(0, 7);
  const states = () => [again.space.segmentState(0, 0), again.space.segmentState(0, 7)];
  expect(states()).toEqual(['held', 'closed']);
  await checkpoint(again, 3);
  expect(states()).toEqual(['held', 'held']);
  await checkpoint(again, 4);
  expect(states()).toEqual(['free', 'held']);
  await checkpoint(again, 5);
  expect(states()).toEqual(['free', 'free']);
  expect(again.space.audit()).toEqual([]);
});

test('what the log refers to is not judged by the summary of what was in its segment before', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  const olds = Array.from({ length: 63 }, (_, i) => rig.write('data', i)); // with its summary
  for (const words of olds) rig.space.adopt(words, 0);
  await checkpoint(rig, 1);
  for (const words of olds) rig.space.free(words, 0, 2);
  await checkpoint(rig, 2);
  expect(rig.space.segmentState(0, 0)).toBe('held');
  // it comes back, and is written to; then the power goes, with root 2 as the last one
  const again = await rig.reopen(2, 1_000);
  const group = must(again.groups[0], 'a group');
  group.openTxg = 3;
  const stored = again.content(900, 8);
  const writer = group.open(0);
  writer.append(stored, 0);
  writer.finish();
  await writer.drained();
  again.space.reserve(0, 0);
  const batch = again.space.bind(0, 0, 0);
  const words = rig.write('data', 900);
  setName(words, 0, batch, 0, 8, 0);
  again.space.claim(words, 0, 1, 900);
  again.space.adopt(words, 0);
  const isGood = async (space: SpaceRig['space']) => (await space.judge(0, 0))(0, stored, 0);
  expect([await isGood(again.space), await again.read(words)]).toEqual([true, stored]);
  await checkpoint(again, 3);
  const third = await again.reopen(3, 2_000);
  expect(await isGood(third.space)).toBe(true);
  const before = rig.content(0, 8);
  expect((await third.space.judge(0, 0))(0, before, 0)).toBe(false);
});

test('a table that says one thing twice is refused', async () => {
  const rig = spaceRig({ segments: 128, segmentUnits: 64 });
  for (let i = 0; i < 100; i++) rig.space.adopt(rig.write('data', i), 0);
  for (let txg = 1; txg <= 16; txg++) await checkpoint(rig, txg);
  const page = rig.items.get('table/0/0') ?? new Uint8Array(0);
  const other = page.slice();
  new DataView(other.buffer).setUint32(4, 64, true);
  rig.items.set('table/0/1', other);
  await expect(rig.reopen(16, 1000)).rejects.toThrow('is in two places');
  rig.items.set('table/0/1', page);
  await expect(rig.reopen(16, 1000)).rejects.toThrow('is another page');
  rig.items.delete('table/0/1');
  rig.items.set('table/0/0', page.slice(0, 40));
  await expect(rig.reopen(16, 1000)).rejects.toThrow('ends too early');
});

test('the table is whole from any 16 checkpoints on: older logs are gone', async () => {
  const rig = spaceRig({ segments: 256, segmentUnits: 64 });
  for (let txg = 1; txg <= 40; txg++) {
    rig.space.adopt(rig.write('data', txg), 0);
    await checkpoint(rig, txg);
  }
  const logs = [...rig.items.keys()].filter((key) => key.startsWith('table-log/'));
  expect(logs.length).toBeLessThanOrEqual(16);
  expect((await rig.reopen(40, 1000)).space.room.liveUnits).toBe(40);
});

test('which checkpoints wrote to a segment outlives an import, even if it was ended between two of them', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  for (const group of rig.groups) group.openTxg = 2;
  await checkpoint(rig, 1);
  for (let i = 0; i < 130; i++) rig.space.adopt(rig.write('data', i), 0);
  await rig.space.drained();
  for (const group of rig.groups) group.openTxg = 3;
  await checkpoint(rig, 2);
  const [group] = rig.groups;
  for (let segment = 0; segment < 32; segment++) group?.restoreTxgs(segment, 0, 0);
  const again = await rig.reopen(2, 1000);
  const txgs = (segment: number) => [group?.firstTxg(segment), group?.lastTxg(segment)];
  expect([txgs(0), txgs(1), txgs(2), txgs(3)]).toEqual([
    [2, 2],
    [2, 2],
    [2, 3],
    [0, 0],
  ]);
  expect([...again.space.segmentsWritten(0, 1)]).toEqual([0, 1, 2]);
  expect([...again.space.segmentsWritten(0, 2)]).toEqual([2]);
});

test('a batch that a root knew of before anything in it was live gives way to its number of now', async () => {
  const rig = spaceRig({ segments: 192, segmentUnits: 64 }); // a page of the table each for three roots
  rig.space.adopt(rig.write('data', 1), 0);
  await checkpoint(rig, 1);
  rig.space.mark('data'); // the cut of root 2
  const logged = rig.write('data', 2);
  const place = rig.space.batchPlace(batchOf(logged, 0));
  await checkpoint(rig, 2);

  const again = await rig.reopen(2, 1000);
  again.space.reserve(place.group, place.segment);
  const batch = again.space.bind(place.group, place.segment, place.firstUnit);
  setName(logged, 0, batch, offsetOf(logged, 0), 8, 0);
  again.space.claim(logged, 0, 1, 2);
  again.space.adopt(logged, 0);
  await checkpoint(again, 3);
  expect(again.space.audit()).toEqual([]);

  const third = await again.reopen(3, 2000);
  expect(third.space.audit()).toEqual([]);
  expect(await third.space.cleaning.clean(100)).toBe(2);
  expect(await third.read(logged)).toEqual(third.content(2, 8));
  expect(third.space.audit()).toEqual([]);
});
