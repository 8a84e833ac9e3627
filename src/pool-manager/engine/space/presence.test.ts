import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { putPresence, rankOf, readPresence, storedBytes } from './presence.ts';

const units = fc.uniqueArray(fc.integer({ min: 0, max: 254 }), { minLength: 1, maxLength: 255 });

test('a unit that is there has its rank, others have none; what is on disk says the same', () => {
  fc.assert(
    fc.property(units, (some) => {
      const present = Uint8Array.from(some).toSorted();
      const count = present.length;
      const stored = new Uint8Array(40);
      putPresence(present, count, stored, 3);
      const ranks = Array.from({ length: 255 }, (_, unit) => rankOf(stored, 3, count, unit));
      expect(ranks).toEqual(ranks.map((_, unit) => present.indexOf(unit)));
      const listed = new Uint8Array(256);
      expect(readPresence(stored, 3, count, listed)).toBe(count);
      expect(listed.subarray(0, count)).toEqual(present);
    }),
  );
  expect(storedBytes(16)).toBe(16);
  expect(storedBytes(17)).toBe(32);
});
