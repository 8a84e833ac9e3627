/** The geometry of a map: 128 slots to a node, seven bits of the block number per level; level 1 points to data. */
import { pointersPerNode } from './pointer.ts';

/** Blocks end below: bytes of a volume are counted exactly up to 2^53. */
export const blocksMax = 2 ** 41;

const spans = Float64Array.from({ length: 9 }, (_, level) => pointersPerNode ** Math.max(0, level - 1));

/** Blocks below one slot of a node of this level; 1 for level 0 and 1. */
export const slotSpan = (level: number): number => spans[level] ?? Infinity;

/** Levels of nodes that a map of so many blocks has. */
export function levelsFor(blocks: number): number {
  let levels = 1;
  while (slotSpan(levels + 1) < blocks) levels++;
  return levels;
}

/** Nodes that building may write for changes in `leaves` leaves of a volume of so many blocks. */
export function nodesMax(blocks: number, leaves: number): number {
  let sum = 0;
  for (let span = pointersPerNode; ; span *= pointersPerNode) {
    const nodes = Math.ceil(blocks / span);
    sum += Math.min(leaves, nodes);
    if (nodes <= 1) return sum;
  }
}
