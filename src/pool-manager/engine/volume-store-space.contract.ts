/** Space: what is told of it, what comes back, and what goes on when there is none. */
import { describe, expect, test } from '@jest/globals';
import { blockBytes } from '../../shared/block-size.ts';
import { contentOf, contentOfAll } from '../../testing/block-content.ts';
import { again, births, bytes, extent, MiB, tag, type OneVolume } from '../../testing/store-harness.ts';
import { NoSpaceError, type VolumeStore } from './volume-store.ts';

export function spaceContract(one: OneVolume): void {
  describe('space per snapshot', () => {
    test('is what only it has, what it shares, and what deleting it gives back', async () => {
      const { harness, store } = await one();
      store.write(1, 0, contentOfAll(Array.from({ length: 100 }, (_, i) => i + 1)));
      store.snapshot('a');
      store.write(2, 0, contentOfAll(Array.from({ length: 10 }, (_, i) => i + 201)));
      store.snapshot('b');
      store.write(3, 0, contentOfAll(Array.from({ length: 30 }, (_, i) => i + 301)));
      await harness.settled();
      // of nodes each has its own leaf and the one above it
      const usage = (unique: number, shared: number) => ({
        uniqueBytes: (unique + 2) * blockBytes,
        sharedBytes: shared * blockBytes,
        reclaimableBytes: (unique + 2) * blockBytes,
      });
      expect(await store.snapshotUsage('a')).toEqual(usage(10, 90));
      expect(await store.snapshotUsage('b')).toEqual(usage(10, 90));
      const before = harness.pool.status().usedBytes;
      store.deleteSnapshot('a');
      await harness.settled();
      expect(before - harness.pool.status().usedBytes).toBe(12 * blockBytes);
      expect(await store.snapshotUsage('b')).toEqual(usage(30, 70));
      const next = await again(harness);
      expect(await next.store.snapshotUsage('b')).toEqual(usage(30, 70));
      await expect(next.store.snapshotUsage('a')).rejects.toThrow('a');
    });

    test('what a clone needs is not given back', async () => {
      const { harness, store } = await one();
      store.write(1, 0, contentOfAll([1, 2, 3]));
      store.snapshot('s');
      store.unmap(2, 0, 3);
      const spec = { volume: 'pv-clone', replicaId: 'r1', origin: store.identity.guid, snapshot: 's' };
      const clone = await harness.pool.cloneVolume(spec);
      clone.write(2, 0, contentOf(4));
      await harness.settled();
      expect(await store.snapshotUsage('s')).toEqual({
        uniqueBytes: 3 * blockBytes,
        sharedBytes: 2 * blockBytes,
        reclaimableBytes: 0,
      });
    });
  });

  test('a large unmap is durable at once; its space comes back in the background, over crashes too', async () => {
    let { harness, store } = await one(400 * MiB);
    for (let i = 0; i < 40; i++)
      store.write(i + 1, i * 2_500, contentOfAll(Array.from({ length: 50 }, (_, k) => i * 100 + k + 1)));
    store.snapshot('s');
    await harness.settled();
    ({ harness, store } = await again(harness)); // nothing of the map is at hand
    store.unmap(100, 60, 100_000);
    await store.commit();
    ({ harness, store } = await again(harness));
    expect(await births(store, 99)).toEqual([extent(60, 100_000, 100, false)]);
    ({ harness, store } = await again(harness));
    await harness.settled();
    expect(store.usage().logicalBytes).toBe(50 * blockBytes);
    expect([await tag(store, 2_500), await tag(store, 2_500, 's')]).toEqual([0, 101]);
    store.deleteSnapshot('s');
    await harness.settled();
    expect(store.usage().allocatedBytes).toBeLessThan(60 * blockBytes);
    expect(await harness.check()).toEqual([]);
  });

  describe('a full pool', () => {
    /** Writes until not one more block fits, with nothing left to be given back. Answers a block that was refused. */
    const fill = async (store: VolumeStore) => {
      let number = store.last;
      let block = 0;
      for (const count of [64, 1]) {
        for (let isFull = false; !isFull;) {
          await store.room();
          try {
            store.write(
              ++number,
              block,
              contentOfAll(Array.from({ length: count }, (_, i) => number * 100 + i + 1)),
            );
            block += count;
          } catch (error) {
            expect(error).toBeInstanceOf(NoSpaceError);
            isFull = true;
            await store.commit();
          }
        }
      }
      return block;
    };

    test('refuses writes before anything has changed; unmap, delete, records and snapshots still work', async () => {
      const { harness, store } = await one(200 * MiB);
      store.snapshot('old');
      const block = await fill(store);
      const { last } = store;
      const before = Buffer.from(await store.read(block, 64));
      expect(before.every((byte) => byte === 0)).toBe(true);
      expect(() =>
        store.write(last + 1, block, contentOfAll(Array.from({ length: 64 }, (_, i) => i + 1))),
      ).toThrow(NoSpaceError);
      expect([store.last, before.equals(await store.read(block, 64))]).toEqual([last, true]);
      expect(() =>
        store.copyIn([
          {
            block: 0,
            count: 64,
            birth: 1,
            data: contentOfAll(Array.from({ length: 64 }, (_, i) => i + 1)),
          },
        ]),
      ).toThrow(NoSpaceError);
      await store.commit();
      await expect(
        harness.pool.createVolume({ volume: 'pv-9', replicaId: 'r1', sizeBytes: MiB }),
      ).rejects.toThrow(NoSpaceError);
      for (let i = 0; i < 30; i++) {
        store.setRecord(bytes(`record ${i}`));
        store.snapshot(`s${i}`);
        await store.commit();
      }
      for (let i = 0; i < 30; i++) store.deleteSnapshot(`s${i}`);
      store.unmap(last + 1, 0, Math.floor(store.sizeBytes / blockBytes));
      expect(await store.commit()).toBe(last + 1);
      await harness.settled();
      const status = harness.pool.status();
      expect(status.usedBytes).toBeLessThan(0.02 * status.totalBytes);
      store.write(last + 2, 0, contentOf(1));
      await store.commit();
      expect(await harness.check()).toEqual([]);
    });

    test('overwriting for ever what fits goes on for ever', async () => {
      const { harness, store } = await one(20 * MiB);
      const blocks = Math.floor(store.sizeBytes / blockBytes);
      for (let i = 0; i < 80; i++) {
        await store.room();
        store.write(
          i + 1,
          (i * 640) % blocks,
          contentOfAll(Array.from({ length: 640 }, (_, k) => i * 1_000 + k + 1)),
        );
      }
      await harness.settled();
      expect(store.usage().logicalBytes).toBe(20 * MiB);
      expect(await harness.check()).toEqual([]);
    });
  });

  test('totals are exact after quiescence: used + free = total, and nothing is left of what is gone', async () => {
    const { harness, store } = await one();
    await harness.settled();
    const before = harness.pool.status();
    store.write(1, 0, contentOfAll(Array.from({ length: 300 }, (_, i) => i + 1)));
    await harness.settled();
    const full = harness.pool.status();
    expect(full.usedBytes + full.freeBytes).toBe(full.totalBytes);
    expect(full.logicalUsedBytes).toBe(300 * blockBytes);
    expect(store.usage().allocatedBytes).toBe((300 + 4) * blockBytes); // three leaves, and one node above them
    store.unmap(2, 0, 1024);
    await harness.settled();
    expect(harness.pool.status().usedBytes).toBeLessThanOrEqual(before.usedBytes + 2 * blockBytes);
  });
}
