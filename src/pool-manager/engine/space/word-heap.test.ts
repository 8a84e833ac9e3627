import { expect, test } from '@jest/globals';
import { prng } from '../../../shared/prng.ts';
import { WordHeap } from './word-heap.ts';

test.each([1, 2])('what an owner has stays what it was, and what is idle is bounded (seed %i)', (seed) => {
  const random = prng(seed);
  const heap = new WordHeap();
  const owners = 600;
  heap.grow(owners);
  let changed = 0;
  const lengths = new Uint32Array(owners);
  const read = (owner: number): Uint32Array => {
    const at = heap.wordAt(owner);
    return heap.words(owner).slice(at, at + (lengths[owner] ?? 0));
  };
  for (let step = 0; step < 4_000; step++) {
    const owner = random.below(owners);
    const kept = Math.min(lengths[owner] ?? 0, random.below(2_000));
    const before = kept === 0 ? new Uint32Array(0) : read(owner).slice(0, kept);
    const length = kept + random.below(1_000);
    heap.resize(owner, length);
    lengths[owner] = length;
    if (length === 0) continue;
    const after = read(owner);
    if (before.some((word, i) => after[i] !== word)) changed++;
    heap.words(owner).fill(owner * 7 + step, heap.wordAt(owner) + kept, heap.wordAt(owner) + length);
  }
  expect(changed).toBe(0);
  const used = lengths.reduce((sum, length) => sum + length, 0) * 4;
  expect(heap.bytes).toBeLessThan(used * 1.3 + 3 * 2 ** 19);
});
