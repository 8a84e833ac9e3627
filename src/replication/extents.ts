/** Arithmetic of block ranges. Lists are ascending and do not overlap. */
import type { BlockRange } from './copy.ts';

export const endOf = (range: BlockRange): number => range.block + range.count;

export const blocksIn = (ranges: readonly BlockRange[]): number =>
  ranges.reduce((sum, { count }) => sum + count, 0);

/** What is left of `range` without `holes`. */
export function subtract(range: BlockRange, holes: readonly BlockRange[]): BlockRange[] {
  const left: BlockRange[] = [];
  let block = range.block;
  for (const hole of holes) {
    if (endOf(hole) <= block) continue;
    if (hole.block >= endOf(range)) break;
    if (hole.block > block) left.push({ block, count: hole.block - block });
    block = endOf(hole);
  }
  if (block < endOf(range)) left.push({ block, count: endOf(range) - block });
  return left;
}

/** The part of `range` inside [from, to), if any. */
export function clip(range: BlockRange, from: number, to: number): BlockRange | undefined {
  const block = Math.max(range.block, from);
  const count = Math.min(endOf(range), to) - block;
  return count > 0 ? { block, count } : undefined;
}

/** The union as a normal list: ascending, with ranges joined that touch or lie at most `gap` blocks apart. */
export function union(ranges: readonly BlockRange[], gap = 0): BlockRange[] {
  const joined: BlockRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.block - b.block)) {
    const before = joined.at(-1);
    if (before && range.block <= endOf(before) + gap) {
      joined[joined.length - 1] = {
        block: before.block,
        count: Math.max(endOf(before), endOf(range)) - before.block,
      };
    } else if (range.count > 0) joined.push({ block: range.block, count: range.count });
  }
  return joined;
}

/**
 * What is left of `pieces` without `holes`, in order; `part` cuts a piece to a range inside it. One walk over both lists.
 */
export function without<T extends BlockRange>(
  pieces: readonly T[],
  holes: readonly BlockRange[],
  part: (piece: T, range: BlockRange) => T,
): T[] {
  const left: T[] = [];
  let first = 0;
  for (const piece of pieces) {
    const end = endOf(piece);
    first = firstBehind(holes, first, piece.block);
    let { block } = piece;
    for (let i = first; block < end; i++) {
      const hole = holes[i];
      const until = hole === undefined ? end : Math.min(hole.block, end);
      if (until - block === piece.count) left.push(piece);
      else if (until > block) left.push(part(piece, { block, count: until - block }));
      if (hole === undefined || until === end) break;
      block = endOf(hole);
    }
  }
  return left;
}

/** The parts of `pieces` that lie in `ranges`, in order. */
export function within<T extends BlockRange>(
  pieces: readonly T[],
  ranges: readonly BlockRange[],
  part: (piece: T, range: BlockRange) => T,
): T[] {
  const found: T[] = [];
  let first = 0;
  for (const piece of pieces) {
    const end = endOf(piece);
    first = firstBehind(ranges, first, piece.block);
    for (let i = first; i < ranges.length; i++) {
      const range = ranges[i];
      if (range === undefined || range.block >= end) break;
      const inside = clip(range, piece.block, end);
      if (inside) found.push(inside.count === piece.count ? piece : part(piece, inside));
    }
  }
  return found;
}

/** The first of `ranges`, from `index` on, that ends behind `block`. */
function firstBehind(ranges: readonly BlockRange[], index: number, block: number): number {
  let first = index;
  for (; first < ranges.length; first++) {
    const range = ranges[first];
    if (range !== undefined && endOf(range) > block) break;
  }
  return first;
}
