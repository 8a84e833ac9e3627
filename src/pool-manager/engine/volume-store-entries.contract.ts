/** Entries: what they change, and what is left of them after a crash. */
import { describe, expect, test } from '@jest/globals';
import { blockBytes } from '../../shared/block-size.ts';
import { contentOf, contentOfAll } from '../../testing/block-content.ts';
import { again, births, bytes, extent, MiB, tag, text, type OneVolume } from '../../testing/store-harness.ts';

export function entriesContract(one: OneVolume): void {
  describe('entries', () => {
    test('writes are visible at once, newest wins, and carry their numbers as births', async () => {
      const { store } = await one();
      store.write(5, 10, contentOfAll([1, 2, 3]));
      store.write(9, 11, contentOf(4));
      expect([await tag(store, 10), await tag(store, 11), await tag(store, 12), store.last]).toEqual([
        1, 4, 3, 9,
      ]);
      const expected = [extent(10, 1, 5, true), extent(11, 1, 9, true), extent(12, 1, 5, true)];
      expect(await births(store, 0)).toEqual(expected);
      await store.commit();
      expect(await births(store, 0)).toEqual(expected);
      expect(await births(store, 5)).toEqual([extent(11, 1, 9, true)]);
    });

    test('all-zero blocks are stored as unmapped', async () => {
      const { harness, store } = await one();
      store.write(1, 0, contentOfAll([7, 0, 0, 8]));
      await store.commit();
      expect(await births(store, 0)).toEqual([
        extent(0, 1, 1, true),
        extent(1, 2, 1, false),
        extent(3, 1, 1, true),
      ]);
      await harness.settled();
      expect(store.usage().logicalBytes).toBe(2 * blockBytes);
    });

    test('an unmapped range reads as zeros and keeps its birth, whole trees below it too', async () => {
      const { harness, store } = await one(100 * MiB);
      store.write(1, 500, contentOfAll([1, 2, 3]));
      await store.commit();
      store.unmap(2, 0, 25_600);
      expect(await births(store, 0)).toEqual([extent(0, 25_600, 2, false)]);
      await store.commit();
      expect(await births(store, 1)).toEqual([extent(0, 25_600, 2, false)]);
      expect(await tag(store, 501)).toBe(0);
      await harness.settled();
      expect(store.usage().logicalBytes).toBe(0);
    });

    test('a write into an unmapped range leaves the birth of the rest', async () => {
      const { store } = await one(100 * MiB);
      store.unmap(3, 0, 25_600);
      await store.commit();
      store.write(4, 12_345, contentOf(1));
      await store.commit();
      expect(await births(store, 0)).toEqual([
        extent(0, 12_345, 3, false),
        extent(12_345, 1, 4, true),
        extent(12_346, 25_600 - 12_346, 3, false),
      ]);
    });

    test('growth reads as zeros with the birth of the entry', async () => {
      const { store } = await one(MiB);
      store.write(1, 255, contentOf(1));
      await store.commit();
      store.resize(2, 200 * MiB + 512);
      expect(store.sizeBytes).toBe(200 * MiB + 512);
      const grown = [extent(255, 1, 1, true), extent(256, 51_201 - 256, 2, false)];
      expect(await births(store, 0)).toEqual(grown);
      await store.commit();
      expect(await births(store, 0)).toEqual(grown);
      store.write(3, 51_200, contentOf(9));
      await store.commit();
      expect([await tag(store, 255), await tag(store, 51_200)]).toEqual([1, 9]);
    });

    test('entries that change no block move `last` alone', async () => {
      const { harness, store } = await one();
      store.advance(7);
      expect(store.last).toBe(7);
      expect(await store.commit()).toBe(7);
      expect((await again(harness)).store.last).toBe(7);
    });

    test('entries come in order of their numbers, inside the volume', async () => {
      const { store } = await one(MiB);
      store.advance(7);
      expect(() => store.write(7, 0, contentOf(1))).toThrow('7');
      expect(() => store.write(8, 256, contentOf(1))).toThrow('256');
      expect(() => store.unmap(8, 255, 2)).toThrow('255');
      expect(store.last).toBe(7);
    });

    test('copied blocks keep the births they come with and do not move `last`', async () => {
      const { store } = await one();
      store.write(10, 0, contentOfAll([1, 2, 3]));
      store.copyIn([
        { block: 1, count: 2, birth: 4, data: contentOfAll([8, 0]) },
        { block: 5, count: 3, birth: 20, data: undefined },
        { block: 0, count: 1, birth: 0, data: undefined },
      ]);
      const expected = [extent(1, 1, 4, true), extent(2, 1, 4, false), extent(5, 3, 20, false)];
      expect(await births(store, 0)).toEqual(expected);
      await store.commit();
      expect(await births(store, 0)).toEqual(expected);
      expect([store.last, await tag(store, 0), await tag(store, 1), await tag(store, 2)]).toEqual([
        10, 0, 8, 0,
      ]);
    });
  });

  describe('durability', () => {
    test('what a commit covered survives a crash, all of it of one instant', async () => {
      const { harness, store } = await one();
      store.write(1, 0, contentOf(1));
      store.setRecord(bytes('first'));
      store.snapshot('s');
      store.write(2, 0, contentOf(2));
      expect(store.durable).toBe(0);
      expect(await store.commit()).toBe(2);
      expect(store.durable).toBe(2);
      store.write(3, 0, contentOf(3));
      store.setRecord(bytes('second'));
      const after = await again(harness);
      const { last, durable, record } = after.store;
      expect([
        last,
        durable,
        text(record),
        await tag(after.store, 0),
        await tag(after.store, 0, 's'),
      ]).toEqual([2, 2, 'first', 2, 1]);
      expect(after.store.snapshots()).toEqual([{ name: 's', number: 1, record: bytes('first') }]);
      expect(await after.harness.check()).toEqual([]);
    });

    test('many callers share a commit; each gets a number that covers what it called before', async () => {
      const { store } = await one();
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          store.write(i + 1, i, contentOf(i + 1));
          return (await store.commit()) >= i + 1;
        }),
      );
      expect(answers.every((covered) => covered)).toBe(true);
      expect(await store.commit()).toBe(50);
    });

    test('mutations made in one synchronous run are not separated by a crash', async () => {
      const { harness, store } = await one();
      for (let i = 1; i <= 20; i++) {
        store.write(i, 0, contentOf(i));
        store.setRecord(bytes(String(i)));
        store.snapshot(`s${i}`);
        if (i > 1) store.deleteSnapshot(`s${i - 1}`);
        void store.commit();
        await Promise.resolve();
      }
      await store.commit();
      const after = await again(harness);
      expect([
        after.store.last,
        text(after.store.record),
        after.store.snapshots().map((s) => s.name),
      ]).toEqual([20, '20', ['s20']]);
    });
  });
}
