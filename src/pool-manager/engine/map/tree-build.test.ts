import { expect, test } from '@jest/globals';
import { contentOf, contentOfAll } from '../../../testing/block-content.ts';
import { VolumeRig } from '../../../testing/volume-rig.ts';
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import type { EngineVolume } from '../volume/volume.ts';
import { unfold } from './delta-layer.ts';
import { nodeId } from './owner.ts';
import { birthOf, isMapped, pointersPerNode, pointerWords } from './pointer.ts';
import { slotSpan } from './radix.ts';

const GiB = 2 ** 30;
const treeOf = (volume: EngineVolume) => unfold(volume.view).tree;

/** Nodes whose birth is not the highest below them, or that are smaller than they could be. */
async function badNodes(rig: VolumeRig, volume: EngineVolume): Promise<string[]> {
  const bad: string[] = [];
  const visit = async (words: Uint32Array, at: number, level: number, first: number): Promise<number> => {
    const birth = birthOf(words, at);
    if (!isMapped(words, at) || level === 0) return birth;
    const node = await rig.core.nodes.load(words, at, nodeId(level, first));
    let [highest, holes] = [0, 0];
    for (let slot = 0; slot < pointersPerNode; slot++) {
      const slotAt = slot * pointerWords;
      highest = Math.max(highest, await visit(node, slotAt, level - 1, first + slot * slotSpan(level)));
      if (!isMapped(node, slotAt) && birthOf(node, slotAt) === birthOf(node, 0)) holes++;
    }
    if (highest !== birth) bad.push(`level ${level} at ${first}: birth ${birth}, below it ${highest}`);
    if (holes === pointersPerNode) bad.push(`level ${level} at ${first}: one hole would do`);
    return birth;
  };
  const tree = treeOf(volume);
  await visit(tree.root, 0, tree.levels, 0);
  return bad;
}

test('one changed block costs one node of each level, read once and written once', async () => {
  let rig = new VolumeRig();
  let volume = rig.create(16 * GiB);
  for (let i = 0; i < 300; i++) volume.write(i + 1, i * 12_345, contentOf(i + 1));
  await rig.checkpoint();
  rig = await rig.reloaded();
  rig.space.pendingMax = 0;
  volume = must(rig.volumes.get(volume.slot), 'the volume');
  const before = new Set(rig.space.names.keys());
  volume.write(1_000, 100 * 12_345, contentOf(7));
  await rig.checkpoint();
  const written = [...rig.space.names].filter(([name]) => !before.has(name));
  expect(written.map(([, { stream }]) => stream).toSorted()).toEqual(['data', ...Array(4).fill('metadata')]);
  expect(rig.space.reads).toBe(4);
  expect((await volume.births(999, 0, volume.blocks, 10)).extents).toEqual([
    { block: 1_234_500, count: 1, birth: 1_000, mapped: true },
  ]);
  expect(rig.space.reads).toBe(4);
});

test('leaves that will be changed are read together, by place', async () => {
  let rig = new VolumeRig();
  let volume = rig.create(GiB);
  const blocks = volume.blocks;
  for (let i = 0; i < 2_000; i++) volume.write(i + 1, i * 128, contentOf(i + 1));
  await rig.checkpoint();
  rig = await rig.reloaded();
  rig.space.pendingMax = 0;
  volume = must(rig.volumes.get(volume.slot), 'the volume');
  for (let i = 0; i < 2_000; i++) volume.write(i + 3_000, (i * 7 * 128) % blocks, contentOf(i + 1));
  await rig.checkpoint();
  expect(rig.space.reads).toBeLessThan(100);
  expect(await rig.problems()).toEqual([]);
});

test('births stay the highest below, whatever is written, unmapped and grown', async () => {
  const rig = new VolumeRig();
  const volume = rig.create(30_000 * blockBytes);
  let number = 0;
  const steps: (() => void)[] = [
    () => volume.write(++number, 0, contentOfAll([1, 2, 3])),
    () => volume.unmap(++number, 0, 30_000),
    () => volume.write(++number, 12_345, contentOf(4)),
    () => volume.unmap(++number, 100, 20_000),
    () => volume.write(++number, 127, contentOfAll([5, 6])),
    () => volume.resize(++number, 3_000_000 * blockBytes),
    () => volume.unmap(++number, 0, 30_000),
    () => volume.write(++number, 2_999_999, contentOf(7)),
    () => volume.copyIn([{ block: 2_999_999, count: 1, birth: 2, data: undefined }]),
    () => volume.unmap(++number, 0, 3_000_000),
  ];
  for (const step of steps) {
    step();
    await rig.checkpoint();
    expect(await badNodes(rig, volume)).toEqual([]);
  }
  await rig.settled();
  expect(await rig.problems()).toEqual([]);
  expect(isMapped(treeOf(volume).root, 0)).toBe(false);
});
