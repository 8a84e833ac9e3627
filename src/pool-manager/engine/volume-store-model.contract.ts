/** Whatever changes a store and whenever it crashes, a naive model says what is in it. */
import { expect, test } from '@jest/globals';
import { blockBytes } from '../../shared/block-size.ts';
import { must } from '../../shared/assert.ts';
import { prng } from '../../shared/prng.ts';
import type { MakeHarness } from '../../testing/store-harness.ts';
import { changeBoth } from '../../testing/volume-changes.ts';
import { difference, VolumeModel } from '../../testing/volume-model.ts';
import type { VolumeStore } from './volume-store.ts';

export function modelContract(makeHarness: MakeHarness): void {
  const firstEqual = async (store: VolumeStore, models: readonly VolumeModel[]) => {
    for (const each of models) if ((await difference(store, each)) === undefined) return each.clone();
    return undefined;
  };
  const seeds = process.env['CASKADE_SEED'] === undefined ? [1, 2] : [Number(process.env['CASKADE_SEED'])];
  test.each(seeds)('does what a naive model does, with crashes (CASKADE_SEED=%d)', async (seed) => {
    const random = prng(seed);
    let harness = await makeHarness(seed);
    let store = await harness.pool.createVolume({
      volume: 'pv',
      replicaId: 'r',
      sizeBytes: 300 * blockBytes,
    });
    let model = new VolumeModel(store.sizeBytes);
    /** What a crash may leave: the state at the last commit that was answered, or any later one. */
    let survivors = [model.clone()];
    const done: string[] = [];
    const same = async () => {
      const found = await difference(store, model);
      if (found !== undefined) throw new Error(`seed ${seed}: ${found}\nafter ${done.slice(-15).join('; ')}`);
    };
    for (let step = 1; step <= 200; step++) {
      done.push(changeBoth(store, model, random, step));
      survivors.push(model.clone());
      if (random.chance(0.15)) {
        await store.commit();
        survivors = [model.clone()];
        done.push('commit');
      }
      if (random.chance(0.2)) void store.commit(); // goes on beside the next changes and reads
      if (random.chance(0.3)) await Promise.resolve();
      if (random.chance(0.1)) await same();
      if (random.chance(0.04)) {
        harness = await harness.crash();
        store = must(harness.pool.volumes()[0], 'the volume');
        done.push('crash');
        model = (await firstEqual(store, survivors)) ?? model;
        await same();
        survivors = [model.clone()];
      }
    }
    await same();
    await harness.settled();
    await same();
    expect(await harness.check()).toEqual([]);
  });
}
