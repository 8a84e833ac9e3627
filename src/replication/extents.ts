/** Arithmetic of block ranges. Lists are ascending and do not overlap. */
import type { BlockRange } from './copy.ts';

export const endOf = (range: BlockRange): number => range.block + range.count;

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
