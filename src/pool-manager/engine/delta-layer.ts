/**
 * Changes of one volume that are not in its tree yet, between two cuts (a commit, a snapshot, a rollback).
 *
 *  - Points are single blocks, newest wins. Ranges are unmapped stretches; a point in a range is newer than the range.
 *  - Layers lie on one another and at last on a tree. A sealed layer does not change; building it gives it a tree of its
 *    own, from then on nobody looks below it.
 */
import { copyPointer, pointerWords } from './block-pointer.ts';
import type { SnapshotState } from './snapshot-state.ts';
import type { Tree } from './tree.ts';

/** The content of a volume at one instant: a tree, or changes on top of one. */
export type View = DeltaLayer | Tree;

/** A stretch of unmapped blocks with one birth. */
export interface HoleRange {
  readonly from: number;
  readonly to: number;
  readonly birth: number;
}

/** What a layer says about a stretch, in order and without overlap: one point, or a range of holes. */
export type DeltaExtent =
  | { readonly from: number; readonly to: number; readonly birth: number; readonly words: undefined }
  | { readonly from: number; readonly to: number; readonly words: Uint32Array; readonly at: number };

export class DeltaLayer {
  /** What lies below; of no interest once `tree` is there. */
  below: View;
  /** Set when the layer has been built. */
  tree: Tree | undefined;
  /** What the head descended from when the layer was open: it keeps what is dropped here. */
  keeper: SnapshotState | undefined;
  /** The pool's era when the layer was sealed: not lower than any pointer's in it. */
  era = 0;
  /** Size of the volume when the layer was sealed. */
  blocks = 0;
  /** Nodes that building it may write, as counted in the pool's admission. */
  nodesMax = 0;
  /** Points and ranges, as counted in the pool. */
  deltas = 0;
  readonly #points = new Map<number, number>();
  #words = new Uint32Array(pointerWords * 16);
  #used = 0;
  #ranges: HoleRange[] = [];
  readonly #leaves = new Set<number>();

  constructor(below: View, keeper: SnapshotState | undefined) {
    this.below = below;
    this.keeper = keeper;
  }

  get isEmpty(): boolean {
    return this.#points.size === 0 && this.#ranges.length === 0;
  }
  get points(): number {
    return this.#points.size;
  }
  /** Leaves and edges that building must rewrite, at most. */
  get leavesMax(): number {
    return this.#leaves.size + 2 * this.#ranges.length;
  }

  /** Room for one pointer; the caller fills it in. Answers where, in `words`. */
  put(block: number): number {
    let index = this.#points.get(block);
    if (index === undefined) {
      index = this.#used++;
      if (index * pointerWords === this.#words.length) {
        const grown = new Uint32Array(this.#words.length * 2);
        grown.set(this.#words);
        this.#words = grown;
      }
      this.#points.set(block, index);
      this.#leaves.add(Math.floor(block / 128));
    }
    return index * pointerWords;
  }

  /** Backs `put`; valid until the next one. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Forgets all below and says that [from, to) reads as zeros with this birth. `dropped` gets each point that is forgotten. */
  unmap(range: HoleRange, dropped: (words: Uint32Array, at: number) => void): void {
    for (const [block, index] of this.#pointsIn(range.from, range.to)) {
      dropped(this.#words, index * pointerWords);
      this.#points.delete(block);
    }
    const kept: HoleRange[] = [];
    for (const old of this.#ranges) {
      if (old.from < range.from) kept.push({ ...old, to: Math.min(old.to, range.from) });
      if (old.to > range.to) kept.push({ ...old, from: Math.max(old.from, range.to) });
    }
    const merged = mergeInto(kept, range);
    this.#ranges = merged.toSorted((a, b) => a.from - b.from);
  }

  /** Where the pointer of a block stands in `words`, the range that covers it, or undefined: not changed here. */
  find(block: number): number | HoleRange | undefined {
    const index = this.#points.get(block);
    if (index !== undefined) return index * pointerWords;
    return this.#ranges.length === 0 ? undefined : rangeAt(this.#ranges, block);
  }

  /** All that this layer says about [from, to), in order. */
  extents(from: number, to: number): DeltaExtent[] {
    const points = this.#pointsIn(from, to).toSorted((a, b) => a[0] - b[0]);
    const extents: DeltaExtent[] = [];
    let p = 0;
    const pointsBefore = (end: number) => {
      for (let point = points[p]; point !== undefined && point[0] < end; point = points[++p]) {
        const words = new Uint32Array(pointerWords);
        copyPointer(this.#words, point[1] * pointerWords, words, 0);
        extents.push({ from: point[0], to: point[0] + 1, words, at: 0 });
      }
    };
    for (const range of this.#ranges) {
      const end = Math.min(range.to, to);
      let at = Math.max(range.from, from);
      if (at >= end) continue;
      pointsBefore(at);
      while (at < end) {
        const next = points[p]?.[0] ?? end;
        if (next > at)
          extents.push({ from: at, to: Math.min(next, end), birth: range.birth, words: undefined });
        at = Math.max(at, Math.min(next, end));
        if (at < end) {
          pointsBefore(at + 1);
          at++;
        }
      }
    }
    pointsBefore(to);
    return extents;
  }

  /** Points in order, for building: block numbers, and where each pointer stands in `words`. */
  sortedPoints(): { readonly blocks: Float64Array; readonly at: Uint32Array } {
    const blocks = Float64Array.from(this.#points.keys()).sort();
    return { blocks, at: Uint32Array.from(blocks, (block) => (this.#points.get(block) ?? 0) * pointerWords) };
  }

  get ranges(): readonly HoleRange[] {
    return this.#ranges;
  }

  #pointsIn(from: number, to: number): [number, number][] {
    if (to - from > this.#points.size)
      return [...this.#points].filter(([block]) => block >= from && block < to);
    const found: [number, number][] = [];
    for (let block = from; block < to; block++) {
      const index = this.#points.get(block);
      if (index !== undefined) found.push([block, index]);
    }
    return found;
  }
}

/** Joins neighbours of one birth, so that one long unmap in pieces stays one range. */
function mergeInto(ranges: HoleRange[], range: HoleRange): HoleRange[] {
  let { from, to } = range;
  const rest = ranges.filter((other) => {
    if (other.birth !== range.birth || (other.to !== from && other.from !== to)) return true;
    from = Math.min(from, other.from);
    to = Math.max(to, other.to);
    return false;
  });
  return [...rest, { from, to, birth: range.birth }];
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

function rangeAt(ranges: readonly HoleRange[], block: number): HoleRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle];
    if (range !== undefined && range.to <= block) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range.from <= block ? range : undefined;
}
