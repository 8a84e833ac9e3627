import { expect, test } from '@jest/globals';
import { prng } from '../../../shared/prng.ts';
import { BatchTable } from './batch-table.ts';

interface Piece {
  readonly batch: number;
  readonly segment: number;
  readonly base: number;
  readonly offsets: readonly number[];
  readonly wasMoved: boolean;
}

const segments = 40;
const high = 3 * 2 ** 32;

/** A piece of `count` units of a batch, never moved or with some of its units. */
function pieceOf(random: ReturnType<typeof prng>, batch: number, segment: number, base: number): Piece {
  const count = 1 + random.below(100);
  const wasMoved = random.chance(0.7);
  const all = Array.from({ length: 255 }, (_, i) => i);
  const offsets = wasMoved ? all.filter(() => random.chance(count / 255)) : all.slice(0, count);
  return {
    batch,
    segment,
    base,
    offsets: offsets.length === 0 ? [7] : offsets,
    wasMoved: wasMoved || offsets.length === 0,
  };
}

function add(table: BatchTable, { segment, batch, base, offsets, wasMoved }: Piece): void {
  table.add(segment, batch, base, offsets.length, wasMoved ? Uint8Array.from(offsets) : undefined);
}

/** What the table says wrongly of these pieces. */
function wrongIn(table: BatchTable, pieces: readonly Piece[]): string[] {
  const wrong = table.count === pieces.length ? [] : [`${table.count} pieces`];
  for (const { batch, segment, base, offsets } of pieces)
    for (const [rank, offset] of offsets.entries())
      if (
        table.locateUnit(batch, offset) !== base + rank ||
        table.foundSegment !== segment ||
        table.baseAt(segment, table.foundPiece) !== base
      )
        wrong.push(`unit ${offset} of batch ${batch}`);
  return wrong;
}

test.each([1, 2, 3])('pieces that come, shrink and go are found where they are (seed %i)', (seed) => {
  const random = prng(seed);
  const table = new BatchTable();
  table.grow(segments);
  let pieces: Piece[] = [];
  const ends = new Uint16Array(segments);
  for (let batch = 1; batch <= 2_000; batch++) {
    const segment = random.below(segments);
    const piece = pieceOf(random, batch % 3 === 0 ? batch + high : batch, segment, ends[segment] ?? 0);
    if (piece.base + 255 < 2 ** 15) {
      ends[segment] = piece.base + piece.offsets.length;
      add(table, piece);
      pieces.push(piece);
    }
    const index = random.below(pieces.length);
    const some = pieces[index];
    if (some === undefined || random.chance(0.4)) continue;
    const at = table.pieceAt(some.segment, some.base);
    const prefix = random.below(some.offsets.length);
    if (prefix === 0) {
      table.remove(some.segment, at);
      pieces = pieces.filter((each) => each !== some);
      continue;
    }
    table.shrink(some.segment, at, prefix);
    pieces[index] = {
      ...some,
      base: some.base + prefix,
      offsets: some.offsets.slice(prefix),
      wasMoved: true,
    };
  }
  expect(wrongIn(table, pieces)).toEqual([]);
  table.grow(2_000); // entries of the index have fewer bits for their numbers from now on
  for (let batch = 1; batch < 200; batch++) {
    const piece = {
      batch: batch + 2 * high,
      segment: 2_000 - batch,
      base: 0,
      offsets: [0, 1],
      wasMoved: false,
    };
    add(table, piece);
    pieces.push(piece);
  }
  expect(wrongIn(table, pieces)).toEqual([]);
  for (const { segment, base } of pieces) table.remove(segment, table.pieceAt(segment, base));
  expect(wrongIn(table, [])).toEqual([]);
});

test('a unit that is in two pieces is found out at import', () => {
  const table = new BatchTable();
  table.grow(segments);
  table.load(1, 5, 0, 2, Uint8Array.of(3, 9));
  table.load(2, 5, 0, 2, Uint8Array.of(4, 8));
  table.load(2, 5, 7, 2, Uint8Array.of(9, 10));
  table.beginIndex();
  expect(table.indexAll(1)).toBe(-1);
  expect(table.indexAll(2)).toBe(1);
});
