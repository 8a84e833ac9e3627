/**
 * What a root leads to: the directory names the volumes' descriptions, each a blob; a description has the volume's
 * state and the pointer to its tree; its snapshots are in a blob of their own, written only when they change.
 */
import { must } from '../../shared/assert.ts';
import { type Blob, freeBlob, readBlob, writeBlob } from './blob.ts';
import { pointerWords } from './block-pointer.ts';
import { ByteDecoder, ByteEncoder } from './byte-codec.ts';
import { unfold } from './delta-layer.ts';
import type { PoolCore } from './pool-core.ts';
import { isGone, present, type SnapshotState } from './snapshot-state.ts';
import type { Tree } from './tree.ts';
import type { EngineVolume, VolumeCut, VolumeStart } from './volume.ts';

const none = 0;

const encodeTree = (to: ByteEncoder, tree: Tree): ByteEncoder =>
  to.u64(tree.levels).u64(tree.mappedBlocks).words(tree.root);

const decodeTree = (from: ByteDecoder): Tree => ({
  levels: from.u64(),
  mappedBlocks: from.u64(),
  root: from.words(pointerWords),
});

const encodeBlob = (to: ByteEncoder, blob: Blob | undefined): ByteEncoder =>
  blob === undefined ? to.u64(none) : to.u64(blob.lengthBytes).words(blob.pointer);

const decodeBlob = (
  from: ByteDecoder,
): { readonly lengthBytes: number; readonly pointer: Uint32Array } | undefined => {
  const lengthBytes = from.u64();
  return lengthBytes === none ? undefined : { lengthBytes, pointer: from.words(pointerWords) };
};

/** Snapshot ids begin at 1: 0 stands for no parent. */
export const firstSnapshotId = 1;

/** Writes the description of a volume if it changed; `taken`: a snapshot of it was taken apart further. */
export function saveVolume(core: PoolCore, cut: VolumeCut, taken: boolean, txg: number): boolean {
  const { volume } = cut;
  const old = volume.blobs;
  if (!cut.changed && !taken && old !== undefined) return false;
  let snapshots = old?.snapshots;
  if (cut.snapshotsChanged || taken || old === undefined) {
    if (snapshots !== undefined) freeBlob(core, snapshots, txg);
    snapshots = saveSnapshots(core, cut);
  }
  if (old !== undefined) freeBlob(core, old.head, txg);
  const head = new ByteEncoder()
    .text(volume.identity.volume)
    .text(volume.identity.replicaId)
    .text(volume.identity.guid)
    .u64(cut.destroyed ? 1 : 0)
    .u64(cut.sizeBytes)
    .u64(cut.last)
    .u64(volume.liveUnits)
    .u64(volume.nextSnapshotId)
    .u64(present(cut.parent)?.id ?? none)
    .bytes(cut.record);
  encodeTree(head, unfold(cut.head).tree);
  encodeBlob(head, snapshots);
  volume.blobs = { head: writeBlob(core, head.finish()), snapshots };
  return true;
}

function saveSnapshots(core: PoolCore, cut: VolumeCut): Blob | undefined {
  const kept = cut.snapshots.filter((snapshot) => !isGone(snapshot));
  if (kept.length === 0) return undefined;
  const to = new ByteEncoder().u64(kept.length);
  for (const snapshot of kept) {
    to.u64(snapshot.id)
      .u64(snapshot.name === undefined ? 0 : 1)
      .text(snapshot.name ?? '')
      .u64(snapshot.number)
      .u64(snapshot.sizeBytes)
      .u64(snapshot.era)
      .u64(present(snapshot.parent)?.id ?? none)
      .u64(cut.deleted.has(snapshot) ? 1 : 0)
      .u64(snapshot.cursor)
      .bytes(snapshot.record);
    encodeTree(to, unfold(snapshot.view).tree);
  }
  return writeBlob(core, to.finish());
}

/** Writes the list of all volumes. */
export function saveDirectory(core: PoolCore, volumes: readonly EngineVolume[]): Blob {
  const to = new ByteEncoder().u64(volumes.length);
  for (const { blobs } of volumes) encodeBlob(to, blobs?.head);
  return writeBlob(core, to.finish());
}

export interface LoadedVolume {
  readonly start: VolumeStart;
  readonly blobs: { readonly head: Blob; readonly snapshots: Blob | undefined };
}

/** All that the directory at `pointer` leads to. Throws BadNodeError when a part is unreadable. */
export async function loadDirectory(
  core: PoolCore,
  pointer: Uint32Array,
  lengthBytes: number,
): Promise<{ readonly blob: Blob; readonly volumes: readonly LoadedVolume[] }> {
  const { blob, bytes } = await readBlob(core, pointer, lengthBytes);
  const from = new ByteDecoder(bytes);
  const volumes: LoadedVolume[] = [];
  for (let left = from.u64(); left > 0; left--) {
    const at = must(decodeBlob(from), 'the description of a volume');
    volumes.push(await loadVolume(core, at.pointer, at.lengthBytes));
  }
  return { blob, volumes };
}

async function loadVolume(core: PoolCore, pointer: Uint32Array, lengthBytes: number): Promise<LoadedVolume> {
  const { blob: head, bytes } = await readBlob(core, pointer, lengthBytes);
  const from = new ByteDecoder(bytes);
  const identity = { volume: from.text(), replicaId: from.text(), guid: from.text() };
  const [destroyed, sizeBytes, last, liveUnits, nextSnapshotId, parentId] = [0, 1, 2, 3, 4, 5].map(() =>
    from.u64(),
  );
  const record = from.bytes();
  const tree = decodeTree(from);
  const at = decodeBlob(from);
  const read = at === undefined ? undefined : await readBlob(core, at.pointer, at.lengthBytes);
  const snapshots = read === undefined ? new Map<number, SnapshotState>() : decodeSnapshots(read.bytes);
  const start = {
    identity,
    sizeBytes: sizeBytes ?? 0,
    last: last ?? 0,
    record,
    head: tree,
    parent: snapshots.get(parentId ?? none),
    snapshots: [...snapshots.values()],
    nextSnapshotId: nextSnapshotId ?? firstSnapshotId,
    liveUnits: liveUnits ?? 0,
    destroyed: destroyed === 1,
  };
  return { start, blobs: { head, snapshots: read?.blob } };
}

function decodeSnapshots(bytes: Uint8Array): Map<number, SnapshotState> {
  const from = new ByteDecoder(bytes);
  const snapshots = new Map<number, SnapshotState>();
  const parents = new Map<number, number>();
  for (let left = from.u64(); left > 0; left--) {
    const id = from.u64();
    const named = from.u64() === 1;
    const text = from.text();
    const number = from.u64();
    const sizeBytes = from.u64();
    const era = from.u64();
    parents.set(id, from.u64());
    const deleting = from.u64() === 1;
    const cursor = from.u64();
    const record = from.bytes();
    const name = named ? text : undefined;
    const view = decodeTree(from);
    snapshots.set(id, {
      id,
      name,
      number,
      record,
      sizeBytes,
      era,
      view,
      parent: undefined,
      deleting,
      cursor,
    });
  }
  for (const snapshot of snapshots.values())
    snapshot.parent = snapshots.get(parents.get(snapshot.id) ?? none);
  return snapshots;
}
