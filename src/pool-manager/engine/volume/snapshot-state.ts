/**
 * A snapshot as the engine keeps it: a frozen view of a volume, and its place among the others.
 *
 * Snapshots form a tree by `parent`: what the head descended from when the snapshot was taken; the first ones of a clone
 * descend from a snapshot of another volume. A name is **in the reach** of a snapshot when it was given before: data before
 * the cut (`dataMark`), nodes before its tree was complete (`nodeMark`). Two facts carry all freeing (docs/disk-format.md,
 * "Who frees what"):
 *
 *  1. A pointer in a snapshot or head that is in its parent's reach stands in the parent at the same place.
 *  2. One that is not is in nobody but the owner and what descends from it. So what the head drops is free if it is not
 *     in its parent's reach; else the parent still has it.
 *
 * A deleted snapshot is taken apart from block 0 on; below `cursor` it is gone, and its own parent takes its part. That
 * keeps (2) true only while no two others descend from it directly, so one with two children waits until one is gone,
 * and one with clones until they are. Heads that a rollback left behind and heads of destroyed volumes are snapshots
 * without a name that begin deleted.
 */
import type { View } from '../map/delta-layer.ts';
import { batchOf } from '../map/pointer.ts';

/** Whoever has views that descend from snapshots. */
export interface Descendants {
  /** The views that descend from it directly: snapshots, and the head. */
  viewsFrom(snapshot: SnapshotState): readonly View[];
}

export interface SnapshotState {
  /** Unique in its volume. */
  readonly id: number;
  /** Undefined: it can not be opened by anybody. */
  readonly name: string | undefined;
  readonly number: number;
  readonly record: Uint8Array;
  readonly sizeBytes: number;
  /** Data with lower batch numbers is in its reach. */
  readonly dataMark: number;
  /** The same for nodes; 0 until its tree has been built, and that is before anything on top of it is. */
  nodeMark: number;
  view: View;
  parent: SnapshotState | undefined;
  /** Snapshots that have it for parent, of its own volume. */
  readonly children: Set<SnapshotState>;
  /** Volumes that began here and are not wholly gone. */
  readonly clones: Set<Descendants>;
  deleting: boolean;
  /** Blocks below are taken apart. */
  cursor: number;
}

/** What decides about a name: taken from a snapshot, and true for ever. */
export interface Marks {
  readonly dataMark: number;
  readonly nodeMark: number;
}

/** Level 0 is data. */
export const isInReach = (marks: Marks | undefined, words: Uint32Array, at: number, level: number): boolean =>
  marks !== undefined && batchOf(words, at) < (level === 0 ? marks.dataMark : marks.nodeMark);

/** Who keeps what the owner drops at blocks that end at `end`: the keeper, or its parent where it is taken apart. */
export function keeperAt(keeper: SnapshotState | undefined, end: number): SnapshotState | undefined {
  return keeper === undefined || end > keeper.cursor ? keeper : keeper.parent;
}

/** Wholly taken apart: in no description any more. */
export const isGone = (snapshot: SnapshotState): boolean => snapshot.cursor === Infinity;

/** The snapshot, or the nearest one above it that is not gone. */
export function present(snapshot: SnapshotState | undefined): SnapshotState | undefined {
  let found = snapshot;
  while (found !== undefined && isGone(found)) found = found.parent;
  return found;
}
