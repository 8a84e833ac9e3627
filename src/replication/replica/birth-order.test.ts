import { expect, test } from '@jest/globals';
import { prng } from '../../shared/prng.ts';
import { orderOfBirth } from './birth-order.ts';

// prettier-ignore
test.each([
  // births   below
  [0,         1],
  [1,         2 ** 52],
  [1_000,     20],
  [5_000,     2 ** 30],
  [5_000,     2 ** 52],
])('%i births below %i are put in order, and equal ones stay as they were', (count, below) => {
  const random = prng(count + 7);
  const births = Float64Array.from({ length: count }, () => 1 + random.below(below));
  const indices = Array.from(births, (_, index) => index);
  const expected = indices.toSorted((a, b) => (births[a] ?? 0) - (births[b] ?? 0));
  expect([...orderOfBirth(births)]).toEqual(expected);
});
