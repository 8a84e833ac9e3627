import { describe, expect, test } from '@jest/globals';
import { checkFlushed, type Operation } from './sim-register.ts';

const write = (value: number, startMs: number, finishMs: number): Operation => ({
  kind: 'write',
  block: 0,
  value,
  startMs,
  finishMs,
});
const read = (value: number, startMs: number): Operation => ({
  kind: 'read',
  block: 0,
  value,
  startMs,
  finishMs: startMs + 1,
});

// Writes 1, 2 and 3 follow each other.
const writes = [write(1, 0, 9), write(2, 10, 19), write(3, 20, 29)];

describe('what a flush covered', () => {
  // prettier-ignore
  test.each([
    // flushed: value at ms        read at ms   what is right
    [[[1, 40]],                    50,          [1, 2, 3]],
    [[[2, 40]],                    50,          [2, 3]],
    [[[2, 40]],                    39,          [0, 1, 2, 3]],
    [[[3, 40], [1, 45]],           50,          [3]],
    [[[1, 40], [3, 60]],           50,          [1, 2, 3]],
    [[],                           50,          [0, 1, 2, 3]],
  ] as const)('flushed %j: at %i ms right are %j', (flushed, atMs, right) => {
    const covered = new Map<number, number>(flushed);
    const isRight = (value: number): boolean => {
      try {
        checkFlushed([...writes, read(value, atMs)], covered);
        return true;
      } catch {
        return false;
      }
    };
    expect([0, 1, 2, 3].filter(isRight)).toEqual(right);
  });

  test('a write that overlaps the flushed one may have come after it', () => {
    const both = [write(1, 0, 15), write(2, 10, 19)];
    expect(() => checkFlushed([...both, read(1, 50)], new Map([[2, 40]]))).not.toThrow();
  });
});
