/** Walks a tree in the order of blocks. Nodes that are not at hand are read with their next siblings, by place. */
import type { EngineHost } from '../host.ts';
import { NodeBatch } from './node-batch.ts';
import type { NodeStore } from './node-store.ts';
import { nodeId } from './owner.ts';
import { isMapped, nameOf, pointersPerNode, pointerWords } from './pointer.ts';
import { slotSpan } from './radix.ts';
import type { Tree } from './tree.ts';

export interface TreeVisitor {
  /** Whether what is below this pointer matters; may be asked more than once. */
  wants(words: Uint32Array, at: number): boolean;
  /** A data pointer (one block), or a hole of any span, clipped to the range. In order. False ends the walk after it. */
  visit(words: Uint32Array, at: number, from: number, to: number): boolean;
}

/** How many nodes are walked before the event loop gets its turn: some 100 µs. */
const nodesPerSlice = 32;
/** Nodes that are read together. */
const aheadMax = 32;

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
    if (walk.missing.length > 0) await walk.load();
    else if (walk.next < to && !walk.ended) await host.pause();
  }
  return walk.next;
}

/** One synchronous stretch over nodes that are at hand; it begins again from the top where it stopped. */
class Walk {
  next = 0;
  ended = false;
  sliceNodes = 0;
  readonly missing = new NodeBatch(aheadMax);
  /** The first of `missing`, which the walk can not do without. */
  #needed = { words: new Uint32Array(pointerWords), id: 0 };
  #neededBefore = -1;
  readonly #nodes: NodeStore;
  readonly #visitor: TreeVisitor;
  readonly #to: number;

  constructor(nodes: NodeStore, visitor: TreeVisitor, to: number) {
    this.#nodes = nodes;
    this.#visitor = visitor;
    this.#to = to;
  }

  /** Reads what was missing; the second time in vain, that is an error. */
  async load(): Promise<void> {
    const name = nameOf(this.#needed.words, 0);
    if (name === this.#neededBefore) await this.#nodes.load(this.#needed.words, 0, this.#needed.id);
    else await this.#nodes.loadAll(this.missing);
    this.#neededBefore = name;
    this.missing.clear();
  }

  /** The pointer at `words[at…]` covers slots of `level`, from block `first`. False: stop here for now. */
  node(words: Uint32Array, at: number, level: number, first: number): boolean {
    const end = Math.min(first + slotSpan(level + 1), this.#to);
    if (!this.#visitor.wants(words, at)) {
      this.next = end;
      return true;
    }
    if (!isMapped(words, at)) return this.#visit(words, at, end);
    const node = this.#nodes.peek(words, at);
    if (node === undefined) {
      this.#miss(words, at, level, first);
      return false;
    }
    if (this.sliceNodes-- <= 0) return false;
    return level === 1 ? this.#leaf(node, first, end) : this.#slots(node, level, first, end);
  }

  #slots(node: Uint32Array, level: number, first: number, end: number): boolean {
    const span = slotSpan(level);
    for (
      let slot = Math.floor((this.next - first) / span);
      slot < pointersPerNode && this.next < end;
      slot++
    ) {
      if (this.node(node, slot * pointerWords, level - 1, first + slot * span)) continue;
      for (let ahead = slot + 1; this.missing.length > 0 && ahead < pointersPerNode; ahead++)
        this.#ahead(node, ahead * pointerWords, level - 1, first + ahead * span);
      return false;
    }
    return true;
  }

  #leaf(node: Uint32Array, first: number, end: number): boolean {
    for (let at = (this.next - first) * pointerWords; this.next < end; at += pointerWords)
      if (!this.#visitor.wants(node, at)) this.next++;
      else if (!this.#visit(node, at, this.next + 1)) return false;
    return true;
  }

  #visit(words: Uint32Array, at: number, end: number): boolean {
    const from = this.next;
    this.next = end;
    this.ended = !this.#visitor.visit(words, at, from, end);
    return !this.ended;
  }

  #miss(words: Uint32Array, at: number, level: number, first: number): void {
    const id = nodeId(level, first);
    this.#needed = { words: words.slice(at, at + pointerWords), id };
    this.missing.add(words, at, id);
  }

  #ahead(words: Uint32Array, at: number, level: number, first: number): void {
    if (level < 1 || first >= this.#to || !isMapped(words, at) || !this.#visitor.wants(words, at)) return;
    if (this.#nodes.peek(words, at) === undefined) this.missing.add(words, at, nodeId(level, first));
  }
}
