/** Who frees what: snapshots, clones and big unmaps in any order, every name accounted for by walking everything. */
import { expect, test } from '@jest/globals';
import { contentOfAll } from '../../../testing/block-content.ts';
import { SparseModel } from '../../../testing/sparse-model.ts';
import { VolumeRig } from '../../../testing/volume-rig.ts';
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import { must } from '../../../shared/assert.ts';
import { prng, type Prng } from '../../../shared/prng.ts';
import { unfold } from '../map/delta-layer.ts';
import type { EngineVolume } from './volume.ts';

const seeds =
  process.env['CASKADE_SEED'] === undefined
    ? Array.from({ length: 12 }, (_, i) => i + 1)
    : [Number(process.env['CASKADE_SEED'])];
/** Three levels of nodes. */
const blocks = 40_000;

/** What only this snapshot has, found by walking every view there is. */
async function uniqueBytes(rig: VolumeRig, volume: EngineVolume, name: string): Promise<number> {
  const own = must(volume.snapshotTree.named(name), name);
  const { names } = await rig.walk(unfold(own.view).tree);
  const others = new Set<number>();
  for (const each of rig.volumes.values()) {
    const views = [...each.snapshotTree.all()].filter((state) => state !== own).map(({ view }) => view);
    for (const view of [...views, each.view])
      for (const found of (await rig.walk(unfold(view).tree)).names.keys()) others.add(found);
  }
  let sectors = 0;
  for (const [found, own] of names) if (!others.has(found)) sectors += own;
  return sectors * sectorBytes;
}

async function usageProblems(rig: VolumeRig): Promise<string[]> {
  const found: string[] = [];
  for (const volume of rig.volumes.values())
    for (const { name } of volume.destroyed ? [] : volume.snapshots()) {
      const seen = (await volume.snapshotUsage(name)).uniqueBytes;
      const due = await uniqueBytes(rig, volume, name);
      if (seen !== due)
        found.push(`snapshot ${name} of slot ${volume.slot}: unique ${seen} instead of ${due}`);
    }
  return found;
}

/** Volumes and their models, changed at random. */
class Scene {
  rig: VolumeRig;
  readonly models = new Map<number, SparseModel>();
  readonly done: string[] = [];
  readonly #random: Prng;

  constructor(random: Prng) {
    this.#random = random;
    this.rig = new VolumeRig({ nodeCacheBytes: random.pick([1, 2 ** 22]) });
    this.models.set(this.rig.create(blocks * blockBytes).slot, new SparseModel(blocks));
  }

  async step(tag: number): Promise<void> {
    const random = this.#random;
    const slot = random.pick([...this.models.keys()]);
    const volume = must(this.rig.volumes.get(slot), 'the volume');
    const model = must(this.models.get(slot), 'its model');
    this.done.push(`${slot}: ${model.change(volume, random, tag)}`);
    if (random.chance(0.03)) await this.#clone(volume, model);
    if (random.chance(0.02) && this.models.size > 1) this.#destroy(volume);
    if (random.chance(0.3)) await this.rig.checkpoint(random.pick([1, 5, Infinity]));
    if (random.chance(0.04)) await this.#restart();
  }

  async #clone(volume: EngineVolume, model: SparseModel): Promise<void> {
    const name = [...model.snapshots.keys()][this.#random.below(model.snapshots.size)];
    if (name === undefined) return;
    while (!volume.isSettledAt(name)) await this.rig.checkpoint();
    const clone = this.rig.clone(volume, name);
    this.models.set(clone.slot, SparseModel.cloneOf(model, name));
    await this.rig.checkpoint();
    this.done.push(`${clone.slot}: clone of ${volume.slot} at ${name}`);
  }

  #destroy(volume: EngineVolume): void {
    volume.destroy();
    this.models.delete(volume.slot);
    this.done.push(`${volume.slot}: destroyed`);
  }

  async #restart(): Promise<void> {
    await this.rig.checkpoint(2);
    this.rig = await this.rig.reloaded();
    this.done.push('restart');
  }

  async problems(): Promise<string[]> {
    const found: string[] = [];
    for (const [slot, model] of this.models) {
      const difference = await model.difference(must(this.rig.volumes.get(slot), 'the volume'));
      if (difference !== undefined) found.push(`slot ${slot}: ${difference}`);
    }
    return found;
  }
}

test.each(seeds)('nothing is lost, and nothing kept that nobody has (CASKADE_SEED=%d)', async (seed) => {
  const scene = new Scene(prng(seed));
  const problems: string[] = [];
  for (let tag = 1; tag <= 250 && problems.length === 0; tag++) {
    await scene.step(tag);
    if (tag % 50 === 0) {
      await scene.rig.settled(1 + (seed % 3) * 20);
      problems.push(
        ...(await scene.problems()),
        ...(await scene.rig.problems()),
        ...(await usageProblems(scene.rig)),
      );
    }
  }
  if (problems.length > 0) problems.push(...scene.done.slice(-30));
  expect(problems).toEqual([]);
});

test('a big unmap is durable at once and freed in slices, with a snapshot that keeps half of it', async () => {
  let rig = new VolumeRig();
  const slot = rig.create(blocks * blockBytes).slot;
  const of = (each: VolumeRig) => must(each.volumes.get(slot), 'the volume');
  const content = contentOfAll(Array.from({ length: 100 }, (_, i) => i + 1));
  for (let i = 0; i < 100; i++) of(rig).write(i + 1, i * 256, content);
  of(rig).snapshot('s');
  for (let i = 0; i < 100; i++) of(rig).write(i + 101, i * 256 + 128, content);
  await rig.checkpoint();
  rig = await rig.reloaded(); // no leaf is at hand
  of(rig).unmap(1_000, 10, 30_000);
  await rig.checkpoint(5);
  expect(of(rig).dead.parts.length).toBeGreaterThan(1);
  expect((await of(rig).births(999, 0, blocks, 9)).extents).toEqual([
    { block: 10, count: 30_000, birth: 1_000, mapped: false },
  ]);
  for (let i = 0; i < 3; i++) {
    rig = await rig.reloaded();
    await rig.checkpoint(5);
  }
  await rig.settled(5);
  expect(of(rig).usage().logicalBytes).toBe(10 * blockBytes);
  expect(await rig.problems()).toEqual([]);
  of(rig).deleteSnapshot('s');
  await rig.settled(7);
  expect(of(rig).usage()).toEqual({ logicalBytes: 10 * blockBytes, allocatedBytes: (10 + 5) * blockBytes });
  expect(await rig.problems()).toEqual([]);
});

test('ten thousand snapshots: each is made in constant time and written alone, and all can be deleted', async () => {
  const rig = new VolumeRig();
  const volume = rig.create(blocks * blockBytes);
  for (let i = 0; i < 10_000; i++) {
    if (i % 4 === 0) volume.write(i + 1, i % 1_000, contentOfAll([i + 1]));
    volume.snapshot(`s${i}`);
    if (i % 1_000 === 0) await rig.checkpoint();
  }
  await rig.checkpoint();
  expect(volume.snapshots().length).toBe(10_000);
  const items = new Map(rig.items);
  volume.snapshot('one more');
  await rig.checkpoint();
  const changed = [...rig.items].filter(([key, bytes]) => items.get(key) !== bytes).map(([key]) => key);
  expect(changed.toSorted()).toEqual([`snapshots/${volume.slot}/156`, `volume/${volume.slot}`]);
  for (const { name } of volume.snapshots()) volume.deleteSnapshot(name);
  await rig.settled();
  expect(await rig.problems()).toEqual([]);
  expect([...rig.items.keys()]).toEqual([`volume/${volume.slot}`]);
});
