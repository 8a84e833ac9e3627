import { expect, test } from '@jest/globals';
import { heapLooks } from './idle-heap.ts';

const [off, on] = ['--no-memory-reducer', '--memory-reducer'];

/** `usedMs`: processor time before each look; the flags that were set after each. */
function flagsAfter(usedMs: readonly number[]): readonly (readonly string[])[] {
  let processorMs = 1_500;
  let flags: string[] = [];
  const look = heapLooks({ processorMs: () => processorMs, setFlag: (flag) => flags.push(flag) });
  return usedMs.map((used) => {
    flags = [];
    processorMs += used;
    look();
    return flags;
  });
}

test('what is idle for two looks is not collected any more', () => {
  expect(flagsAfter([60, 60, 60, 60])).toEqual([[], [off], [], []]);
});

test('what works is, from the next look on', () => {
  expect(flagsAfter([60, 60, 60, 600, 9_000, 60, 60])).toEqual([[], [off], [], [on], [], [], [off]]);
});

test('a look between two loads is not idleness', () => {
  expect(flagsAfter([9_000, 60, 9_000, 60, 600])).toEqual([[], [], [], [], []]);
});
