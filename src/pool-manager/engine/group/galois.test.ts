import { expect, test } from '@jest/globals';
import { prng } from '../../../shared/prng.ts';
import { openArena } from './arena.ts';
import { choices, factorsFor, multiply } from './galois.ts';
import { type Layout, shapeOf } from './geometry.ts';
import { reconstruct } from './reconstruct.ts';

test('multiplication is that of a field', () => {
  for (let x = 1; x < 256; x++) {
    const products = new Set(Array.from({ length: 256 }, (_, y) => multiply(x, y)));
    expect(products.size).toBe(256);
    expect(multiply(x, 1)).toBe(x);
  }
  const random = prng(1);
  for (let i = 0; i < 1000; i++) {
    const [x, y, z] = [random.below(256), random.below(256), random.below(256)];
    expect(multiply(x, y ^ z)).toBe(multiply(x, y) ^ multiply(x, z));
    expect(multiply(x, multiply(y, z))).toBe(multiply(multiply(x, y), z));
  }
});

const shapes: readonly (readonly [Layout, number])[] = [
  ['mirror', 3],
  ['raidz', 3],
  ['raidz', 6],
  ['raidz2', 4],
  ['raidz2', 7],
  ['raidz2', 32],
];

test.each(shapes)('%s of %i: every column from every choice of others', (layout, devices) => {
  const shape = shapeOf(layout, devices);
  const arena = openArena();
  const random = prng(devices);
  const lengthBytes = 64;
  const data = Array.from({ length: shape.dataColumns }, () => random.bytes(lengthBytes));
  const columns = Array.from({ length: devices }, (_, column) =>
    column < shape.dataColumns
      ? (data[column] ?? new Uint8Array(0))
      : reconstruct(arena, shape, column, [...data.keys()], data),
  );
  let tried = 0;
  for (const [target, expected] of columns.entries()) {
    const others = [...columns.keys()].filter((column) => column !== target);
    for (const sources of choices(others, shape.dataColumns)) {
      const pieces = sources.map((column) => columns[column] ?? new Uint8Array(0));
      expect(reconstruct(arena, shape, target, sources, pieces)).toEqual(expected);
      tried++;
    }
  }
  expect(tried).toBeGreaterThanOrEqual(devices);
  expect(factorsFor(shape, 0, [...columns.keys()].slice(1, shape.dataColumns + 1))).toHaveLength(
    shape.dataColumns,
  );
  expect(arena.taken()).toBe(0);
});
