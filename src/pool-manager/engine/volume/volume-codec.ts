/** How a volume, its snapshots and its dead parts stand in items (docs/disk-format.md, "Volumes"). */
import type { Tree } from '../map/tree.ts';
import { ByteDecoder, ByteEncoder } from '../byte-codec.ts';
import {
  compressions,
  defaultProperties,
  type VolumeIdentity,
  type VolumeProperties,
} from '../volume-store.ts';
import type { DeadPart } from './dead-parts.ts';
import { present, type SnapshotState } from './snapshot-state.ts';
import { builtTree, decodeTree, encodeTree } from './tree-codec.ts';
import type { VolumeCut } from './volume-state.ts';

/** Stands for "none" where ids begin at 1. */
const none = 0;

export interface LoadedHead {
  readonly identity: VolumeIdentity;
  readonly destroyed: boolean;
  readonly sizeBytes: number;
  readonly last: number;
  readonly liveSectors: number;
  readonly nextSnapshotId: number;
  readonly nextDeadId: number;
  readonly parentId: number;
  /** Undefined: no clone. */
  readonly origin: { readonly slot: number; readonly snapshotId: number } | undefined;
  readonly properties: VolumeProperties;
  readonly record: Uint8Array;
  readonly annotations: Uint8Array;
  readonly head: Tree;
}

export function encodeHead(cut: VolumeCut): Uint8Array {
  const { volume } = cut;
  const { origin } = volume;
  const to = new ByteEncoder()
    .text(volume.identity.volume)
    .text(volume.identity.replicaId)
    .text(volume.identity.guid)
    .u64(cut.destroyed ? 1 : 0)
    .u64(cut.sizeBytes)
    .u64(cut.last)
    .u64(volume.liveSectors)
    .u64(cut.nextSnapshotId)
    .u64(volume.dead.nextId)
    .u64(ownId(cut.parent, origin?.snapshot))
    .u64(origin === undefined ? 0 : 1)
    .u64(origin?.slot ?? 0)
    .u64(origin?.snapshot.id ?? none)
    .u64(compressions.indexOf(cut.properties.compression))
    .u64(cut.properties.zstdLevel)
    .bytes(cut.record)
    .bytes(cut.annotations);
  encodeTree(to, builtTree(cut.head));
  return to.finish();
}

export function decodeHead(bytes: Uint8Array, dead: ReadonlyMap<number, DeadPart>): LoadedHead {
  const from = new ByteDecoder(bytes);
  const identity = { volume: from.text(), replicaId: from.text(), guid: from.text() };
  const destroyed = from.u64() === 1;
  const [sizeBytes, last, liveSectors] = [from.u64(), from.u64(), from.u64()];
  const [nextSnapshotId, nextDeadId, parentId] = [from.u64(), from.u64(), from.u64()];
  const isClone = from.u64() === 1;
  const origin = { slot: from.u64(), snapshotId: from.u64() };
  const compression = compressions[from.u64()] ?? defaultProperties.compression;
  const properties = { compression, zstdLevel: from.u64() };
  const [record, annotations] = [from.bytes(), from.bytes()];
  return {
    identity,
    destroyed,
    sizeBytes,
    last,
    liveSectors,
    nextSnapshotId,
    nextDeadId,
    parentId,
    origin: isClone ? origin : undefined,
    properties,
    record,
    annotations,
    head: decodeTree(from, dead),
  };
}

/** Snapshots whose ids are in one chunk; `deleted`: those that were deleted by the cut. */
export function encodeSnapshots(
  snapshots: readonly SnapshotState[],
  deleted: ReadonlySet<SnapshotState>,
  origin: SnapshotState | undefined,
): Uint8Array {
  const to = new ByteEncoder().u64(snapshots.length);
  for (const snapshot of snapshots) {
    to.u64(snapshot.id)
      .u64(snapshot.name === undefined ? 0 : 1)
      .text(snapshot.name ?? '')
      .u64(snapshot.number)
      .u64(snapshot.sizeBytes)
      .u64(snapshot.dataMark)
      .u64(snapshot.nodeMark)
      .u64(ownId(snapshot.parent, origin))
      .u64(deleted.has(snapshot) ? 1 : 0)
      .u64(snapshot.cursor)
      .bytes(snapshot.record);
    encodeTree(to, builtTree(snapshot.view));
  }
  return to.finish();
}

/** Answers them with the ids of their parents; 0: the origin of a clone, or none. */
export function decodeSnapshots(
  bytes: Uint8Array,
  dead: ReadonlyMap<number, DeadPart>,
): { readonly state: SnapshotState; readonly parentId: number }[] {
  const from = new ByteDecoder(bytes);
  return Array.from({ length: from.u64() }, () => {
    const id = from.u64();
    const named = from.u64() === 1;
    const text = from.text();
    const [number, sizeBytes] = [from.u64(), from.u64()];
    const [dataMark, nodeMark, parentId] = [from.u64(), from.u64(), from.u64()];
    const deleting = from.u64() === 1;
    const cursor = from.u64();
    const record = from.bytes();
    const state: SnapshotState = {
      id,
      name: named ? text : undefined,
      number,
      record,
      sizeBytes,
      dataMark,
      nodeMark,
      view: decodeTree(from, dead),
      parent: undefined,
      children: new Set(),
      clones: new Set(),
      deleting,
      cursor,
    };
    return { state, parentId };
  });
}

/** The id of the nearest snapshot that is left; 0 for none and for the origin, which is another volume's. */
function ownId(snapshot: SnapshotState | undefined, origin: SnapshotState | undefined): number {
  const found = present(snapshot);
  return found === undefined || found === origin ? none : found.id;
}
