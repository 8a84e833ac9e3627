/** How a volume, its snapshots and its dead parts stand in items (docs/disk-format.md, "Volumes"). */
import { assert } from '../../../shared/assert.ts';
import { unfold, type View } from '../map/delta-layer.ts';
import { pointerWords } from '../map/pointer.ts';
import { settleCounts, type Tree, type TreeCounts } from '../map/tree.ts';
import { ByteDecoder, ByteEncoder } from '../byte-codec.ts';
import {
  compressions,
  defaultProperties,
  type VolumeIdentity,
  type VolumeProperties,
} from '../volume-store.ts';
import { type DeadPart, deadPart } from './dead-parts.ts';
import { type Marks, present, type SnapshotState } from './snapshot-state.ts';
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

export function encodeDead(parts: readonly DeadPart[]): Uint8Array {
  const to = new ByteEncoder().u64(parts.length);
  for (const part of parts) {
    to.u64(part.id).words(part.words).u64(part.level).u64(part.end).u64(part.split).u64(part.cursor);
    encodeMarks(to, part.above);
    encodeMarks(to, part.below);
    encodeCounts(to, part.counted);
  }
  return to.finish();
}

export function decodeDead(bytes: Uint8Array): DeadPart[] {
  const from = new ByteDecoder(bytes);
  return Array.from({ length: from.u64() }, () =>
    deadPart({
      id: from.u64(),
      words: from.words(pointerWords),
      level: from.u64(),
      end: from.u64(),
      split: from.u64(),
      cursor: from.u64(),
      above: decodeMarks(from),
      below: decodeMarks(from),
      counted: decodeCounts(from),
    }),
  );
}

/** The id of the nearest snapshot that is left; 0 for none and for the origin, which is another volume's. */
function ownId(snapshot: SnapshotState | undefined, origin: SnapshotState | undefined): number {
  const found = present(snapshot);
  return found === undefined || found === origin ? none : found.id;
}

/** A description is written when all layers of its cut are built. */
function builtTree(view: View): Tree {
  const { layers, tree } = unfold(view);
  assert(layers.length === 0, 'what is described is built');
  return tree;
}

function encodeTree(to: ByteEncoder, tree: Tree): void {
  const { levels, root, counts, pending } = settleCounts(tree);
  to.u64(levels).words(root);
  encodeCounts(to, counts);
  to.u64(pending.length);
  for (const { id } of pending) to.u64(id);
}

function decodeTree(from: ByteDecoder, dead: ReadonlyMap<number, DeadPart>): Tree {
  const levels = from.u64();
  const root = from.words(pointerWords);
  const counts = decodeCounts(from);
  const ids = Array.from({ length: from.u64() }, () => from.u64());
  return { levels, root, counts, pending: ids.flatMap((id) => dead.get(id) ?? []) };
}

const encodeCounts = (to: ByteEncoder, counts: TreeCounts): ByteEncoder =>
  to.u64(counts.mappedBlocks).u64(counts.dataSectors).u64(counts.nodes);

const decodeCounts = (from: ByteDecoder): TreeCounts => ({
  mappedBlocks: from.u64(),
  dataSectors: from.u64(),
  nodes: from.u64(),
});

/** Marks begin at 1: a batch has a number before anything is frozen. */
const encodeMarks = (to: ByteEncoder, marks: Marks | undefined): ByteEncoder =>
  to.u64(marks?.dataMark ?? none).u64(marks?.nodeMark ?? none);

function decodeMarks(from: ByteDecoder): Marks | undefined {
  const marks = { dataMark: from.u64(), nodeMark: from.u64() };
  return marks.dataMark === none ? undefined : marks;
}
