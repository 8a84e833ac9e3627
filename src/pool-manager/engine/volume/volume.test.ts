import { describe, expect, test } from '@jest/globals';
import { contentOf, contentOfAll } from '../../../testing/block-content.ts';
import { changeBoth } from '../../../testing/volume-changes.ts';
import { difference, VolumeModel } from '../../../testing/volume-model.ts';
import { VolumeRig } from '../../../testing/volume-rig.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { must } from '../../../shared/assert.ts';
import { prng } from '../../../shared/prng.ts';

const MiB = 2 ** 20;
const seeds =
  process.env['CASKADE_SEED'] === undefined ? [1, 2, 3, 4, 5, 6] : [Number(process.env['CASKADE_SEED'])];

describe('a volume over names', () => {
  test('is what was written, before and after its tree is built', async () => {
    const rig = new VolumeRig();
    const volume = rig.create(100 * MiB);
    volume.write(1, 10, contentOfAll([1, 2, 0, 4]));
    volume.unmap(2, 1_000, 20_000);
    const expected = [
      { block: 10, count: 2, birth: 1, mapped: true },
      { block: 12, count: 1, birth: 1, mapped: false },
      { block: 13, count: 1, birth: 1, mapped: true },
      { block: 1_000, count: 20_000, birth: 2, mapped: false },
    ];
    for (let i = 0; i < 2; i++) {
      expect((await volume.births(0, 0, 25_600, 100)).extents).toEqual(expected);
      expect(Buffer.from(await volume.read(10, 4)).equals(contentOfAll([1, 2, 0, 4]))).toBe(true);
      await rig.checkpoint();
    }
    expect(volume.usage()).toEqual({ logicalBytes: 3 * blockBytes, allocatedBytes: (3 + 6) * blockBytes });
    expect(await rig.problems()).toEqual([]);
  });

  test.each(seeds)(
    'does what a naive model does, through checkpoints and restarts (CASKADE_SEED=%d)',
    async (seed) => {
      const random = prng(seed);
      let rig = new VolumeRig({ nodeCacheBytes: random.pick([1, 2 ** 22]) });
      let volume = rig.create(300 * blockBytes);
      rig.space.pendingMax = random.pick([0, 64]);
      let model = new VolumeModel(volume.sizeBytes);
      const done: string[] = [];
      const problems: string[] = [];
      const same = async () => {
        const found = await difference(volume, model);
        if (found !== undefined)
          throw new Error(`seed ${seed}: ${found}\nafter ${done.slice(-20).join('; ')}`);
      };
      for (let step = 1; step <= 300; step++) {
        const change = (tag = step) => done.push(changeBoth(volume, model, random, tag));
        change();
        if (random.chance(0.15)) {
          await rig.checkpoint(random.pick([1, 3, Infinity]), () => {
            done.push('checkpoint');
            if (random.chance(0.5)) change(step + 1_000);
          });
        }
        if (random.chance(0.1)) await same();
        if (random.chance(0.04)) {
          await rig.settled(random.pick([2, Infinity]));
          problems.push(...(await rig.problems()));
        }
        if (random.chance(0.04)) {
          done.push('restart');
          const before = model.clone();
          await rig.checkpoint(1);
          rig = await rig.reloaded();
          volume = must(rig.volumes.get(volume.slot), 'the volume');
          model = before;
          await same();
        }
      }
      await same();
      await rig.settled();
      await same();
      expect([...problems, ...(await rig.problems())]).toEqual([]);
    },
  );

  test('an overwritten block that is read meanwhile is one or the other', async () => {
    const rig = new VolumeRig({ nodeCacheBytes: 1 });
    rig.space.pendingMax = 0;
    const volume = rig.create(20 * MiB);
    for (let i = 0; i < 40; i++) volume.write(i + 1, i * 128, contentOf(i + 1));
    await rig.checkpoint();
    for (let i = 0; i < 50; i++) {
      const reading = volume.read(0, 1_000);
      volume.write(1_000 + i, 128 * (i % 7), contentOf(1_000 + i));
      await rig.checkpoint();
      await rig.checkpoint();
      const content = await reading;
      expect(content.byteLength).toBe(1_000 * blockBytes);
    }
    await rig.settled();
    expect(await rig.problems()).toEqual([]);
  });
});

test('changes below an unmap of all, more than are told in one turn, are gone', async () => {
  const rig = new VolumeRig();
  const volume = rig.create(20_000 * blockBytes);
  const content = contentOf(1);
  for (let i = 0; i < 20_000; i++) volume.write(i + 1, i, content);
  volume.snapshot('s');
  volume.unmap(30_000, 0, 20_000);
  const whole = [{ block: 0, count: 20_000, birth: 30_000, mapped: false }];
  expect((await volume.births(0, 0, 20_000, 9)).extents).toEqual(whole);
  expect((await volume.births(19_999, 0, 20_000, 9, 's')).extents).toEqual([
    { block: 19_999, count: 1, birth: 20_000, mapped: true },
  ]);
});
