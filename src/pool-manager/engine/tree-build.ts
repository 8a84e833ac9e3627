/**
 * Puts a layer of changes into a tree: a new tree, in which nothing of the old one is overwritten.
 *
 *  - Every node on the way to a change is written anew; its pointer's birth is the highest birth below, holes included.
 *  - A range of holes that covers all of a slot becomes one hole there. A write below a hole makes a node whose other
 *    slots are holes with that birth. A node whose slots are all holes of one birth becomes that hole again.
 *  - What the old tree had and the new one has not is handed to `drop`, nodes and data alike.
 */
import { assert } from '../../shared/assert.ts';
import {
  birthOf,
  copyPointer,
  isMapped,
  nodeWords,
  pointersPerNode,
  pointerWords,
  setHole,
  setMapped,
  unitOf,
} from './block-pointer.ts';
import type { DeltaLayer, HoleRange } from './delta-layer.ts';
import type { EngineHost } from './host.ts';
import type { NodeStore } from './node-store.ts';
import { levelsFor, slotSpan, summarize, type Tree } from './tree.ts';

export interface BuildSink {
  /** A place for one node; it is live at once. */
  allocNode(): number;
  /** The old tree's pointer at `words[at…]` covered [first, end); level 0 is data. */
  drop(words: Uint32Array, at: number, level: number, end: number): void;
  /** A data pointer of the layer has its place in the tree now. */
  adopt(words: Uint32Array, at: number): void;
}

/** Nodes rewritten before the event loop gets its turn. */
const nodesPerSlice = 256;
/** Leaves that are read at once. */
const readsAtOnce = 32;

export class TreeBuilder {
  readonly #nodes: NodeStore;
  readonly #host: EngineHost;
  readonly #sink: BuildSink;
  readonly #era: number;
  #words: Uint32Array = new Uint32Array(0);
  #blocks: Float64Array = new Float64Array(0);
  #at: Uint32Array = new Uint32Array(0);
  #ranges: readonly HoleRange[] = [];
  #slice = nodesPerSlice;
  #mappedBlocks = 0;

  /** `era`: not lower than any pointer's in the layer. */
  constructor(nodes: NodeStore, host: EngineHost, sink: BuildSink, era: number) {
    this.#nodes = nodes;
    this.#host = host;
    this.#sink = sink;
    this.#era = era;
  }

  async build(below: Tree, layer: DeltaLayer, blocks: number): Promise<Tree> {
    if (layer.isEmpty) return below;
    ({ blocks: this.#blocks, at: this.#at } = layer.sortedPoints());
    this.#words = layer.words;
    this.#ranges = layer.ranges;
    let { levels } = below;
    const root = below.root.slice();
    this.#mappedBlocks = below.mappedBlocks;
    for (; levels < levelsFor(blocks); levels++) this.#raise(root, levels);
    await this.#update(root, 0, levels, 0, [0, this.#blocks.length], [0, this.#ranges.length]);
    return { levels, root, mappedBlocks: this.#mappedBlocks };
  }

  /** One more level on top: the old tree becomes the first slot. */
  #raise(root: Uint32Array, levels: number): void {
    if (!isMapped(root, 0) && birthOf(root, 0) === 0) return;
    const node = new Uint32Array(nodeWords);
    copyPointer(root, 0, node, 0);
    this.#writeNode(node, levels + 1, root, 0);
  }

  /** Rewrites what is below the pointer at `words[at…]`: a node of `level` that begins at block `first`. */
  async #update(
    words: Uint32Array,
    at: number,
    level: number,
    first: number,
    points: readonly [number, number],
    ranges: readonly [number, number],
  ): Promise<void> {
    const end = first + slotSpan(level + 1);
    const whole = this.#covering(points, ranges, first, end);
    if (whole !== undefined) {
      await this.#dropTree(words, at, level, end);
      setHole(words, at, whole.birth);
      return;
    }
    const node = await this.#open(words, at, level);
    if (level === 1) this.#updateLeaf(node, first, points, ranges);
    else await this.#updateSlots(node, level, first, points, ranges);
    if (isMapped(words, at)) this.#sink.drop(words, at, level, end);
    this.#writeNode(node, level, words, at);
    if (this.#slice-- <= 0) {
      this.#slice = nodesPerSlice;
      await this.#host.pause();
    }
  }

  async #updateSlots(
    node: Uint32Array,
    level: number,
    first: number,
    points: readonly [number, number],
    ranges: readonly [number, number],
  ): Promise<void> {
    const span = slotSpan(level);
    if (level === 2) await this.#readAhead(node, first, points, ranges);
    let [p] = points;
    let [r] = ranges;
    for (let slot = 0; slot < pointersPerNode; slot++) {
      const from = first + slot * span;
      const to = from + span;
      const pEnd = this.#pointsUntil(p, points[1], to);
      while (r < ranges[1] && (this.#ranges[r]?.to ?? 0) <= from) r++;
      let rEnd = r;
      while (rEnd < ranges[1] && (this.#ranges[rEnd]?.from ?? 0) < to) rEnd++;
      if (pEnd > p || rEnd > r)
        await this.#update(node, slot * pointerWords, level - 1, from, [p, pEnd], [r, rEnd]);
      p = pEnd;
    }
  }

  #updateLeaf(
    node: Uint32Array,
    first: number,
    points: readonly [number, number],
    ranges: readonly [number, number],
  ): void {
    for (let r = ranges[0]; r < ranges[1]; r++) {
      const range = this.#range(r);
      const to = Math.min(range.to, first + pointersPerNode);
      for (let block = Math.max(range.from, first); block < to; block++) {
        const at = (block - first) * pointerWords;
        if (isMapped(node, at)) this.#dropData(node, at, block + 1);
        setHole(node, at, range.birth);
      }
    }
    for (let p = points[0]; p < points[1]; p++) {
      const block = this.#blocks[p] ?? 0;
      const at = (block - first) * pointerWords;
      const from = this.#at[p] ?? 0;
      if (isMapped(node, at)) this.#dropData(node, at, block + 1);
      if (isMapped(this.#words, from)) {
        this.#sink.adopt(this.#words, from);
        this.#mappedBlocks++;
      }
      copyPointer(this.#words, from, node, at);
    }
  }

  /** A copy of the node to change; below a hole one whose slots are all that hole. */
  async #open(words: Uint32Array, at: number, level: number): Promise<Uint32Array> {
    if (isMapped(words, at)) {
      const unit = unitOf(words, at);
      return (this.#nodes.peek(unit) ?? (await this.#nodes.load(words, at, level))).slice();
    }
    const node = new Uint32Array(nodeWords);
    const birth = birthOf(words, at);
    if (birth > 0) for (let slot = 0; slot < nodeWords; slot += pointerWords) setHole(node, slot, birth);
    return node;
  }

  #writeNode(node: Uint32Array, level: number, words: Uint32Array, at: number): void {
    const { birth, oneHole } = summarize(node);
    if (oneHole) {
      setHole(words, at, birth);
      return;
    }
    const unit = this.#sink.allocNode();
    setMapped(words, at, unit, birth, this.#era);
    this.#nodes.write(unit, node, level, words, at);
  }

  async #dropTree(words: Uint32Array, at: number, level: number, end: number): Promise<void> {
    if (!isMapped(words, at)) return;
    if (level > 0) {
      const node = this.#nodes.peek(unitOf(words, at)) ?? (await this.#nodes.load(words, at, level));
      const span = slotSpan(level);
      const first = end - slotSpan(level + 1);
      if (level === 2) await this.#loadAll(node, (slot) => isMapped(node, slot * pointerWords));
      for (let slot = 0; slot < pointersPerNode; slot++) {
        const slotEnd = first + (slot + 1) * span;
        if (level > 1) await this.#dropTree(node, slot * pointerWords, level - 1, slotEnd);
        else if (isMapped(node, slot * pointerWords)) this.#dropData(node, slot * pointerWords, slotEnd);
      }
    }
    this.#sink.drop(words, at, level, end);
  }

  #dropData(node: Uint32Array, at: number, end: number): void {
    this.#mappedBlocks--;
    this.#sink.drop(node, at, 0, end);
  }

  /** Leaves that will be changed are read together. */
  async #readAhead(
    node: Uint32Array,
    first: number,
    points: readonly [number, number],
    ranges: readonly [number, number],
  ): Promise<void> {
    const touched = new Set<number>();
    const touch = (block: number) => touched.add(Math.floor((block - first) / pointersPerNode));
    for (let p = points[0]; p < points[1]; p++) touch(this.#blocks[p] ?? 0);
    for (let r = ranges[0]; r < ranges[1]; r++) {
      touch(Math.max(first, this.#range(r).from));
      touch(this.#range(r).to - 1);
    }
    await this.#loadAll(node, (slot) => touched.has(slot) && isMapped(node, slot * pointerWords));
  }

  async #loadAll(node: Uint32Array, wanted: (slot: number) => boolean): Promise<void> {
    let batch: Promise<unknown>[] = [];
    for (let slot = 0; slot < pointersPerNode; slot++) {
      if (!wanted(slot) || this.#nodes.peek(unitOf(node, slot * pointerWords)) !== undefined) continue;
      batch.push(this.#nodes.load(node, slot * pointerWords, 1));
      if (batch.length < readsAtOnce) continue;
      await Promise.all(batch);
      batch = [];
    }
    await Promise.all(batch);
  }

  /** The range that makes all of [first, end) one hole; no point may lie in it. */
  #covering(
    points: readonly [number, number],
    ranges: readonly [number, number],
    first: number,
    end: number,
  ): HoleRange | undefined {
    if (points[0] !== points[1] || ranges[1] - ranges[0] !== 1) return undefined;
    const range = this.#range(ranges[0]);
    return range.from <= first && range.to >= end ? range : undefined;
  }

  #pointsUntil(from: number, to: number, end: number): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle] ?? 0) < end) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #range(index: number): HoleRange {
    const range = this.#ranges[index];
    assert(range !== undefined, 'a range of the layer');
    return range;
  }
}
