import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as pointer from './block-pointer.ts';

const unit = fc.integer({ min: 0, max: pointer.unitsMax - 1 });
const birth = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const era = fc.integer({ min: 0, max: pointer.eraMax });

test('a mapped pointer gives back unit, birth and era, and leaves the checksum alone', () => {
  fc.assert(
    fc.property(unit, birth, era, (u, b, e) => {
      const words = new Uint32Array(24).fill(0xffff_ffff);
      pointer.setMapped(words, 8, u, b, e);
      expect([
        pointer.isMapped(words, 8),
        pointer.unitOf(words, 8),
        pointer.birthOf(words, 8),
        pointer.eraOf(words, 8),
      ]).toEqual([true, u, b, e]);
      expect([...words.subarray(0, 8), ...words.subarray(12)].every((word) => word === 0xffff_ffff)).toBe(
        true,
      );
    }),
  );
});

test('a hole keeps its birth and nothing else', () => {
  fc.assert(
    fc.property(birth, (b) => {
      const words = new Uint32Array(8).fill(0xffff_ffff);
      pointer.setHole(words, 0, b);
      expect([pointer.isMapped(words, 0), pointer.birthOf(words, 0), pointer.unitOf(words, 0)]).toEqual([
        false,
        b,
        0,
      ]);
      expect([...words.subarray(4)]).toEqual([0, 0, 0, 0]);
    }),
  );
});

test('the bytes on disk do not change between releases', () => {
  const words = new Uint32Array(8);
  pointer.setMapped(words, 0, 0x12_3456_789a, 0x10_0000_0000_0001, 0xabcd_ef01);
  expect(Buffer.from(words.buffer).toString('hex')).toBe(
    '9a78563412' + '01efcd' + '01000000' + '00007035' + '0'.repeat(32),
  );
});
