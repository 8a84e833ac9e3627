/** What every Volume promises (volume.ts), as tests: `volumeContract('memory', …)` declares them for one implementation. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { prng } from '../shared/prng.ts';
import type { QuickAnswer, Volume } from './volume.ts';

export interface OpenedVolume {
  readonly volume: Volume;
  close(): Promise<void>;
}

const sector = 512;
const sizeBytes = 4 << 20;
const filled = (bytes: number, value: number) => new Uint8Array(bytes).fill(value);
const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** What was answered, as it was then. Rejects with the problem. */
const quickly = (ask: (answer: QuickAnswer) => void): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    ask({
      quickDone: (problem, data) =>
        problem === undefined ? resolve(new Uint8Array(data ?? [])) : reject(problem),
    });
  });

export function volumeContract(name: string, open: (sizeBytes: number) => Promise<OpenedVolume>): void {
  describe(`${name} keeps the contract of a volume`, () => {
    let opened: OpenedVolume;
    let volume: Volume;
    beforeEach(async () => {
      opened = await open(sizeBytes);
      volume = opened.volume;
    });
    afterEach(() => opened.close());

    /** Undefined: the volume holds `expected` there. */
    const difference = async (offset: number, expected: Uint8Array) => {
      const found = await volume.read(offset, expected.byteLength);
      const at = expected.findIndex((byte, index) => byte !== found[index]);
      return at === -1 ? undefined : `byte ${offset + at} is ${found[at]}, not ${expected[at]}`;
    };

    test('it is as large as asked for and reads as zeros at first', async () => {
      expect(volume.sizeBytes).toBe(sizeBytes);
      expect(await difference(0, filled(8192, 0))).toBeUndefined();
      expect(await difference(sizeBytes - 4096, filled(4096, 0))).toBeUndefined();
    });

    test('what is read and written quickly, where that is offered, is the same as otherwise', async () => {
      const random = prng(7);
      const model = filled(sizeBytes, 0);
      for (let turn = 0; turn < 200; turn++) {
        const { quick } = volume;
        if (quick === undefined) continue;
        const count = 1 + random.below(turn % 10 === 0 ? 1024 : 24);
        const [from, bytes] = [random.below(sizeBytes / sector - count) * sector, count * sector];
        const data = filled(bytes, turn + 1);
        if (turn % 3 === 0) await quickly((answer) => quick.write(from, data, answer));
        else if (turn % 3 === 1) await volume.write(from, new Uint8Array(data));
        if (turn % 3 !== 2) model.set(data, from);
        data.fill(0xee); // it is ours again
        const expected = Buffer.from(model.subarray(from, from + bytes));
        const read = await quickly((answer) => quick.read(from, bytes, answer));
        expect(expected.equals(read)).toBe(true);
        expect(expected.equals(await volume.read(from, bytes))).toBe(true);
      }
    });

    // offset and length in sectors: within a block, at its ends, over block borders, whole blocks
    test.each([
      [0, 1],
      [1, 1],
      [7, 1],
      [7, 2],
      [3, 9],
      [8, 8],
      [0, 8],
      [5, 27],
      [sizeBytes / sector - 1, 1],
      [sizeBytes / sector - 9, 9],
    ])('a write of sectors %i+%i changes these and no others', async (first, count) => {
      const from = Math.max(0, first - 8) * sector;
      const to = Math.min(sizeBytes, (first + count + 8) * sector);
      await volume.write(from, filled(to - from, 0x11));
      await volume.write(first * sector, filled(count * sector, 0x22));
      const expected = filled(to - from, 0x11);
      expected.fill(0x22, first * sector - from, (first + count) * sector - from);
      expect(await difference(from, expected)).toBeUndefined();
    });

    test.each([
      [0, 8],
      [8, 16],
      [1, 1],
      [3, 9],
      [7, 2],
      [5, 27],
    ])('an unmap of sectors %i+%i makes these zeros and no others', async (first, count) => {
      await volume.write(0, filled(64 * sector, 0x33));
      await volume.unmap(first * sector, count * sector);
      const expected = filled(64 * sector, 0x33);
      expected.fill(0, first * sector, (first + count) * sector);
      expect(await difference(0, expected)).toBeUndefined();
    });

    test('an unmap of what was never written is fine', async () => {
      await volume.unmap(0, sizeBytes);
      expect(await difference(12_288, filled(4096, 0))).toBeUndefined();
    });

    test('the last write wins, flushed or not, FUA or not', async () => {
      await volume.write(4096, filled(4096, 1));
      await volume.flush();
      await volume.write(4096, filled(4096, 2), { fua: true });
      await volume.write(4096, filled(4096, 3));
      await volume.flush();
      expect(await difference(4096, filled(4096, 3))).toBeUndefined();
    });

    test('data belongs to the volume once it is written, and to the reader once it is read', async () => {
      await volume.write(0, filled(4096, 5));
      const read = await volume.read(0, 4096);
      await volume.write(0, filled(4096, 6));
      expect(plain(read)).toBe(plain(filled(4096, 5)));
    });

    test('writes to sectors of one block that are on their way together all arrive', async () => {
      await Promise.all(Array.from({ length: 8 }, (_, i) => volume.write(i * sector, filled(sector, i + 1))));
      const expected = filled(4096, 0);
      for (let i = 0; i < 8; i++) expected.fill(i + 1, i * sector, (i + 1) * sector);
      expect(await difference(0, expected)).toBeUndefined();
    });

    test('a large write is one write', async () => {
      const data = prng(7).bytes(1 << 20);
      const expected = data.slice();
      await volume.write(sector * 3, data);
      expect(await difference(sector * 3, expected)).toBeUndefined();
    });

    test('compare and write: writes when equal, tells the first difference when not', async () => {
      await volume.write(0, filled(4096, 0xaa));
      expect(
        await volume.compareAndWrite(sector, filled(sector, 0xaa), filled(sector, 0xbb)),
      ).toBeUndefined();
      const expected = filled(4096, 0xaa);
      expected.fill(0xbb, sector, 2 * sector);
      expect(await difference(0, expected)).toBeUndefined();
      const wrong = filled(sector, 0xbb);
      wrong[100] = 0;
      expect(await volume.compareAndWrite(sector, wrong, filled(sector, 0xcc))).toBe(100);
      expect(await difference(0, expected)).toBeUndefined();
    });

    test('of several compare and writes that expect the same, one wins', async () => {
      const values = [1, 2, 3, 4, 5, 6];
      const outcomes = await Promise.all(
        values.map((value) => volume.compareAndWrite(0, filled(sector, 0), filled(sector, value))),
      );
      const winners = values.filter((_, i) => outcomes[i] === undefined);
      expect(winners).toHaveLength(1);
      expect(await difference(0, filled(sector, winners[0] ?? 0))).toBeUndefined();
    });

    test('random requests leave what a plain array has (seed 11)', async () => {
      const random = prng(11);
      const model = new Uint8Array(sizeBytes);
      for (let step = 0; step < 200; step++) {
        const first = random.below(1024);
        const bytes = (1 + random.below(40)) * sector;
        const at = first * sector;
        if (random.chance(0.3)) {
          model.fill(0, at, at + bytes);
          await volume.unmap(at, bytes);
        } else {
          const data = filled(bytes, 1 + random.below(255));
          model.set(data, at);
          await volume.write(at, data);
        }
        if (random.chance(0.1)) await volume.flush();
      }
      expect(await difference(0, model.subarray(0, 1 << 20))).toBeUndefined();
    });

    test('an atomic write is seen by a reader beside it whole or not at all', async () => {
      const bytes = Math.min(volume.atomicBytesMax ?? 0, 262_144);
      if (bytes === 0) return;
      await volume.write(0, filled(bytes, 1));
      for (let value = 2; value < 8; value++) {
        const [read] = await Promise.all([
          volume.read(0, bytes),
          volume.write(0, filled(bytes, value), { atomic: true }),
          volume.read(0, bytes).then((later) => expect(new Set(later).size).toBe(1)),
        ]);
        expect(new Set(read).size).toBe(1);
      }
      expect(await difference(0, filled(bytes, 7))).toBeUndefined();
    });

    test('what it was to remember it recalls, the newest value of each key', async () => {
      expect(volume.recall?.('a')).toBeUndefined();
      await volume.remember?.('a', 'one');
      await volume.remember?.('b', 'two');
      await volume.remember?.('a', '');
      expect(volume.recall?.('a') ?? '').toBe('');
      expect(volume.recall?.('b') ?? 'two').toBe('two');
    });

    test('where it tells what is mapped, that covers the range without a gap', async () => {
      if (volume.mapping === undefined) return;
      await volume.write(65_536, filled(8192, 1));
      let mappedBytes = 0;
      for (let at = 0; at < sizeBytes;) {
        const { mapped, lengthBytes } = await volume.mapping(at, sizeBytes - at);
        expect(lengthBytes).toBeGreaterThan(0);
        if (mapped) mappedBytes += lengthBytes;
        at += lengthBytes;
      }
      expect(mappedBytes).toBeGreaterThanOrEqual(8192);
    });
  });
}
