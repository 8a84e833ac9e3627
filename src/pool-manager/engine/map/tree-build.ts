/**
 * Puts a layer of changes into a tree: a new tree, in which nothing of the old one is overwritten.
 *
 *  - Changes are taken in the order of blocks. On the way to one, nodes are opened: copied, to be changed; a node that is
 *    left behind is closed: written anew. Its pointer's birth is the highest birth below, holes included.
 *  - A stretch of holes that covers all of a slot becomes one hole there. A write below a hole makes a node whose other
 *    slots are holes with that birth. A node whose slots are all holes of one birth becomes that hole again.
 *  - What the old tree had and the new one has not is handed to `drop`, nodes and data alike, or whole to `cutOut`.
 */
import { assert } from '../../../shared/assert.ts';
import type { EngineHost } from '../host.ts';
import type { DeltaLayer, LayerPoints } from './delta-layer.ts';
import { BadNodeError, type NodeStore } from './node-store.ts';
import { nodeId } from './owner.ts';
import {
  birthOf,
  copyPointer,
  isMapped,
  nodeWords,
  pointersPerNode,
  pointerWords,
  sectorsOf,
  setBirth,
  setHole,
  setLost,
} from './pointer.ts';
import { levelsFor, slotSpan } from './radix.ts';
import { NodesAhead } from './nodes-ahead.ts';
import { noCounts, type PendingCounts, summarize, type Tree } from './tree.ts';

export interface BuildSink {
  /** Whose nodes these are, for the summaries. */
  readonly slot: number;
  /** A data pointer of the layer has its place in the tree now. */
  adopt(words: Uint32Array, at: number): void;
  /** A new node has its place in the tree. */
  wrote(words: Uint32Array, at: number): void;
  /** The old tree's pointer at `words[at…]` covered blocks up to `end`; level 0 is data. What is below is not meant. */
  drop(words: Uint32Array, at: number, level: number, end: number): void;
  /** The same with everything below: it is freed, and counted, in the background. */
  cutOut(words: Uint32Array, at: number, level: number, end: number): PendingCounts;
  /** A node is unreadable that has to be written anew: all below it is lost, but for what is written now. */
  lost(level: number, first: number): void;
}

/** Changes, and nodes at sixteen times the weight, between two turns of the event loop: about a millisecond. */
const workPerSlice = 1_024;
const nodeWork = 16;

export class TreeBuilder {
  readonly #nodes: NodeStore;
  readonly #host: EngineHost;
  readonly #sink: BuildSink;
  /** Nodes that are open, by level, and the first block of each. */
  readonly #open: (Uint32Array | undefined)[] = [];
  readonly #first: number[] = [];
  /** Arrays of nodes that are closed. */
  readonly #spare: Uint32Array[] = [];
  #root: Uint32Array = new Uint32Array(0);
  #levels = 0;
  #work = 0;
  #mappedBlocks = 0;
  #dataSectors = 0;
  #nodeCount = 0;
  #pending: PendingCounts[] = [];
  #ahead: NodesAhead | undefined;

  constructor(nodes: NodeStore, host: EngineHost, sink: BuildSink) {
    this.#nodes = nodes;
    this.#host = host;
    this.#sink = sink;
  }

  /** `layer` is sealed; `blocks`: size of the volume. */
  async build(below: Tree, layer: DeltaLayer, blocks: number): Promise<Tree> {
    if (layer.isEmpty) return below;
    const points = await layer.pointsIn(this.#host, 0, Infinity);
    this.#begin(below, blocks, points);
    const span = slotSpan(this.#levels + 1);
    let range = 0;
    let block = 0;
    for (let point = 0; ;) {
      const next = points.blocks[point] ?? Infinity;
      const hole = layer.ranges[range];
      const from = Math.max(block, hole?.from ?? Infinity);
      if (next <= from) {
        if (next === Infinity) break;
        if (this.#isClosed(next)) await this.#openLeaf(next, point);
        this.#put(next, points.words(point), points.at(point));
        block = next + 1;
        point++;
      } else if (hole !== undefined) {
        // behind the last block nothing was ever written: one hole serves to the end of the tree
        const end = hole.to >= blocks ? span : hole.to;
        if (from < end) await this.#unmap(from, Math.min(end, next), hole.birth, point);
        block = Math.max(from, Math.min(end, next));
        if (block >= end) range++;
      }
      if (this.#work > workPerSlice) await this.#pause();
    }
    for (let level = 1; level <= this.#levels; level++) this.#close(level);
    const counts = {
      mappedBlocks: this.#mappedBlocks,
      dataSectors: this.#dataSectors,
      nodes: this.#nodeCount,
    };
    return { levels: this.#levels, root: this.#root, counts, pending: this.#pending };
  }

  #begin(below: Tree, blocks: number, points: LayerPoints): void {
    this.#root = below.root.slice();
    this.#levels = below.levels;
    this.#mappedBlocks = below.counts.mappedBlocks;
    this.#dataSectors = below.counts.dataSectors;
    this.#nodeCount = below.counts.nodes;
    this.#pending = [...below.pending];
    while (this.#levels < levelsFor(blocks)) this.#raise();
    this.#ahead = new NodesAhead(this.#nodes, points.blocks);
  }

  /** One more level on top: the old tree becomes the first slot of a node that is open. */
  #raise(): void {
    const level = ++this.#levels;
    const old = this.#root;
    this.#root = new Uint32Array(pointerWords);
    this.#closeInto(level - 1, old, 0); // itself raised
    if (!isMapped(old, 0) && birthOf(old, 0) === 0) return;
    const node = new Uint32Array(nodeWords);
    copyPointer(old, 0, node, 0);
    this.#open[level] = node;
    this.#first[level] = 0;
  }

  async #pause(): Promise<void> {
    this.#work = 0;
    await this.#host.pause();
  }

  #isClosed(block: number): boolean {
    return this.#open[1] === undefined || block - (this.#first[1] ?? 0) >= pointersPerNode;
  }

  async #openLeaf(block: number, point: number): Promise<void> {
    await this.#openTo(1, block, point);
  }

  /** Opens all nodes from the top down to `level` on the way to a block; closes what is not on it. */
  async #openTo(level: number, block: number, point: number): Promise<void> {
    for (let each = 1; each <= this.#levels; each++)
      if (block - (this.#first[each] ?? 0) >= slotSpan(each + 1)) this.#close(each);
    for (let each = this.#levels; each >= level; each--) {
      if (this.#open[each] !== undefined) continue;
      const [words, at] = this.#above(each, block);
      this.#open[each] = await this.#copy(words, at, each, block, point);
      this.#first[each] = block - (block % slotSpan(each + 1));
    }
  }

  /** Where the pointer to the node of a level on the way to a block stands; the node above it is open. */
  #above(level: number, block: number): [Uint32Array, number] {
    const parent = level === this.#levels ? undefined : this.#open[level + 1];
    if (parent === undefined) return [this.#root, 0];
    const slot = Math.floor((block - (this.#first[level + 1] ?? 0)) / slotSpan(level + 1));
    return [parent, slot * pointerWords];
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
      await this.#ahead?.read(this.#root, this.#levels, this.#open, this.#first, point);
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
    this.#work += nodeWork;
    if (isMapped(words, at)) {
      this.#nodeCount--;
      this.#sink.drop(words, at, level, first + slotSpan(level + 1));
    }
    const { birth, oneHole } = summarize(node);
    this.#spare.push(node); // nobody takes it before it is written
    if (oneHole) {
      copyPointer(node, 0, words, at);
      return;
    }
    this.#nodes.write(this.#sink.slot, node, nodeId(level, first), words, at);
    setBirth(words, at, birth);
    this.#nodeCount++;
    this.#sink.wrote(words, at);
  }

  /** The leaf of the block is open. */
  #put(block: number, words: Uint32Array, from: number): void {
    const leaf = this.#open[1];
    assert(leaf !== undefined, 'the leaf is open');
    const at = (block - (this.#first[1] ?? 0)) * pointerWords;
    this.#dropData(leaf, at, block + 1);
    if (isMapped(words, from)) {
      this.#sink.adopt(words, from);
      this.#mappedBlocks++;
      this.#dataSectors += sectorsOf(words, from);
    }
    copyPointer(words, from, leaf, at);
    this.#work++;
  }

  /** Makes [from, to) holes, in as few slots as there are. */
  async #unmap(from: number, to: number, birth: number, point: number): Promise<void> {
    let block = from;
    while (block < to) {
      let level = 1;
      while (level <= this.#levels && block % slotSpan(level + 1) === 0 && block + slotSpan(level + 1) <= to)
        level++;
      if (level > this.#levels) {
        this.#unmapAll(birth);
        return;
      }
      await this.#openTo(level, block, point);
      const end = block + slotSpan(level);
      this.#unmapSlot(level, block, end, birth);
      block = end;
      if (this.#work > workPerSlice) await this.#pause();
    }
  }

  #unmapSlot(level: number, block: number, end: number, birth: number): void {
    const node = this.#open[level];
    assert(node !== undefined, 'the node is open');
    const at = Math.floor((block - (this.#first[level] ?? 0)) / slotSpan(level)) * pointerWords;
    if (level === 1) this.#dropData(node, at, end);
    else if (isMapped(node, at)) this.#cutOut(node, at, level - 1, end);
    setHole(node, at, birth);
    this.#work++;
  }

  /** The whole tree becomes one hole: nothing is in it then, whatever had not been counted yet. */
  #unmapAll(birth: number): void {
    assert(
      this.#open.every((node) => node === undefined),
      'nothing comes before all of a tree',
    );
    if (isMapped(this.#root, 0)) this.#sink.cutOut(this.#root, 0, this.#levels, slotSpan(this.#levels + 1));
    setHole(this.#root, 0, birth);
    this.#mappedBlocks = noCounts.mappedBlocks;
    this.#dataSectors = noCounts.dataSectors;
    this.#nodeCount = noCounts.nodes;
    this.#pending = [];
  }

  #cutOut(words: Uint32Array, at: number, level: number, end: number): void {
    const leaf = level === 1 ? this.#nodes.peek(words, at) : undefined;
    if (leaf === undefined) {
      this.#pending.push(this.#sink.cutOut(words, at, level, end));
      return;
    }
    for (let slot = 0; slot < pointersPerNode; slot++)
      this.#dropData(leaf, slot * pointerWords, end - pointersPerNode + slot + 1);
    this.#nodeCount--;
    this.#work += nodeWork;
    this.#sink.drop(words, at, level, end);
  }

  #dropData(node: Uint32Array, at: number, end: number): void {
    if (!isMapped(node, at)) return;
    this.#mappedBlocks--;
    this.#dataSectors -= sectorsOf(node, at);
    this.#sink.drop(node, at, 0, end);
  }
}

function fillWith(node: Uint32Array, words: Uint32Array, at: number): Uint32Array {
  for (let slot = 0; slot < nodeWords; slot += pointerWords) copyPointer(words, at, node, slot);
  return node;
}
