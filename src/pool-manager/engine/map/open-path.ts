/**
 * The nodes on the way from the root of a tree to the block that is being changed: copies that may be written to. What the
 * way leaves behind is closed: written anew, its pointer put into the node above. Blocks come in order.
 */
import { birthOf, copyPointer, isMapped, nodeWords, pointerWords, setBirth, setLost } from './pointer.ts';
import { BadNodeError, type NodeStore } from './node-store.ts';
import type { NodesAhead } from './nodes-ahead.ts';
import { nodeId } from './owner.ts';
import { slotSpan } from './radix.ts';
import { summarize, type Tree } from './tree.ts';

export interface PathSink {
  /** Whose nodes these are, for the summaries. */
  readonly slot: number;
  /** A new node has its place in the tree. */
  wrote(words: Uint32Array, at: number): void;
  /** The old tree's pointer at `words[at…]` covered blocks up to `end`; level 0 is data. What is below is not meant. */
  drop(words: Uint32Array, at: number, level: number, end: number): void;
  /** A node is unreadable that has to be written anew: all below it is lost, but for what is written now. */
  lost(level: number, first: number): void;
}

export class OpenPath {
  root: Uint32Array;
  levels: number;
  /** Nodes of the tree. */
  nodeCount: number;
  /** Nodes closed so far. */
  closed = 0;
  readonly #nodes: NodeStore;
  readonly #sink: PathSink;
  readonly #ahead: NodesAhead;
  /** Nodes that are open, by level, and the first block of each. */
  readonly #open: (Uint32Array | undefined)[] = [];
  readonly #first: number[] = [];
  /** Arrays of nodes that are closed. */
  readonly #spare: Uint32Array[] = [];

  constructor(nodes: NodeStore, sink: PathSink, ahead: NodesAhead, tree: Tree) {
    this.#nodes = nodes;
    this.#sink = sink;
    this.#ahead = ahead;
    this.root = tree.root.slice();
    this.levels = tree.levels;
    this.nodeCount = tree.counts.nodes;
  }

  get isClosed(): boolean {
    return this.#open.every((node) => node === undefined);
  }

  /** The open node of a level, to be changed. */
  node(level: number): Uint32Array | undefined {
    return this.#open[level];
  }

  /** Where the slot of a block is in the open node of a level, in words. */
  slotAt(level: number, block: number): number {
    return Math.floor((block - (this.#first[level] ?? 0)) / slotSpan(level)) * pointerWords;
  }

  /** Whether the way to a block is open down to its leaf. */
  isOpenTo(block: number): boolean {
    return this.#open[1] !== undefined && block - (this.#first[1] ?? 0) < slotSpan(2);
  }

  /** One more level on top: the old tree becomes the first slot of a node that is open. */
  raise(): void {
    const level = ++this.levels;
    const old = this.root;
    this.root = new Uint32Array(pointerWords);
    this.#closeInto(level - 1, old, 0); // itself raised
    if (!isMapped(old, 0) && birthOf(old, 0) === 0) return;
    const node = new Uint32Array(nodeWords);
    copyPointer(old, 0, node, 0);
    this.#open[level] = node;
    this.#first[level] = 0;
  }

  /** Opens all nodes from the top down to `level` on the way to a block; closes what is not on it. */
  async openTo(level: number, block: number, point: number): Promise<void> {
    for (let each = 1; each <= this.levels; each++)
      if (block - (this.#first[each] ?? 0) >= slotSpan(each + 1)) this.#close(each);
    for (let each = this.levels; each >= level; each--) {
      if (this.#open[each] !== undefined) continue;
      const [words, at] = this.#above(each, block);
      this.#open[each] = await this.#copy(words, at, each, block, point);
      this.#first[each] = block - (block % slotSpan(each + 1));
    }
  }

  close(): void {
    for (let level = 1; level <= this.levels; level++) this.#close(level);
  }

  /** Where the pointer to the node of a level on the way to a block stands; the node above it is open. */
  #above(level: number, block: number): [Uint32Array, number] {
    const parent = level === this.levels ? undefined : this.#open[level + 1];
    return parent === undefined ? [this.root, 0] : [parent, this.slotAt(level + 1, block)];
  }

  /** A copy of the node to change; below a hole, or what is lost, one whose slots are all that. */
  async #copy(
    words: Uint32Array,
    at: number,
    level: number,
    block: number,
    point: number,
  ): Promise<Uint32Array> {
    const node = this.#spare.pop() ?? new Uint32Array(nodeWords);
    if (!isMapped(words, at)) return fillWith(node, words, at);
    let known = this.#nodes.peek(words, at);
    if (known === undefined) {
      await this.#ahead.read(this.root, this.levels, this.#open, this.#first, point);
      known = this.#nodes.peek(words, at) ?? (await this.#load(words, at, nodeId(level, block)));
    }
    if (known === undefined) {
      this.#sink.lost(level, block - (block % slotSpan(level + 1)));
      const lost = new Uint32Array(pointerWords);
      setLost(lost, 0, birthOf(words, at));
      return fillWith(node, lost, 0);
    }
    node.set(known);
    return node;
  }

  /** Undefined: no good copy is in this pool. */
  async #load(words: Uint32Array, at: number, id: number): Promise<Uint32Array | undefined> {
    try {
      return await this.#nodes.load(words, at, id);
    } catch (error) {
      if (error instanceof BadNodeError) return undefined;
      throw error;
    }
  }

  #close(level: number): void {
    if (this.#open[level] === undefined) return;
    const [words, at] = this.#above(level, this.#first[level] ?? 0);
    this.#closeInto(level, words, at);
  }

  /** Writes the open node of a level; its pointer takes the place of the old one. */
  #closeInto(level: number, words: Uint32Array, at: number): void {
    const node = this.#open[level];
    if (node === undefined) return;
    const first = this.#first[level] ?? 0;
    this.#open[level] = undefined;
    this.closed++;
    if (isMapped(words, at)) {
      this.nodeCount--;
      this.#sink.drop(words, at, level, first + slotSpan(level + 1));
      this.#nodes.replaced(words, at);
    }
    const { birth, oneHole } = summarize(node);
    this.#spare.push(node); // nobody takes it before it is written
    if (oneHole) {
      copyPointer(node, 0, words, at);
      return;
    }
    this.#nodes.write(this.#sink.slot, node, nodeId(level, first), words, at);
    setBirth(words, at, birth);
    this.nodeCount++;
    this.#sink.wrote(words, at);
  }
}

function fillWith(node: Uint32Array, words: Uint32Array, at: number): Uint32Array {
  for (let slot = 0; slot < nodeWords; slot += pointerWords) copyPointer(words, at, node, slot);
  return node;
}
