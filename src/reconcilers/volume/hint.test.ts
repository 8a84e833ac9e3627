import { expect, test } from '@jest/globals';
import { meantToServe } from './hint.ts';

const pod = (name: string, minute: number, leaving = false) => ({
  name,
  createdAt: `2026-11-22T01:${String(minute).padStart(2, '0')}:00Z`,
  leaving,
});

test('of two pods of a target the newest that stays is meant to serve; of one nothing is said', () => {
  expect(meantToServe([])).toBeUndefined();
  expect(meantToServe([pod('a', 1)])).toBeUndefined();
  expect(meantToServe([pod('a', 1, true), pod('b', 2)])).toBe('b');
  expect(meantToServe([pod('a', 1), pod('c', 3), pod('b', 2)])).toBe('c');
  expect(meantToServe([pod('a', 1, true), pod('b', 2, true)])).toBeUndefined();
});
