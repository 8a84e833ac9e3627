/** Snapshots: what they keep, the way back to them, and what deleting them gives back. */
import { describe, expect, test } from '@jest/globals';
import { blockBytes } from '../../shared/block-size.ts';
import { prng } from '../../shared/prng.ts';
import { contentOf, contentOfAll } from '../../testing/block-content.ts';
import { again, births, bytes, extent, MiB, tag, text, type OneVolume } from '../../testing/store-harness.ts';

export function snapshotsContract(one: OneVolume): void {
  describe('snapshots', () => {
    test('keep content, births, number and record; rollback brings them back, also `last` and the size', async () => {
      const { harness, store } = await one();
      store.write(1, 0, contentOfAll([1, 2, 3]));
      store.setRecord(bytes('then'));
      store.snapshot('s');
      await store.commit();
      store.write(2, 1, contentOf(9));
      store.unmap(3, 2, 1);
      store.resize(4, 8 * MiB);
      store.setRecord(bytes('now'));
      await store.commit();
      expect([await tag(store, 1, 's'), await tag(store, 2, 's'), await tag(store, 1)]).toEqual([2, 3, 9]);
      expect(await births(store, 0, 's').catch(() => 'outside')).toBe('outside');
      expect((await store.births(0, 0, 1024, 10, 's')).extents).toEqual([extent(0, 3, 1, true)]);
      store.rollback('s');
      expect([store.last, store.sizeBytes, text(store.record), store.durable]).toEqual([
        1,
        4 * MiB,
        'then',
        1,
      ]);
      expect(await births(store, 0)).toEqual([extent(0, 3, 1, true)]);
      store.write(2, 0, contentOf(7));
      expect(await store.commit()).toBe(2);
      const after = await again(harness);
      expect([await tag(after.store, 0), await tag(after.store, 1), await tag(after.store, 0, 's')]).toEqual([
        7, 2, 1,
      ]);
      after.store.deleteSnapshot('s');
      await after.harness.settled();
      expect([await tag(after.store, 0), await tag(after.store, 1)]).toEqual([7, 2]);
      expect(await after.harness.check()).toEqual([]);
    });

    test('a return in one run, with regrowth and without the later ones, is whole after a crash', async () => {
      const { harness, store } = await one();
      store.write(1, 0, contentOfAll([1, 2]));
      store.snapshot('a@1');
      store.resize(2, 8 * MiB);
      store.write(3, 1_500, contentOf(9));
      store.write(4, 0, contentOf(8));
      store.snapshot('b@4');
      await store.commit();
      store.rollback('a@1');
      store.resize(5, 8 * MiB);
      store.setRecord(bytes('returned'));
      store.deleteSnapshot('b@4');
      expect(await store.commit()).toBe(5);
      const after = await again(harness);
      expect([after.store.last, after.store.sizeBytes, text(after.store.record)]).toEqual([
        5,
        8 * MiB,
        'returned',
      ]);
      const { extents } = await after.store.births(0, 0, 2_048, 10);
      expect(extents).toEqual([extent(0, 2, 1, true), extent(1_024, 1_024, 5, false)]);
      expect([await tag(after.store, 0), await tag(after.store, 1_500)]).toEqual([1, 0]);
      expect(after.store.snapshots().map(({ name }) => name)).toEqual(['a@1']);
      await after.harness.settled();
      expect(await after.harness.check()).toEqual([]);
    });

    test('of a read that wants parts only those are there, from the devices too', async () => {
      const { harness, store } = await one();
      store.write(1, 8, contentOfAll([1, 2, 3, 4, 5, 6]));
      store.write(2, 10, contentOfAll([7, 8]));
      await store.commit();
      await harness.settled();
      const only = [
        { block: 8, count: 1 },
        { block: 10, count: 2 },
        { block: 13, count: 1 },
      ];
      const into = new Uint8Array(6 * blockBytes);
      const error = await new Promise((done) => store.readInto(8, into, done, undefined, only));
      const parts = only.flatMap(({ block, count }) =>
        Array.from({ length: count }, (_, i) => into.subarray((block + i - 8) * blockBytes)[0]),
      );
      expect([error, parts]).toEqual([undefined, [1, 7, 8, 6].map((tagOf) => contentOf(tagOf)[0])]);
    });

    test('gathered blocks come with the births of their content, from wherever they lie', async () => {
      const { harness, store } = await one();
      const random = prng(3);
      const written = Array.from({ length: 700 }, (_, i) => ({
        number: i + 1,
        block: random.below(1_000),
      }));
      for (const { number, block } of written) store.write(number, block, contentOf(number));
      store.unmap(701, 40, 9);
      store.snapshot('s');
      await store.commit();
      await harness.settled();
      const ranges = Array.from({ length: 60 }, (_, i) => ({ block: i * 16, count: 1 + random.below(14) }));
      const expected = async (snapshot?: string) => {
        const found = await Promise.all(
          ranges.map(async ({ block, count }) => (await store.births(0, block, count, 99, snapshot)).extents),
        );
        return found.flat().filter(({ mapped, birth }) => mapped || birth > 0);
      };
      for (const snapshot of [undefined, 's']) {
        if (snapshot === 's') for (let i = 0; i < 90; i++) store.write(702 + i, i, contentOf(5_000 + i));
        const gathered = await store.gather(ranges, new Uint8Array(840 * blockBytes), snapshot);
        const blocks = gathered.flatMap(({ block, count, birth, data }) =>
          Array.from({ length: count }, (_, i) => ({
            block: block + i,
            birth,
            data: data?.[i * blockBytes],
          })),
        );
        const asked = ranges.flatMap(({ block, count }) =>
          Array.from({ length: count }, (_, i) => block + i),
        );
        expect(blocks.map(({ block }) => block)).toEqual(asked);
        const content = await Promise.all(asked.map((block) => store.read(block, 1, snapshot)));
        expect(blocks.map(({ data }) => data ?? 0)).toEqual(content.map(([first]) => first));
        const born = (await expected(snapshot)).flatMap(({ block, count, birth }) =>
          Array.from({ length: count }, (_, i) => [block + i, birth]),
        );
        const known = blocks.filter(({ birth }) => birth > 0);
        expect(known.map(({ block, birth }) => [block, birth])).toEqual(born);
      }
    });

    test('one that was copied block by block is like one that was taken; others can be made from it', async () => {
      const { harness, store } = await one();
      store.write(1, 0, contentOf(1));
      store.snapshot('~base');
      store.copyIn([{ block: 0, count: 2, birth: 3, data: contentOfAll([5, 6]) }]);
      store.advance(4);
      store.snapshot('a@4');
      store.copyIn([{ block: 1, count: 1, birth: 7, data: undefined }]);
      store.advance(8);
      store.snapshot('b@8');
      await store.commit();
      store.rollback('~base');
      store.deleteSnapshot('~base');
      store.deleteSnapshot('b@8');
      store.advance(9);
      await store.commit();
      await harness.settled();
      expect([await tag(store, 0), await tag(store, 0, 'a@4'), await tag(store, 1, 'a@4')]).toEqual([
        1, 5, 6,
      ]);
      expect((await store.births(0, 0, 1_024, 10, 'a@4')).extents).toEqual([extent(0, 2, 3, true)]);
      expect(store.snapshotBytes('a@4')).toBe(2 * blockBytes);
      expect(await harness.check()).toEqual([]);
    });

    test('a name can be used again once its snapshot is deleted, and unknown names are errors', async () => {
      const { store } = await one();
      store.snapshot('s');
      expect(() => store.snapshot('s')).toThrow('s');
      store.deleteSnapshot('s');
      store.write(1, 0, contentOf(1));
      store.snapshot('s');
      expect(await tag(store, 0, 's')).toBe(1);
      expect(() => store.deleteSnapshot('t')).toThrow('t');
      expect(() => store.rollback('t')).toThrow('t');
      await expect(store.read(0, 1, 't')).rejects.toThrow('t');
      expect(store.snapshots().map((s) => s.name)).toEqual(['s']);
    });

    test('deleting them gives back exactly what only they had', async () => {
      const { harness, store } = await one();
      store.write(1, 0, contentOfAll(Array.from({ length: 500 }, (_, i) => i + 1)));
      await harness.settled();
      const before = harness.pool.status().usedBytes;
      for (let i = 2; i < 8; i++) {
        store.snapshot(`s${i}`);
        store.write(i, i * 50, contentOfAll(Array.from({ length: 60 }, (_, k) => i * 1_000 + k)));
        await store.commit();
      }
      for (const i of [4, 2, 7, 3, 6, 5]) {
        store.deleteSnapshot(`s${i}`);
        await harness.settled();
        expect(await harness.check()).toEqual([]);
      }
      expect(harness.pool.status().usedBytes).toBe(before);
      expect(store.usage()).toEqual({ logicalBytes: 500 * blockBytes, allocatedBytes: 505 * blockBytes });
    });
  });

  test('hundreds of snapshots, taken and deleted in any order, over a crash', async () => {
    const { harness, store } = await one();
    for (let i = 1; i <= 400; i++) {
      store.write(i, i % 50, contentOf(i));
      store.snapshot(`s${i}`);
    }
    await store.commit();
    const next = await again(harness);
    expect(next.store.snapshots().map(({ number }) => number)).toEqual(
      Array.from({ length: 400 }, (_, i) => i + 1),
    );
    expect([await tag(next.store, 7, 's207'), await tag(next.store, 7, 's206')]).toEqual([207, 157]);
    for (let i = 1; i <= 400; i++) if (i % 7 !== 0) next.store.deleteSnapshot(`s${i}`);
    await next.harness.settled();
    expect(await tag(next.store, 7, 's203')).toBe(157);
    expect(await next.harness.check()).toEqual([]);
    for (const { name: left } of next.store.snapshots()) next.store.deleteSnapshot(left);
    await next.harness.settled();
    expect(next.store.usage().allocatedBytes).toBe((50 + 2) * blockBytes);
    expect(await next.harness.check()).toEqual([]);
  });
}
