/** What replicas are compared and repaired by: births, digests, and blocks by their birth. */
import { describe, expect, test } from '@jest/globals';
import { contentOf, contentOfAll } from '../../testing/block-content.ts';
import { births, extent, MiB, tag, type OneVolume } from '../../testing/store-harness.ts';
import type { VolumeStore } from './volume-store.ts';

export function birthsContract(one: OneVolume): void {
  describe('births and digests', () => {
    test('births answer in pieces of at most `limit`, and say where to go on', async () => {
      const { store } = await one();
      for (let i = 0; i < 10; i++) store.write(i + 1, i * 20, contentOf(i + 1));
      await store.commit();
      for (let i = 10; i < 15; i++) store.write(i + 1, (i - 10) * 40 + 10, contentOf(i + 1));
      const seen: number[] = [];
      for (let next = 0; next < 1024;) {
        const answer = await store.births(3, next, 1024 - next, 4);
        expect(answer.extents.length).toBeLessThanOrEqual(4);
        seen.push(...answer.extents.map(({ block }) => block));
        expect(answer.next).toBeGreaterThan(next);
        next = answer.next;
      }
      expect(seen).toEqual([10, 50, 60, 80, 90, 100, 120, 130, 140, 160, 170, 180]);
      expect((await store.births(0, 5, 3, 10)).extents).toEqual([]);
    });

    test('equal content has an equal digest, however it came to be', async () => {
      const { harness, store } = await one();
      const other = await harness.pool.createVolume({
        volume: 'pv-2',
        replicaId: 'r1',
        sizeBytes: 8 * MiB,
      });
      store.write(1, 100, contentOfAll([1, 2, 0, 4]));
      store.unmap(2, 300, 5);
      other.write(1, 100, contentOfAll([9, 9, 9, 9]));
      other.unmap(2, 102, 1);
      other.copyIn([{ block: 100, count: 2, birth: 1, data: contentOfAll([1, 2]) }]);
      await other.commit();
      other.write(40, 103, contentOf(4));
      const digest = async (of: VolumeStore) => Buffer.from(await of.digest(0, 1024)).toString('hex');
      expect(await digest(store)).toBe(await digest(other));
      await store.commit();
      expect(await digest(store)).toBe(await digest(other));
      other.write(41, 104, contentOf(1));
      expect(await digest(store)).not.toBe(await digest(other));
      expect(Buffer.from(await store.digest(0, 100)).equals(await other.digest(0, 100))).toBe(true);
    });

    test('blocks that change places change the digest', async () => {
      const { store } = await one();
      store.write(1, 0, contentOfAll([1, 2]));
      const before = Buffer.from(await store.digest(0, 2));
      store.write(2, 0, contentOfAll([2, 1]));
      expect(before.equals(await store.digest(0, 2))).toBe(false);
    });
  });

  test('a block for repair comes by its birth, and only what belongs there is taken back', async () => {
    const { harness, store } = await one();
    store.write(1, 3, contentOf(1));
    store.snapshot('s');
    store.write(2, 3, contentOf(2));
    await harness.settled();
    const given = async (birth: number) => {
      const content = await store.readForRepair(3, birth);
      return content === undefined ? undefined : Buffer.from(content).readUInt32LE(0);
    };
    expect([await given(2), await given(1), await given(3)]).toEqual([2, 1, undefined]);
    expect([await store.writeRepaired(3, contentOf(1)), await store.writeRepaired(4, contentOf(2))]).toEqual([
      false,
      false,
    ]);
    expect(await store.writeRepaired(3, contentOf(2))).toBe(true);
    expect([store.last, await births(store, 0), await tag(store, 3)]).toEqual([
      2,
      [extent(3, 1, 2, true)],
      2,
    ]);
  });
}
