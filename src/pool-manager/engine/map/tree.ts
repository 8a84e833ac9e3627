/**
 * The map of a volume: a radix tree of pointers, 128 to a node, seven bits of the block number per level.
 *
 * A value: a tree never changes, a changed volume has another one that shares most nodes (tree-build.ts). A slot of a
 * node may be a hole that stands for everything below it, with one birth.
 */
import { birthOf, isMapped, pointerWords } from './pointer.ts';
import { levelsFor } from './radix.ts';

/** What a tree, or a part of one, holds. */
export interface TreeCounts {
  /** Blocks with data. */
  readonly mappedBlocks: number;
  /** What their data occupies, in sectors. */
  readonly dataSectors: number;
  readonly nodes: number;
}

/** A part that was cut out of a tree and is counted in the background; until then the counts around it are too high. */
export interface PendingCounts {
  readonly id: number;
  /** What has been found in it so far. */
  readonly counted: TreeCounts;
  /** Nothing is left to find. */
  readonly isCounted: boolean;
}

export interface Tree {
  /** Levels of nodes, 1 at least; pointers in nodes of level 1 are to data. */
  readonly levels: number;
  /** The pointer to the uppermost node, or a hole. */
  readonly root: Uint32Array;
  /** What it holds, and what is in `pending`. */
  readonly counts: TreeCounts;
  readonly pending: readonly PendingCounts[];
}

export const noCounts: TreeCounts = { mappedBlocks: 0, dataSectors: 0, nodes: 0 };

export const emptyTree = (blocks: number): Tree => ({
  levels: levelsFor(blocks),
  root: new Uint32Array(pointerWords),
  counts: noCounts,
  pending: [],
});

/** As far as it is known by now; exact when nothing is pending. */
export function countsOf(tree: Tree): TreeCounts {
  let { mappedBlocks, dataSectors, nodes } = tree.counts;
  for (const { counted } of tree.pending) {
    mappedBlocks -= counted.mappedBlocks;
    dataSectors -= counted.dataSectors;
    nodes -= counted.nodes;
  }
  return { mappedBlocks, dataSectors, nodes };
}

/** The same tree, with what is fully counted put into its counts. */
export function settleCounts(tree: Tree): Tree {
  const done = tree.pending.filter(({ isCounted }) => isCounted);
  if (done.length === 0) return tree;
  return {
    ...tree,
    counts: countsOf({ ...tree, pending: done }),
    pending: tree.pending.filter(({ isCounted }) => !isCounted),
  };
}

/** The highest birth of the slots of a node, and whether they are all holes of one birth, or all lost with one birth. */
export function summarize(node: Uint32Array): { readonly birth: number; readonly oneHole: boolean } {
  const first = birthOf(node, 0);
  let birth = 0;
  let oneHole = true;
  for (let at = 0; at < node.length; at += pointerWords) {
    const own = birthOf(node, at);
    if (own > birth) birth = own;
    if (own !== first || isMapped(node, at) || node[at + 1] !== node[1]) oneHole = false;
  }
  return { birth, oneHole };
}
