/** What every store must do: each promise of volume-store.ts is a case here, and a naive model is compared with it. */
import { describe, expect, jest, test } from '@jest/globals';
import { blockBytes } from '../../shared/block-size.ts';
import { must } from '../../shared/assert.ts';
import { prng } from '../../shared/prng.ts';
import { contentOf, contentOfAll } from '../../testing/block-content.ts';
import { changeBoth } from '../../testing/volume-changes.ts';
import { difference, VolumeModel } from '../../testing/volume-model.ts';
import type { ManagedPool } from './pool.ts';
import { LimitError, NoSpaceError, type VolumeStore } from './volume-store.ts';

/** A pool of about 32 MiB, and what can happen to it. */
export interface StoreHarness {
  readonly pool: ManagedPool;
  /** A power cut: what was not made durable may be lost. The pool is imported again. */
  crash(): Promise<StoreHarness>;
  /** Resolves when no background work is left and totals are exact. */
  settled(): Promise<void>;
  /** Walks all of the pool offline; problems found. */
  check(): Promise<readonly string[]>;
}

const MiB = 2 ** 20;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);
const extent = (block: number, count: number, birth: number, mapped: boolean) => ({
  block,
  count,
  birth,
  mapped,
});

export function volumeStoreContract(
  name: string,
  makeHarness: (seed: number) => Promise<StoreHarness>,
): void {
  const one = async (sizeBytes = 4 * MiB) => {
    const harness = await makeHarness(1);
    const store = await harness.pool.createVolume({ volume: 'pv-1', replicaId: 'r1', sizeBytes });
    return { harness, store };
  };
  const again = async (harness: StoreHarness) => {
    const next = await harness.crash();
    return { harness: next, store: must(next.pool.volumes()[0], 'the volume') };
  };
  const tag = async (store: VolumeStore, block: number, snapshot?: string) =>
    Buffer.from(await store.read(block, 1, snapshot)).readUInt32LE(0);
  const births = async (store: VolumeStore, after: number, snapshot?: string) =>
    (await store.births(after, 0, Math.ceil(store.sizeBytes / blockBytes), 1_000, snapshot)).extents;

  jest.setTimeout(60_000);
  describe(`volume store: ${name}`, () => {
    describe('volumes', () => {
      test('a new one reads as zeros, has no births, no entries, no record, and a GUID of its own', async () => {
        const { harness, store } = await one();
        expect((await store.read(0, 1024)).every((byte) => byte === 0)).toBe(true);
        expect(await births(store, 0)).toEqual([]);
        expect([store.last, store.durable, store.record.byteLength, store.snapshots()]).toEqual([
          0,
          0,
          0,
          [],
        ]);
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
        expect([
          await tag(after.store, 0),
          await tag(after.store, 1),
          await tag(after.store, 0, 's'),
        ]).toEqual([7, 2, 1]);
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
            ranges.map(
              async ({ block, count }) => (await store.births(0, block, count, 99, snapshot)).extents,
            ),
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
      expect([
        await store.writeRepaired(3, contentOf(1)),
        await store.writeRepaired(4, contentOf(2)),
      ]).toEqual([false, false]);
      expect(await store.writeRepaired(3, contentOf(2))).toBe(true);
      expect([store.last, await births(store, 0), await tag(store, 3)]).toEqual([
        2,
        [extent(3, 1, 2, true)],
        2,
      ]);
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
        if (found !== undefined)
          throw new Error(`seed ${seed}: ${found}\nafter ${done.slice(-15).join('; ')}`);
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
  });
}
