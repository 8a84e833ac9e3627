/** Volumes: made, described and destroyed. */
import { describe, expect, test } from '@jest/globals';
import { blockBytes } from '../../shared/block-size.ts';
import { contentOf, contentOfAll } from '../../testing/block-content.ts';
import { again, births, bytes, extent, MiB, tag, text, type OneVolume } from '../../testing/store-harness.ts';
import { LimitError } from './volume-store.ts';

export function volumesContract(one: OneVolume): void {
  describe('volumes', () => {
    test('a new one reads as zeros, has no births, no entries, no record, and a GUID of its own', async () => {
      const { harness, store } = await one();
      expect((await store.read(0, 1024)).every((byte) => byte === 0)).toBe(true);
      expect(await births(store, 0)).toEqual([]);
      expect([store.last, store.durable, store.record.byteLength, store.snapshots()]).toEqual([0, 0, 0, []]);
      expect(store.identity).toEqual({
        volume: 'pv-1',
        replicaId: 'r1',
        guid: expect.stringMatching(/^[0-9a-f]{16}$/),
      });
      const other = await harness.pool.createVolume({ volume: 'pv-2', replicaId: 'r1', sizeBytes: MiB });
      expect(other.identity.guid).not.toBe(store.identity.guid);
      expect(harness.pool.volume(other.identity.guid)).toBe(other);
    });

    test('a second replica of one volume is refused', async () => {
      const { harness } = await one();
      await expect(
        harness.pool.createVolume({ volume: 'pv-1', replicaId: 'r2', sizeBytes: MiB }),
      ).rejects.toThrow('pv-1');
    });

    test('creation and destruction are durable when answered', async () => {
      const { harness, store } = await one();
      const next = await again(harness);
      expect(next.store.identity).toEqual(store.identity);
      expect(next.store.sizeBytes).toBe(4 * MiB);
      await next.harness.pool.destroyVolume(store.identity.guid);
      expect(next.harness.pool.volumes()).toEqual([]);
      const last = await next.harness.crash();
      expect(last.pool.volumes()).toEqual([]);
      await last.pool.destroyVolume('0123456789abcdef');
    });

    test('a destroyed volume gives back all its space, after a crash too', async () => {
      const { harness, store } = await one();
      await harness.settled();
      const before = harness.pool.status();
      for (let i = 1; i <= 5; i++) {
        store.write(i, i * 7, contentOfAll(Array.from({ length: 200 }, (_, k) => i * 1_000 + k)));
        store.snapshot(`s${i}`);
        await store.commit();
      }
      expect(harness.pool.status().usedBytes).toBeGreaterThan(before.usedBytes + 3.5 * MiB);
      await harness.pool.destroyVolume(store.identity.guid);
      const next = await harness.crash();
      await next.settled();
      expect(next.pool.status().usedBytes).toBeLessThanOrEqual(before.usedBytes);
      expect(await next.check()).toEqual([]);
    });
  });

  describe('properties and annotations', () => {
    test('are kept through a crash, and clones begin with the properties of their origin', async () => {
      const { harness, store } = await one();
      expect([store.properties, store.annotations.byteLength]).toEqual([
        { compression: 'off', zstdLevel: 3 },
        0,
      ]);
      store.setProperties({ compression: 'lz4', zstdLevel: 7 });
      store.setAnnotations(bytes('{"class":"gold"}'));
      store.snapshot('s');
      await store.commit();
      const next = await again(harness);
      expect([next.store.properties, text(next.store.annotations), next.store.last]).toEqual([
        { compression: 'lz4', zstdLevel: 7 },
        '{"class":"gold"}',
        0,
      ]);
      const clone = await next.harness.pool.cloneVolume({
        volume: 'pv-clone',
        replicaId: 'r1',
        origin: store.identity.guid,
        snapshot: 's',
      });
      expect([clone.properties.compression, clone.annotations.byteLength]).toEqual(['lz4', 0]);
    });

    test('compression can be changed at any time; what is read is what was written', async () => {
      const { harness, store } = await one();
      const plain = new Uint8Array(100 * blockBytes).map((_, i) => (i >> 6) & 0xff);
      store.write(1, 0, plain);
      store.setProperties({ compression: 'lz4', zstdLevel: 3 });
      store.write(2, 200, plain);
      store.setProperties({ compression: 'off', zstdLevel: 3 });
      store.write(3, 400, plain);
      await store.commit();
      const next = await again(harness);
      const same = async (block: number) => Buffer.from(await next.store.read(block, 100)).equals(plain);
      expect([await same(0), await same(200), await same(400)]).toEqual([true, true, true]);
      await next.harness.settled();
      expect([await same(0), await same(200), await same(400)]).toEqual([true, true, true]);
      const { logicalBytes, allocatedBytes } = next.store.usage();
      expect(logicalBytes).toBe(300 * blockBytes);
      expect(allocatedBytes).toBeLessThan(250 * blockBytes);
      expect(await next.harness.check()).toEqual([]);
    });
  });

  test('what is beyond the limits is refused before anything has changed', async () => {
    const { harness, store } = await one();
    expect(() => store.resize(1, 2 ** 53)).toThrow(LimitError);
    expect(() => store.snapshot('')).toThrow(LimitError);
    expect(() => store.snapshot('ä'.repeat(128))).toThrow(LimitError);
    expect(() => store.setAnnotations(new Uint8Array(65_537))).toThrow(LimitError);
    const spec = { volume: 'pv-9', replicaId: 'r1', sizeBytes: 2 ** 53 - 1 };
    await expect(harness.pool.createVolume(spec)).resolves.toBeDefined();
    store.snapshot('ä'.repeat(127));
    store.resize(1, 2 ** 52);
    store.write(2, 2 ** 40 - 1, contentOf(5));
    await harness.settled();
    expect([store.last, await tag(store, 2 ** 40 - 1), await births(store, 1)]).toEqual([
      2,
      5,
      [extent(2 ** 40 - 1, 1, 2, true)],
    ]);
    expect(await harness.check()).toEqual([]);
  });
}
