/**
 * Puts a layer of changes into a tree: a new tree, in which nothing of the old one is overwritten.
 *
 *  - Changes are taken in the order of blocks; nodes on the way to one are opened, what is left behind is written anew
 *    (open-path.ts). A node's pointer has as birth the highest birth below, holes included.
 *  - A stretch of holes that covers all of a slot becomes one hole there. A write below a hole makes a node whose other
 *    slots are holes with that birth. A node whose slots are all holes of one birth becomes that hole again.
 *  - What the old tree had and the new one has not is handed to `drop`, nodes and data alike, or whole to `cutOut`.
 */
import { assert, must } from '../../../shared/assert.ts';
import type { EngineHost } from '../host.ts';
import type { DeltaLayer } from './delta-layer.ts';
import type { NodeStore } from './node-store.ts';
import { NodesAhead } from './nodes-ahead.ts';
import { OpenPath, type PathSink } from './open-path.ts';
import { copyPointer, isMapped, pointersPerNode, pointerWords, sectorsOf, setHole } from './pointer.ts';
import { levelsFor, slotSpan } from './radix.ts';
import { noCounts, type PendingCounts, type Tree } from './tree.ts';

export interface BuildSink extends PathSink {
  /** A data pointer of the layer has its place in the tree now. */
  adopt(words: Uint32Array, at: number): void;
  /** As `drop`, with everything below: it is freed, and counted, in the background. */
  cutOut(words: Uint32Array, at: number, level: number, end: number): PendingCounts;
}

/** Changes, and nodes at sixteen times the weight, between two turns of the event loop: half a millisecond or so. */
const workPerSlice = 512;
const nodeWork = 16;

/** `layer` is sealed; `blocks`: size of the volume. */
export async function buildTree(
  nodes: NodeStore,
  host: EngineHost,
  sink: BuildSink,
  below: Tree,
  layer: DeltaLayer,
  blocks: number,
): Promise<Tree> {
  if (layer.isEmpty) return below;
  const points = await layer.pointsIn(host, 0, Infinity);
  const path = new OpenPath(nodes, sink, new NodesAhead(nodes, points.blocks), below);
  while (path.levels < levelsFor(blocks)) path.raise();
  const build = new Build(nodes, sink, path, below);
  const span = slotSpan(path.levels + 1);
  let range = 0;
  let block = 0;
  for (let point = 0; ;) {
    const next = points.blocks[point] ?? Infinity;
    const hole = layer.ranges[range];
    const from = Math.max(block, hole?.from ?? Infinity);
    if (next <= from) {
      if (next === Infinity) break;
      if (!path.isOpenTo(next)) await path.openTo(1, next, point);
      build.put(next, points.words(point), points.at(point));
      block = next + 1;
      point++;
    } else if (hole !== undefined) {
      // behind the last block nothing was ever written: one hole serves to the end of the tree
      const end = hole.to >= blocks ? span : hole.to;
      const to = Math.min(end, next);
      block = from < to ? await build.unmap(from, to, hole.birth, point) : Math.max(from, to);
      if (block >= end) range++;
    }
    if (build.isTurnOver()) await host.pause();
  }
  return build.finish();
}

class Build {
  readonly #nodes: NodeStore;
  readonly #sink: BuildSink;
  readonly #path: OpenPath;
  #changes = 0;
  #turnAt = workPerSlice;
  #mappedBlocks: number;
  #dataSectors: number;
  #pending: PendingCounts[];

  constructor(nodes: NodeStore, sink: BuildSink, path: OpenPath, below: Tree) {
    this.#nodes = nodes;
    this.#sink = sink;
    this.#path = path;
    this.#mappedBlocks = below.counts.mappedBlocks;
    this.#dataSectors = below.counts.dataSectors;
    this.#pending = [...below.pending];
  }

  isTurnOver(): boolean {
    const work = this.#changes + this.#path.closed * nodeWork;
    if (work < this.#turnAt) return false;
    this.#turnAt = work + workPerSlice;
    return true;
  }

  finish(): Tree {
    this.#path.close();
    const { levels, root, nodeCount } = this.#path;
    const counts = {
      mappedBlocks: this.#mappedBlocks,
      dataSectors: this.#dataSectors,
      nodes: nodeCount,
    };
    return { levels, root, counts, pending: this.#pending };
  }

  /** The leaf of the block is open. */
  put(block: number, words: Uint32Array, from: number): void {
    const leaf = must(this.#path.node(1), 'the leaf');
    const at = this.#path.slotAt(1, block);
    this.#dropData(leaf, at, block + 1);
    if (isMapped(words, from)) {
      this.#sink.adopt(words, from);
      this.#mappedBlocks++;
      this.#dataSectors += sectorsOf(words, from);
    }
    copyPointer(words, from, leaf, at);
    this.#changes++;
  }

  /** Makes blocks from `from` on holes, one slot as large as fits; answers how far it came, `to` at most. */
  async unmap(from: number, to: number, birth: number, point: number): Promise<number> {
    const path = this.#path;
    let level = 1;
    const fits = (span: number): boolean => from % span === 0 && from + span <= to;
    while (level <= path.levels && fits(slotSpan(level + 1))) level++;
    if (level > path.levels) {
      this.#unmapAll(birth);
      return to;
    }
    await path.openTo(level, from, point);
    const end = from + slotSpan(level);
    const node = must(path.node(level), 'the open node');
    const at = path.slotAt(level, from);
    if (level === 1) this.#dropData(node, at, end);
    else if (isMapped(node, at)) this.#cutOut(node, at, level - 1, end);
    setHole(node, at, birth);
    this.#changes++;
    return end;
  }

  /** The whole tree becomes one hole: nothing is in it then, whatever had not been counted yet. */
  #unmapAll(birth: number): void {
    const path = this.#path;
    assert(path.isClosed, 'nothing comes before all of a tree');
    if (isMapped(path.root, 0)) this.#sink.cutOut(path.root, 0, path.levels, slotSpan(path.levels + 1));
    setHole(path.root, 0, birth);
    this.#mappedBlocks = noCounts.mappedBlocks;
    this.#dataSectors = noCounts.dataSectors;
    path.nodeCount = noCounts.nodes;
    this.#pending = [];
  }

  /** A leaf that is at hand is taken apart at once. */
  #cutOut(words: Uint32Array, at: number, level: number, end: number): void {
    const leaf = level === 1 ? this.#nodes.peek(words, at) : undefined;
    if (leaf === undefined) {
      this.#pending.push(this.#sink.cutOut(words, at, level, end));
      return;
    }
    for (let slot = 0; slot < pointersPerNode; slot++)
      this.#dropData(leaf, slot * pointerWords, end - pointersPerNode + slot + 1);
    this.#path.nodeCount--;
    this.#changes += nodeWork;
    this.#sink.drop(words, at, level, end);
  }

  #dropData(node: Uint32Array, at: number, end: number): void {
    if (!isMapped(node, at)) return;
    this.#mappedBlocks--;
    this.#dataSectors -= sectorsOf(node, at);
    this.#sink.drop(node, at, 0, end);
  }
}
