/**
 * Volumes in the items of checkpoints: `volume/<slot>` has the head, `snapshots/<slot>/<n>` up to 64 snapshots, written
 * when one of them changes, `dead/<slot>` what is cut out and not freed yet. All of one root, so content, births, `last`,
 * record and snapshots of a volume are always of one instant.
 */
import { must } from '../../../shared/assert.ts';
import type { ItemReader, ItemWriter } from '../checkpoint/item-store.ts';
import type { DeadPart } from './dead-parts.ts';
import type { SnapshotState } from './snapshot-state.ts';
import { snapshotsPerChunk } from './snapshot-tree.ts';
import { decodeHead, decodeSnapshots, encodeHead, encodeSnapshots, type LoadedHead } from './volume-codec.ts';
import { decodeDead, encodeDead } from './tree-codec.ts';
import type { VolumeCut, VolumeStart } from './volume-state.ts';
import type { EngineVolume } from './volume.ts';

const headKey = (slot: number): string => `volume/${slot}`;
const deadKey = (slot: number): string => `dead/${slot}`;
const chunkPrefix = (slot: number): string => `snapshots/${slot}/`;

/** Puts what has changed of a volume; `taken`: something of it was taken apart. Answers whether anything had. */
export function saveVolume(items: ItemWriter, cut: VolumeCut, taken: boolean): boolean {
  const { volume, dirtyChunks } = cut;
  if (!cut.changed && !taken && volume.isDescribed && dirtyChunks.size === 0) return false;
  for (const chunk of dirtyChunks) saveChunk(items, cut, chunk);
  if (volume.dead.isDirty) {
    if (volume.dead.parts.length > 0) items.put(deadKey(volume.slot), encodeDead(volume.dead.parts));
    else items.delete(deadKey(volume.slot));
    volume.dead.isDirty = false;
  }
  items.put(headKey(volume.slot), encodeHead(cut));
  volume.isDescribed = true;
  return true;
}

function saveChunk(items: ItemWriter, cut: VolumeCut, chunk: number): void {
  const { volume } = cut;
  const snapshots: SnapshotState[] = [];
  const end = Math.min(cut.nextSnapshotId, (chunk + 1) * snapshotsPerChunk);
  for (let id = chunk * snapshotsPerChunk; id < end; id++) {
    const snapshot = volume.snapshotTree.byId(id);
    if (snapshot !== undefined) snapshots.push(snapshot);
  }
  const key = chunkPrefix(volume.slot) + String(chunk);
  if (snapshots.length === 0) items.delete(key);
  else items.put(key, encodeSnapshots(snapshots, cut.deleted, volume.origin?.snapshot));
}

/** Destroyed, and nothing of it is left to be freed: it can be forgotten. */
export const isWhollyGone = (cut: VolumeCut): boolean =>
  cut.destroyed && cut.volume.snapshotTree.size === 0 && cut.volume.dead.parts.length === 0;

/** Removes all that items say of it; its origin need not wait for it any more. */
export function forgetVolume(items: ItemWriter, volume: EngineVolume): void {
  items.delete(headKey(volume.slot));
  items.delete(deadKey(volume.slot));
  for (const chunk of volume.snapshotTree.dirtyChunks) items.delete(chunkPrefix(volume.slot) + String(chunk));
  volume.origin?.snapshot.clones.delete(volume);
}

interface Loaded {
  readonly head: LoadedHead;
  readonly dead: ReadonlyMap<number, DeadPart>;
  /** By id, in order. */
  readonly snapshots: ReadonlyMap<number, { readonly state: SnapshotState; readonly parentId: number }>;
}

/** All volumes of the root that the items are of, each with its origin linked. Rejects with DamagedItemError. */
export async function loadVolumes(items: ItemReader): Promise<VolumeStart[]> {
  const loaded = new Map<number, Loaded>();
  for (const key of items.keys('volume/')) {
    const slot = Number(key.slice('volume/'.length));
    loaded.set(slot, await loadVolume(items, slot));
  }
  return [...loaded].map(([slot, volume]) => link(loaded, slot, volume));
}

async function loadVolume(items: ItemReader, slot: number): Promise<Loaded> {
  const hasDead = items.keys(deadKey(slot)).includes(deadKey(slot));
  const parts = hasDead ? decodeDead(await items.get(deadKey(slot))) : [];
  const dead = new Map(parts.map((part) => [part.id, part]));
  const found: { readonly state: SnapshotState; readonly parentId: number }[] = [];
  for (const key of items.keys(chunkPrefix(slot))) found.push(...decodeSnapshots(await items.get(key), dead));
  const inOrder = found.toSorted((a, b) => a.state.id - b.state.id);
  const snapshots = new Map(inOrder.map((each) => [each.state.id, each]));
  return { head: decodeHead(await items.get(headKey(slot)), dead), dead, snapshots };
}

function link(
  loaded: ReadonlyMap<number, Loaded>,
  slot: number,
  { head, dead, snapshots }: Loaded,
): VolumeStart {
  const origin =
    head.origin === undefined
      ? undefined
      : {
          slot: head.origin.slot,
          snapshot: must(
            loaded.get(head.origin.slot)?.snapshots.get(head.origin.snapshotId)?.state,
            'the snapshot that a clone began at',
          ),
        };
  const parentOf = (id: number): SnapshotState | undefined =>
    id === 0 ? origin?.snapshot : must(snapshots.get(id)?.state, `snapshot ${id} of volume slot ${slot}`);
  for (const { state, parentId } of snapshots.values()) state.parent = parentOf(parentId);
  return {
    slot,
    identity: head.identity,
    sizeBytes: head.sizeBytes,
    last: head.last,
    record: head.record,
    annotations: head.annotations,
    properties: head.properties,
    head: head.head,
    parent: head.destroyed ? undefined : parentOf(head.parentId),
    origin,
    snapshots: [...snapshots.values()].map(({ state }) => state),
    nextSnapshotId: head.nextSnapshotId,
    dead: [...dead.values()],
    nextDeadId: head.nextDeadId,
    liveSectors: head.liveSectors,
    destroyed: head.destroyed,
  };
}
