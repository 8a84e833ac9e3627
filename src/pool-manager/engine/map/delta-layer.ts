/**
 * Changes of one volume that are not in its tree yet, between two cuts (a checkpoint, a snapshot, a rollback).
 *
 *  - Points are single blocks, newest wins. Ranges are unmapped stretches; a point in a range is newer than the range.
 *  - Layers lie on one another and at last on a tree. A sealed layer does not change; building it gives it a tree of its
 *    own, from then on nobody looks below it.
 */
import { assert } from '../../../shared/assert.ts';
import type { EngineHost } from '../host.ts';
import { type HoleRange, HoleRanges } from './hole-ranges.ts';
import { copyPointer, pointerWords } from './pointer.ts';
import { PointTable } from './point-table.ts';
import { inSlices, type SortedPoints, sortPoints } from './sort-blocks.ts';
import type { Tree } from './tree.ts';

/** The content of a volume at one instant: a tree, or changes on top of one. */
export type View = DeltaLayer | Tree;

/** Points of a layer in order; pointer `i` is in `words` from `at[i]` on. */
export interface LayerPoints {
  readonly blocks: Float64Array;
  readonly words: (index: number) => Uint32Array;
  readonly at: (index: number) => number;
}

/** Up to so many blocks an unmap is as many points: ranges are kept few. */
export const holePointsMax = 16;

export class DeltaLayer {
  /** What lies below; of no interest once `tree` is there. */
  below: View;
  /** Set when the layer has been built. */
  tree: Tree | undefined;
  /** Nothing is added any more. */
  isSealed = false;
  /** Size of the volume when the layer was sealed. */
  blocks = 0;
  /** Called with the tree when it is there: snapshots that were taken of this very layer. */
  readonly onBuilt: (() => void)[] = [];
  readonly points = new PointTable();
  readonly #ranges = new HoleRanges();
  #leaves = 0;
  #lastLeaf = -1;
  #sorted: Promise<SortedPoints> | undefined;

  constructor(below: View) {
    this.below = below;
  }

  get isEmpty(): boolean {
    return this.points.size === 0 && this.#ranges.length === 0;
  }
  get ranges(): readonly HoleRange[] {
    return this.#ranges.all;
  }
  /** Points and ranges. */
  get deltas(): number {
    return this.points.size + this.#ranges.length;
  }
  /** Leaves and edges that building must rewrite, at most; exact for blocks that were added in order. */
  get leavesMax(): number {
    return this.#leaves + 2 * this.#ranges.length;
  }

  /** The entry of a block, a new one if it had none; the caller fills in the pointer. */
  put(block: number): number {
    const { points } = this;
    const before = points.size;
    const entry = points.put(block);
    if (points.size === before) return entry;
    const leaf = Math.floor(block / 128);
    if (leaf !== this.#lastLeaf) {
      this.#lastLeaf = leaf;
      this.#leaves++;
    }
    return entry;
  }

  /** Forgets all below and says that the range reads as zeros. `dropped` gets each point that is forgotten. */
  unmap(range: HoleRange, dropped: (words: Uint32Array, at: number) => void): void {
    assert(!this.isSealed && range.from < range.to, 'an open layer takes stretches of blocks');
    this.#eachIn(range.from, range.to, (entry) => {
      dropped(this.points.wordsOf(entry), this.points.atOf(entry));
      this.points.remove(entry);
    });
    this.#ranges.put(range);
  }

  /** The range that covers a block. */
  rangeAt(block: number): HoleRange | undefined {
    return this.#ranges.at(block);
  }

  /** All points in order. Only of a sealed layer: the answer is kept. */
  async sorted(host: EngineHost): Promise<SortedPoints> {
    assert(this.isSealed, 'a layer that is sorted does not change any more');
    this.#sorted ??= this.#sort(host);
    return await this.#sorted;
  }

  async #sort(host: EngineHost): Promise<SortedPoints> {
    const blocks = new Float64Array(this.points.size);
    const entries = new Uint32Array(this.points.size);
    let next = 0;
    await inSlices(host, this.points.entries, (begin, end) => {
      for (let entry = begin; entry < end; entry++) {
        const block = this.points.blockOf(entry);
        if (block < 0) continue;
        blocks[next] = block;
        entries[next++] = entry;
      }
    });
    return await sortPoints(host, blocks, entries);
  }

  /** Points in [from, to), in order; of an open layer they are copies, so that what comes later does not show. */
  async pointsIn(host: EngineHost, from: number, to: number): Promise<LayerPoints> {
    if (this.isSealed && to - from > 64) {
      const { blocks, entries } = await this.sorted(host);
      return {
        blocks,
        words: (index) => this.points.wordsOf(entries[index] ?? 0),
        at: (index) => this.points.atOf(entries[index] ?? 0),
      };
    }
    return this.#copies(from, to);
  }

  /** The same at once, with copies. */
  #copies(from: number, to: number): LayerPoints {
    const found: number[] = [];
    this.#eachIn(from, to, (entry) => found.push(this.points.blockOf(entry)));
    const blocks = Float64Array.from(found).sort();
    const words = new Uint32Array(blocks.length * pointerWords);
    blocks.forEach((block, index) => {
      const entry = this.points.find(block);
      copyPointer(this.points.wordsOf(entry), this.points.atOf(entry), words, index * pointerWords);
    });
    return { blocks, words: () => words, at: (index) => index * pointerWords };
  }

  #eachIn(from: number, to: number, take: (entry: number) => void): void {
    if (to - from <= this.points.size) {
      for (let block = from; block < to; block++) {
        const entry = this.points.find(block);
        if (entry >= 0) take(entry);
      }
      return;
    }
    for (let entry = 0; entry < this.points.entries; entry++) {
      const block = this.points.blockOf(entry);
      if (block >= from && block < to) take(entry);
    }
  }
}

/** The layers of a view, newest first, and the tree below them. */
export function unfold(view: View): { readonly layers: readonly DeltaLayer[]; readonly tree: Tree } {
  const layers: DeltaLayer[] = [];
  let below = view;
  while (below instanceof DeltaLayer) {
    if (below.tree !== undefined) return { layers, tree: below.tree };
    layers.push(below);
    below = below.below;
  }
  return { layers, tree: below };
}
