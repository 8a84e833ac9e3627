import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PresencePool, readPresence, storedBytes } from './presence.ts';

const units = fc.uniqueArray(fc.integer({ min: 0, max: 254 }), { minLength: 1, maxLength: 255 });

test('a unit that is there has its rank, others have none; what is on disk says the same', () => {
  const pool = new PresencePool();
  fc.assert(
    fc.property(units, (some) => {
      const present = Uint8Array.from(some).toSorted();
      const count = present.length;
      const handle = pool.make(present, count);
      const ranks = Array.from({ length: 255 }, (_, unit) => pool.rank(handle, count, unit));
      expect(ranks).toEqual(ranks.map((_, unit) => present.indexOf(unit)));
      const listed = new Uint8Array(256);
      pool.list(handle, count, listed);
      expect(listed.subarray(0, count)).toEqual(present);
      const stored = new Uint8Array(40);
      expect(pool.write(handle, count, stored, 3)).toBe(storedBytes(count));
      expect(readPresence(stored, 3, count, listed)).toBe(count);
      expect(listed.subarray(0, count)).toEqual(present);
      pool.free(handle);
    }),
  );
  expect(storedBytes(16)).toBe(16);
  expect(storedBytes(17)).toBe(32);
});
