import { expect, test } from '@jest/globals';
import { checkLinearizable, type Operation } from './sim-register.ts';
import { type Return, withReturns } from './sim-returns.ts';

const op = (kind: Operation['kind'], value: number, startMs: number, finishMs: number): Operation => ({
  kind,
  block: 0,
  value,
  startMs,
  finishMs,
});
const back = (tag: number, startMs: number, finishMs: number): Return => ({ tags: [tag], startMs, finishMs });
const check =
  (operations: readonly Operation[], ...returns: Return[]) =>
  () =>
    checkLinearizable(withReturns(operations, returns, 1));

const twoWrites = [op('write', 1, 0, 1), op('write', 2, 2, 3), op('read', 2, 4, 5)];

test('after a return to a snapshot what it holds is read, and what was written since is not', () => {
  expect(check([...twoWrites, op('read', 1, 8, 9)], back(1, 6, 7))).not.toThrow();
  expect(check([...twoWrites, op('read', 2, 8, 9)], back(1, 6, 7))).toThrow('I4: block 0');
  expect(check([...twoWrites, op('read', 1, 8, 9)])).toThrow('I4: block 0');
});

test('while a return is under way, and when none answers for it, both may be read, in one order', () => {
  for (const finishMs of [20, Infinity]) {
    const returned = back(1, 6, finishMs);
    expect(check([...twoWrites, op('read', 2, 8, 9), op('read', 1, 10, 11)], returned)).not.toThrow();
    expect(check([...twoWrites, op('read', 2, 8, 9)], returned)).not.toThrow();
    expect(check([...twoWrites, op('read', 1, 8, 9), op('read', 2, 10, 11)], returned)).toThrow('I4');
  }
});

test('a block that the snapshot holds as it is has the same value before and after', () => {
  const same = [op('write', 1, 0, 1), op('read', 1, 2, 3), op('read', 1, 8, 9)];
  expect(check(same, back(1, 6, 7))).not.toThrow();
  expect(check([...same, op('write', 2, 10, 11), op('read', 1, 12, 13)], back(1, 6, 7))).toThrow('I4');
});

test('what was never written is brought back as well', () => {
  expect(check([op('write', 1, 0, 1), op('read', 0, 8, 9)], back(0, 6, 7))).not.toThrow();
  expect(check([op('write', 1, 0, 1), op('read', 1, 8, 9)], back(0, 6, 7))).toThrow('I4');
});

test('a read that may have seen either source proves nothing', () => {
  const operations = [op('write', 1, 0, 20), op('read', 1, 12, 13)];
  expect(withReturns(operations, [back(1, 6, 7)], 1).filter(({ kind }) => kind === 'read')).toEqual([]);
});
