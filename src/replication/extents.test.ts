import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clip, subtract, union, within, without } from './extents.ts';

const blocks = (ranges: readonly { block: number; count: number }[]): Set<number> =>
  new Set(ranges.flatMap(({ block, count }) => Array.from({ length: count }, (_, i) => block + i)));

const range = fc.record({ block: fc.nat(40), count: fc.nat(9) });

test('property: ranges behave as sets of blocks', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), range, (many, one) => {
      const normal = union(many);
      expect(blocks(normal)).toEqual(new Set([...blocks(many)].toSorted((a, b) => a - b)));
      expect(
        normal.every((r, i) => r.count > 0 && (normal[i + 1]?.block ?? Infinity) > r.block + r.count),
      ).toBe(true);
      expect(blocks(subtract(one, normal))).toEqual(
        new Set([...blocks([one])].filter((block) => !blocks(many).has(block))),
      );
      const clipped = clip(one, 10, 20);
      expect(blocks(clipped ? [clipped] : [])).toEqual(
        new Set([...blocks([one])].filter((block) => block >= 10 && block < 20)),
      );
    }),
  );
});

test('property: lists without others, and within others, are sets of blocks in order', () => {
  const list = fc.array(range, { maxLength: 8 });
  fc.assert(
    fc.property(list, list, (some, others) => {
      const [pieces, ranges] = [union(some), union(others)];
      const [ours, theirs] = [blocks(pieces), blocks(ranges)];
      const cut = (_piece: object, to: { block: number; count: number }) => to;
      const flat = (parts: readonly { block: number; count: number }[]) => [...blocks(parts)];
      expect(flat(without(pieces, ranges, cut))).toEqual([...ours].filter((block) => !theirs.has(block)));
      expect(flat(within(pieces, ranges, cut))).toEqual([...ours].filter((block) => theirs.has(block)));
    }),
  );
});

test('near ranges are joined over a gap', () => {
  const ranges = [
    { block: 0, count: 2 },
    { block: 5, count: 1 },
    { block: 20, count: 1 },
  ];
  expect(union(ranges, 3)).toEqual([
    { block: 0, count: 6 },
    { block: 20, count: 1 },
  ]);
});
