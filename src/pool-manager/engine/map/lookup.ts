/** One block at once, when everything on the way to it is at hand: the common read. */
import { DeltaLayer, unfold, type View } from './delta-layer.ts';
import type { NodeStore } from './node-store.ts';
import { copyPointer, isMapped, pointersPerNode, pointerWords, setHole } from './pointer.ts';
import { slotSpan } from './radix.ts';
import type { Tree } from './tree.ts';

/** Writes the pointer of a block to `to[at…]`, or a hole with its birth. False: a node is not at hand. */
export function lookUp(nodes: NodeStore, view: View, block: number, to: Uint32Array, at: number): boolean {
  let below = view;
  while (below instanceof DeltaLayer) {
    if (below.tree !== undefined) return lookUpTree(nodes, below.tree, block, to, at);
    const entry = below.points.find(block);
    if (entry >= 0) {
      copyPointer(below.points.wordsOf(entry), below.points.atOf(entry), to, at);
      return true;
    }
    const range = below.rangeAt(block);
    if (range !== undefined) {
      setHole(to, at, range.birth);
      return true;
    }
    below = below.below;
  }
  return lookUpTree(nodes, below, block, to, at);
}

/**
 * The same for `count` blocks, one pointer behind the other in `to`. Leaf by leaf where nothing lies on the tree, as it is
 * with most of a volume that is read in large pieces.
 */
export function lookUpAll(
  nodes: NodeStore,
  view: View,
  block: number,
  count: number,
  to: Uint32Array,
): boolean {
  const { layers, tree } = unfold(view);
  const isBare = layers.every((layer) => layer.isEmpty);
  for (let i = 0; i < count;) {
    const leaf = isBare && count > 1 ? leafOf(nodes, tree, block + i) : undefined;
    if (leaf === undefined) {
      if (!lookUp(nodes, view, block + i, to, i * pointerWords)) return false;
      i++;
      continue;
    }
    const slot = (block + i) % pointersPerNode;
    const run = Math.min(count - i, pointersPerNode - slot);
    to.set(leaf.subarray(slot * pointerWords, (slot + run) * pointerWords), i * pointerWords);
    i += run;
  }
  return true;
}

/** The leaf that has the block; undefined where there is none, or it is not at hand. */
function leafOf(nodes: NodeStore, tree: Tree, block: number): Uint32Array | undefined {
  if (block >= slotSpan(tree.levels + 1)) return undefined;
  let words = tree.root;
  let from = 0;
  for (let level = tree.levels; ; level--) {
    const node = isMapped(words, from) ? nodes.peek(words, from) : undefined;
    if (node === undefined || level === 1) return node;
    words = node;
    from = (Math.floor(block / slotSpan(level)) % pointersPerNode) * pointerWords;
  }
}

function lookUpTree(nodes: NodeStore, tree: Tree, block: number, to: Uint32Array, at: number): boolean {
  let words = tree.root;
  let from = 0;
  let within = block;
  if (block >= slotSpan(tree.levels + 1)) {
    setHole(to, at, 0);
    return true;
  }
  for (let level = tree.levels; level > 0; level--) {
    if (!isMapped(words, from)) break;
    const node = nodes.peek(words, from);
    if (node === undefined) return false;
    const span = slotSpan(level);
    const slot = Math.floor(within / span);
    within -= slot * span;
    words = node;
    from = slot * pointerWords;
  }
  copyPointer(words, from, to, at);
  return true;
}
