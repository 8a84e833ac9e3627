import { expect, test } from '@jest/globals';
import { RootNumbers } from './root-numbers.ts';

test('roots follow one another without a gap, whatever is made between a cut and its root', () => {
  const numbers = new RootNumbers(7);
  const made: number[] = [];
  const root = () => {
    made.push(numbers.take());
    numbers.made();
  };
  root();
  expect(numbers.cut()).toBe(8);
  expect(numbers.open).toBe(9); // what is written now is behind the cut
  root();
  root();
  expect(numbers.cut()).toBe(10);
  root();
  expect(made).toEqual([7, 8, 9, 10]);
  expect(numbers.open).toBe(11);
});

test('one root at a time, and one cut', () => {
  const numbers = new RootNumbers(1);
  numbers.take();
  expect(() => numbers.take()).toThrow('one root at a time');
  numbers.made();
  numbers.cut();
  expect(() => numbers.cut()).toThrow('a root follows each cut');
});
