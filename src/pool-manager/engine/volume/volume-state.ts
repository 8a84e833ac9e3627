/** What a volume begins with, and what a checkpoint takes of it. */
import { blockBytes } from '../../../shared/block-size.ts';
import { assert, must } from '../../../shared/assert.ts';
import type { View } from '../map/delta-layer.ts';
import { blocksMax } from '../map/radix.ts';
import { emptyTree, type Tree } from '../map/tree.ts';
import {
  defaultProperties,
  LimitError,
  type VolumeIdentity,
  type VolumeProperties,
} from '../volume-store.ts';
import type { DeadPart } from './dead-parts.ts';
import type { SealedLayer } from './head-layers.ts';
import type { SnapshotState } from './snapshot-state.ts';
import { firstSnapshotId } from './snapshot-tree.ts';
import type { EngineVolume } from './volume.ts';

/** Where a clone began: a snapshot of another volume. */
export interface Origin {
  readonly slot: number;
  readonly snapshot: SnapshotState;
}

/** What a volume begins with, new or from the disk. */
export interface VolumeStart {
  /** Unique among the volumes of the pool until everything of it is gone; 16 bits. */
  readonly slot: number;
  readonly identity: VolumeIdentity;
  readonly sizeBytes: number;
  readonly last: number;
  readonly record: Uint8Array;
  readonly annotations: Uint8Array;
  readonly properties: VolumeProperties;
  readonly head: Tree;
  readonly parent: SnapshotState | undefined;
  readonly origin: Origin | undefined;
  /** In the order of their ids. */
  readonly snapshots: readonly SnapshotState[];
  readonly nextSnapshotId: number;
  readonly dead: readonly DeadPart[];
  readonly nextDeadId: number;
  /** What trees of this volume, and dead parts, occupy. */
  readonly liveSectors: number;
  readonly destroyed: boolean;
}

/** What a checkpoint writes of a volume: its state at one instant. */
export interface VolumeCut {
  readonly volume: EngineVolume;
  readonly changed: boolean;
  readonly generation: number;
  /** To be built, in this order. */
  readonly layers: readonly SealedLayer[];
  readonly head: View;
  readonly parent: SnapshotState | undefined;
  readonly last: number;
  readonly record: Uint8Array;
  readonly annotations: Uint8Array;
  readonly properties: VolumeProperties;
  readonly sizeBytes: number;
  readonly destroyed: boolean;
  /** Snapshots with ids below are part of the cut … */
  readonly nextSnapshotId: number;
  /** … and these of them were deleted by then; those that are wholly taken apart leave. */
  readonly deleted: Set<SnapshotState>;
  /** Items of snapshots that have to be written; the checkpoint adds to them. */
  readonly dirtyChunks: Set<number>;
}

export const blocksOf = (sizeBytes: number): number => Math.ceil(sizeBytes / blockBytes);

/** Throws LimitError. */
export function checkSize(sizeBytes: number): void {
  assert(sizeBytes > 0, 'a volume has a size');
  if (Number.isSafeInteger(sizeBytes) && blocksOf(sizeBytes) <= blocksMax) return;
  throw new LimitError(`a volume has up to ${blocksMax * blockBytes} bytes, ${sizeBytes} are asked for`);
}

/** An empty volume. Throws LimitError. */
export function newVolumeStart(slot: number, identity: VolumeIdentity, sizeBytes: number): VolumeStart {
  checkSize(sizeBytes);
  return {
    slot,
    identity,
    sizeBytes,
    last: 0,
    record: new Uint8Array(0),
    annotations: new Uint8Array(0),
    properties: defaultProperties,
    head: emptyTree(blocksOf(sizeBytes)),
    parent: undefined,
    origin: undefined,
    snapshots: [],
    nextSnapshotId: firstSnapshotId,
    dead: [],
    nextDeadId: 1,
    liveSectors: 0,
    destroyed: false,
  };
}

/**
 * A volume that begins as a snapshot of another one: content, births, `last` and size; its record begins empty. The
 * snapshot's tree must be complete (`EngineVolume.isSettledAt`).
 */
export function cloneStart(
  of: EngineVolume,
  snapshotName: string,
  slot: number,
  identity: VolumeIdentity,
): VolumeStart {
  const snapshot = must(of.snapshotTree.named(snapshotName), `snapshot ${snapshotName}`);
  const head = must(of.settledTree(snapshot), 'the complete tree of the snapshot');
  return {
    ...newVolumeStart(slot, identity, snapshot.sizeBytes),
    last: snapshot.number,
    properties: of.properties,
    head,
    parent: snapshot,
    origin: { slot: of.slot, snapshot },
  };
}
