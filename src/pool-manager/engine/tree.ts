/**
 * The map of a volume: a radix tree of block pointers, 128 to a node, seven bits of the block number per level.
 *
 * A value: a tree never changes, a changed volume has another one that shares most nodes (tree-build.ts). A slot of a
 * node may be a hole that stands for everything below it, with one birth.
 */
import { birthOf, isMapped, pointersPerNode, pointerWords, unitOf } from './block-pointer.ts';
import type { EngineHost } from './host.ts';
import type { NodeStore } from './node-store.ts';

export interface Tree {
  /** Levels of nodes, 1 at least; pointers in nodes of level 1 are to data. */
  readonly levels: number;
  /** The pointer to the uppermost node, or a hole. */
  readonly root: Uint32Array;
  /** Blocks below it that hold data. */
  readonly mappedBlocks: number;
}

export const emptyTree = (blocks: number): Tree => ({
  levels: levelsFor(blocks),
  root: new Uint32Array(pointerWords),
  mappedBlocks: 0,
});

/** Blocks below one slot of a node of this level. */
export const slotSpan = (level: number): number => pointersPerNode ** (level - 1);

export function levelsFor(blocks: number): number {
  let levels = 1;
  while (slotSpan(levels + 1) < blocks) levels++;
  return levels;
}

/** Nodes that a tree over so many blocks has at most, and how many of them building may rewrite for `leaves` leaves. */
export function nodesMax(blocks: number, leaves: number): number {
  let sum = 0;
  for (let level = 1; level <= levelsFor(blocks); level++)
    sum += Math.min(leaves, Math.ceil(blocks / slotSpan(level + 1)));
  return sum;
}

export interface TreeVisitor {
  /** Whether what is below this pointer matters; asked for each pointer on the way. */
  wants(words: Uint32Array, at: number): boolean;
  /** A data pointer (one block), or a hole of any span, clipped to the range. In order. False ends the walk after it. */
  visit(words: Uint32Array, at: number, from: number, to: number): boolean;
}

/** How many nodes are walked before the event loop gets its turn. */
const nodesPerSlice = 256;

/** Visits what the tree says about [from, end). Answers where it ended. */
export async function walkTree(
  nodes: NodeStore,
  host: EngineHost,
  tree: Tree,
  from: number,
  end: number,
  visitor: TreeVisitor,
): Promise<number> {
  const to = Math.min(end, slotSpan(tree.levels + 1)); // a volume may have grown beyond its tree
  const walk = new Walk(nodes, visitor, to);
  walk.next = from;
  while (walk.next < to && !walk.ended) {
    walk.sliceNodes = nodesPerSlice;
    walk.node(tree.root, 0, tree.levels, 0);
    const missing = walk.missing;
    walk.missing = undefined;
    if (missing !== undefined) await nodes.load(missing.words, missing.at, missing.level);
    else if (walk.next < to && !walk.ended) await host.pause();
  }
  return walk.next;
}

/** One synchronous stretch over nodes that are at hand; it begins again from the top where it stopped. */
class Walk {
  next = 0;
  ended = false;
  sliceNodes = 0;
  missing: { readonly words: Uint32Array; readonly at: number; readonly level: number } | undefined;
  readonly #nodes: NodeStore;
  readonly #visitor: TreeVisitor;
  readonly #to: number;

  constructor(nodes: NodeStore, visitor: TreeVisitor, to: number) {
    this.#nodes = nodes;
    this.#visitor = visitor;
    this.#to = to;
  }

  /** The pointer at `words[at…]` covers slots of `level`, from block `first`. False: stop here for now. */
  node(words: Uint32Array, at: number, level: number, first: number): boolean {
    const end = Math.min(first + slotSpan(level + 1), this.#to);
    if (!this.#visitor.wants(words, at)) {
      this.next = end;
      return true;
    }
    if (!isMapped(words, at)) return this.#visit(words, at, end);
    const node = this.#nodes.peek(unitOf(words, at));
    if (node === undefined) {
      this.missing = { words, at, level };
      return false;
    }
    if (this.sliceNodes-- <= 0) return false;
    const span = slotSpan(level);
    for (let slot = Math.floor((this.next - first) / span); slot < pointersPerNode && this.next < end; slot++)
      if (!this.#slot(node, slot, level, first + slot * span)) return false;
    return true;
  }

  #slot(node: Uint32Array, slot: number, level: number, first: number): boolean {
    if (level > 1) return this.node(node, slot * pointerWords, level - 1, first);
    if (this.#visitor.wants(node, slot * pointerWords))
      return this.#visit(node, slot * pointerWords, first + 1);
    this.next = first + 1;
    return true;
  }

  #visit(words: Uint32Array, at: number, end: number): boolean {
    const from = this.next;
    this.next = end;
    this.ended = !this.#visitor.visit(words, at, from, end);
    return !this.ended;
  }
}

/** The highest birth of the slots of a node, and whether they are all holes of one birth. */
export function summarize(node: Uint32Array): { readonly birth: number; readonly oneHole: boolean } {
  const first = birthOf(node, 0);
  let birth = 0;
  let oneHole = true;
  for (let at = 0; at < node.length; at += pointerWords) {
    const own = birthOf(node, at);
    if (own > birth) birth = own;
    if (own !== first || isMapped(node, at)) oneHole = false;
  }
  return { birth, oneHole };
}
