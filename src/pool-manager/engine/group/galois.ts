/**
 * Which factors compute one column of a row from others, in GF(2^8) modulo 0x11d.
 *
 * Column c of a row is the product of the row's data and `generator(c)`: data columns are themselves, P is the sum,
 * Q the sum with powers of two. Any d columns determine the others. In a mirror every column is the one data column.
 */
import { assert, must } from '../../../shared/assert.ts';
import type { GroupShape } from './geometry.ts';

const exp = new Uint8Array(512);
const log = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  exp[i] = exp[i + 255] = x;
  log[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}

export const multiply = (x: number, y: number): number =>
  x === 0 || y === 0 ? 0 : (exp[(log[x] ?? 0) + (log[y] ?? 0)] ?? 0);
const invert = (x: number): number => exp[255 - (log[x] ?? 0)] ?? 0;

/** How much of each data column is in column `column`. */
function generator(shape: GroupShape, column: number): number[] {
  const { dataColumns: d, isMirror } = shape;
  const each = Array.from({ length: d }, (_, k) => k);
  if (isMirror || column === d) return each.map(() => 1);
  if (column === d + 1) return each.map((k) => exp[k] ?? 0);
  return each.map((k) => (k === column ? 1 : 0));
}

/** Factors of the columns `sources` (exactly d of them) that sum up to column `target`. */
export function factorsFor(shape: GroupShape, target: number, sources: readonly number[]): readonly number[] {
  const d = shape.dataColumns;
  assert(sources.length === d, `${d} columns determine the others`);
  // one equation per data column: Σ factor(s) × generator(s)[k] = generator(target)[k]
  const columns = [...sources, target].map((column) => generator(shape, column));
  const rows = Array.from({ length: d }, (_, k) => Uint8Array.from(columns, (g) => g[k] ?? 0));
  for (let pivot = 0; pivot < d; pivot++) {
    const at = rows.findIndex((row, i) => i >= pivot && row[pivot] !== 0);
    assert(at >= 0, 'any d columns determine the others');
    const row = must(rows[at], 'the pivot');
    rows[at] = must(rows[pivot], 'the row it changes places with');
    rows[pivot] = row;
    const inverse = invert(row[pivot] ?? 0);
    for (let i = 0; i <= d; i++) row[i] = multiply(row[i] ?? 0, inverse);
    for (const other of rows) {
      const factor = other[pivot] ?? 0;
      if (other !== row && factor !== 0)
        for (let i = 0; i <= d; i++) other[i] = (other[i] ?? 0) ^ multiply(row[i] ?? 0, factor);
    }
  }
  return rows.map((row) => row[d] ?? 0);
}

/** All choices of `count` out of `items`, those with the first items first. */
export function* choices<T>(items: readonly T[], count: number): Generator<readonly T[]> {
  if (count === 0) yield [];
  else
    for (let i = 0; i + count <= items.length; i++)
      for (const rest of choices(items.slice(i + 1), count - 1)) yield [must(items[i], 'an item'), ...rest];
}
