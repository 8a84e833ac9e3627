import { expect, test } from '@jest/globals';
import { prng } from '../../shared/prng.ts';
import { orderOfBirth } from './birth-order.ts';

// prettier-ignore
test.each([
  // extents  births below
  [0,         1],
  [1,         2 ** 52],
  [1_000,     20],
  [5_000,     2 ** 30],
  [5_000,     2 ** 52],
])('%i extents with births below %i are in the order of births, and those of one birth as they were', (count, below) => {
  const random = prng(count + 7);
  const extents = Array.from({ length: count }, () => ({ birth: 1 + random.below(below) }));
  const indices = extents.map((_, index) => index);
  const expected = indices.toSorted((a, b) => (extents[a]?.birth ?? 0) - (extents[b]?.birth ?? 0));
  expect([...orderOfBirth(extents)]).toEqual(expected);
});
