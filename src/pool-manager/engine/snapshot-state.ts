/**
 * A snapshot as the engine keeps it: a frozen view of a volume, and its place among the others.
 *
 * Snapshots form a tree by `parent`: what the head descended from when the snapshot was taken. Two facts carry all
 * freeing (docs/disk-format.md, "Who frees what"):
 *
 *  1. A pointer in a snapshot or head with an era not above its parent's stands in the parent at the same place.
 *  2. A pointer with a higher era is in nobody but the owner and what descends from it. So what the head drops is free if
 *     its era is above its parent's; else the parent still has it.
 *
 * A deleted snapshot is taken apart from block 0 on; below `cursor` it is gone, and its own parent takes its part. That
 * keeps (2) true only while no two others descend from it directly, so one with two children waits until one is gone.
 * Heads that a rollback left behind and heads of destroyed volumes are snapshots without a name that begin deleted.
 */
import type { View } from './delta-layer.ts';

export interface SnapshotState {
  /** Unique in its volume. */
  readonly id: number;
  /** Undefined: it can not be opened by anybody. */
  readonly name: string | undefined;
  readonly number: number;
  readonly record: Uint8Array;
  readonly sizeBytes: number;
  readonly era: number;
  view: View;
  parent: SnapshotState | undefined;
  deleting: boolean;
  /** Blocks below are taken apart. */
  cursor: number;
}

/** Pointers that end at block `end` and are not younger than this belong to a snapshot that the owner descends from. */
export function keptEra(keeper: SnapshotState | undefined, end: number): number {
  if (keeper === undefined) return 0;
  if (end > keeper.cursor) return keeper.era;
  return keeper.parent?.era ?? 0;
}

/** Wholly taken apart: in no description any more. */
export const isGone = (snapshot: SnapshotState): boolean => snapshot.cursor === Infinity;

/** The snapshot, or the nearest one above it that is not gone. */
export function present(snapshot: SnapshotState | undefined): SnapshotState | undefined {
  let found = snapshot;
  while (found !== undefined && isGone(found)) found = found.parent;
  return found;
}
