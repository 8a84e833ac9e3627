import { expect, test } from '@jest/globals';
import { NodeCache } from './node-cache.ts';
import { nodeWords, setName } from './pointer.ts';

const pointer = (batch: number): Uint32Array => {
  const words = new Uint32Array(8);
  setName(words, 0, batch, (batch * 8) % 2_040, 8, 0);
  return words;
};

test('keeps no more than its bytes, and what is looked at longer than what is not', () => {
  const cache = new NodeCache(0);
  const node = new Uint32Array(nodeWords);
  for (let batch = 1; batch <= 10_000; batch++) {
    cache.keep(pointer(batch), 0, node);
    for (let hot = 1; hot <= 10; hot++) cache.find(pointer(hot), 0);
  }
  const found = Array.from({ length: 10_000 }, (_, i) => i + 1).filter(
    (batch) => cache.find(pointer(batch), 0) !== undefined,
  );
  expect(found.length).toBe(cache.capacity);
  expect(found.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a node that was replaced makes room for another one at once', () => {
  const cache = new NodeCache(0);
  const node = new Uint32Array(nodeWords);
  const live: number[] = [];
  for (let batch = 1; batch <= 10_000; batch++) {
    cache.keep(pointer(batch), 0, node);
    live.push(batch);
    if (live.length < cache.capacity) continue;
    const gone = live.splice((batch * 7) % live.length, 1)[0] ?? 0;
    cache.find(pointer(gone), 0);
    cache.forget(pointer(gone), 0);
    expect(cache.find(pointer(gone), 0)).toBeUndefined();
  }
  expect(live.filter((batch) => cache.find(pointer(batch), 0) === undefined)).toEqual([]);
});

test('a node is found by its name alone: another offset, another batch is another node', () => {
  const cache = new NodeCache(0);
  const [a, b] = [pointer(1), pointer(2 ** 32 + 1)];
  cache.keep(a, 0, Uint32Array.of(1));
  cache.keep(b, 0, Uint32Array.of(2));
  expect([cache.find(a, 0)?.[0], cache.find(b, 0)?.[0]]).toEqual([1, 2]);
  a[2] = 77; // births are no part of a name
  expect(cache.find(a, 0)?.[0]).toBe(1);
});
