import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  batchMax,
  batchOf,
  birthMax,
  birthOf,
  compressionOf,
  copyPointer,
  isLost,
  isMapped,
  nameOf,
  offsetMax,
  offsetOf,
  pointerWords,
  sameName,
  sectorsMax,
  sectorsOf,
  setBirth,
  setCompression,
  setHole,
  setLost,
  setName,
} from './pointer.ts';

const fields = fc.record({
  batch: fc.integer({ min: 0, max: batchMax - 1 }),
  offset: fc.integer({ min: 0, max: offsetMax - 1 }),
  sectors: fc.integer({ min: 1, max: sectorsMax }),
  compression: fc.integer({ min: 0, max: 7 }),
  birth: fc.integer({ min: 0, max: birthMax }),
});

test('every field comes back whatever the others are', () => {
  fc.assert(
    fc.property(fields, ({ batch, offset, sectors, compression, birth }) => {
      const words = new Uint32Array(3 * pointerWords).fill(0xffff_ffff);
      setName(words, 8, batch, offset, sectors, 0);
      setCompression(words, 8, compression);
      setBirth(words, 8, birth);
      expect([batchOf(words, 8), offsetOf(words, 8), sectorsOf(words, 8), compressionOf(words, 8)]).toEqual([
        batch,
        offset,
        sectors,
        compression,
      ]);
      expect([birthOf(words, 8), isMapped(words, 8), nameOf(words, 8)]).toEqual([
        birth,
        true,
        batch * offsetMax + offset,
      ]);
      expect([words[7], words[16]]).toEqual([0xffff_ffff, 0xffff_ffff]);
      copyPointer(words, 8, words, 16);
      setCompression(words, 16, 0);
      expect(sameName(words, 8, words, 16)).toBe(true);
      setName(words, 16, batch, offset ^ 1, sectors, compression);
      expect(sameName(words, 8, words, 16)).toBe(false);
    }),
  );
});

test('a hole has a birth and nothing else', () => {
  const words = new Uint32Array(8).fill(0xffff_ffff);
  setHole(words, 0, 2 ** 40 + 5);
  expect([...words]).toEqual([0, 0, 5, 256, 0, 0, 0, 0]);
  expect([isMapped(words, 0), birthOf(words, 0)]).toEqual([false, 2 ** 40 + 5]);
});

test('what is lost has a birth and is no hole', () => {
  const words = new Uint32Array(8);
  setLost(words, 0, 77);
  expect([isLost(words, 0), isMapped(words, 0), birthOf(words, 0), words[1]]).toEqual([
    true,
    false,
    77,
    1 << 28,
  ]);
  setHole(words, 0, 78);
  expect(isLost(words, 0)).toBe(false);
});

test('the layout on disk', () => {
  const words = new Uint32Array(8);
  setName(words, 0, 0x12_3456_789a, 0x155, 8, 1);
  setBirth(words, 0, 7 * 2 ** 32 + 9);
  expect(Buffer.from(words.buffer).toString('hex')).toBe(
    `9a785634${'12554128'}0900000007000000${'0'.repeat(32)}`,
  );
});
