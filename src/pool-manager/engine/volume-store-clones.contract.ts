/** Clones: they begin as a snapshot, and go on without it. */
import { describe, expect, test } from '@jest/globals';
import { must } from '../../shared/assert.ts';
import { contentOf, contentOfAll } from '../../testing/block-content.ts';
import {
  births,
  bytes,
  extent,
  MiB,
  tag,
  type OneVolume,
  type StoreHarness,
} from '../../testing/store-harness.ts';
import type { VolumeStore } from './volume-store.ts';

export function clonesContract(one: OneVolume): void {
  describe('clones', () => {
    /** A volume with a snapshot `s` of blocks 1, 2, 3 from block 10 on, gone on since, and a clone of it. */
    const cloned = async () => {
      const { harness, store } = await one();
      store.write(5, 10, contentOfAll([1, 2, 3]));
      store.setRecord(bytes('of the origin'));
      store.snapshot('s');
      store.write(6, 11, contentOf(9));
      const clone = await harness.pool.cloneVolume({
        volume: 'pv-clone',
        replicaId: 'r1',
        origin: store.identity.guid,
        snapshot: 's',
      });
      return { harness, store, clone };
    };
    const find = (harness: StoreHarness, volume: string) =>
      must(
        harness.pool.volumes().find(({ identity }) => identity.volume === volume),
        volume,
      );

    test('begin as the snapshot, with a record of their own, and go on by themselves', async () => {
      const { harness, store, clone } = await cloned();
      expect([clone.last, clone.sizeBytes, clone.record.byteLength, clone.snapshots()]).toEqual([
        5,
        4 * MiB,
        0,
        [],
      ]);
      expect(await births(clone, 0)).toEqual([extent(10, 3, 5, true)]);
      clone.write(6, 10, contentOf(7));
      clone.unmap(7, 12, 1);
      clone.snapshot('s');
      store.write(7, 12, contentOf(8));
      await clone.commit();
      const tags = async (of: VolumeStore) => [await tag(of, 10), await tag(of, 11), await tag(of, 12)];
      expect([await tags(clone), await tags(store)]).toEqual([
        [7, 2, 0],
        [1, 9, 8],
      ]);
      expect(await tag(store, 10, 's')).toBe(1);
      const next = await harness.crash();
      expect(await tags(find(next, 'pv-clone'))).toEqual([7, 2, 0]);
      expect(await births(find(next, 'pv-clone'), 5)).toEqual([
        extent(10, 1, 6, true),
        extent(12, 1, 7, false),
      ]);
      await next.settled();
      expect(await next.check()).toEqual([]);
    });

    test('outlive the snapshot and the volume they came from; in the end all space is given back', async () => {
      const { harness, store, clone } = await cloned();
      store.deleteSnapshot('s');
      expect(store.snapshots()).toEqual([]);
      store.snapshot('s');
      await harness.pool.destroyVolume(store.identity.guid);
      await harness.settled();
      const next = await harness.crash();
      expect(next.pool.volumes().map(({ identity }) => identity.volume)).toEqual(['pv-clone']);
      const again = find(next, 'pv-clone');
      expect([await tag(again, 10), await tag(again, 11), await tag(again, 12)]).toEqual([1, 2, 3]);
      await next.settled();
      expect(await next.check()).toEqual([]);
      await next.pool.destroyVolume(clone.identity.guid);
      await next.settled();
      expect([next.pool.volumes(), await next.check()]).toEqual([[], []]);
      expect(next.pool.status().logicalUsedBytes).toBe(0);
    });

    test('of clones, and with snapshots of their own, are freed in any order', async () => {
      const { harness, clone } = await cloned();
      clone.write(6, 50, contentOfAll([4, 5]));
      clone.snapshot('t');
      const second = await harness.pool.cloneVolume({
        volume: 'pv-second',
        replicaId: 'r1',
        origin: clone.identity.guid,
        snapshot: 't',
      });
      second.write(7, 51, contentOf(6));
      clone.rollback('t');
      clone.deleteSnapshot('t');
      await harness.pool.destroyVolume(clone.identity.guid);
      await harness.settled();
      expect(await harness.check()).toEqual([]);
      const next = await harness.crash();
      const last = find(next, 'pv-second');
      expect([await tag(last, 10), await tag(last, 50), await tag(last, 51)]).toEqual([1, 4, 6]);
      await next.pool.destroyVolume(last.identity.guid);
      await next.settled();
      expect(next.pool.volumes().map(({ identity }) => identity.volume)).toEqual(['pv-1']);
      expect(await next.check()).toEqual([]);
    });

    test('of what is not there are refused', async () => {
      const { harness, store } = await cloned();
      const spec = { volume: 'pv-9', replicaId: 'r1', origin: store.identity.guid, snapshot: 's' };
      await expect(harness.pool.cloneVolume({ ...spec, snapshot: 't' })).rejects.toThrow('t');
      await expect(harness.pool.cloneVolume({ ...spec, origin: '0123456789abcdef' })).rejects.toThrow(
        '0123456789abcdef',
      );
      await expect(harness.pool.cloneVolume({ ...spec, volume: 'pv-clone' })).rejects.toThrow('pv-clone');
    });
  });
}
