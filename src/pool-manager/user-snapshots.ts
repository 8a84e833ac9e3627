/** Snapshots that users took of a volume, as a pool has them: by name, and as the beginning of another volume. */
import {
  cloneRecord,
  decodeRecord,
  RecordError,
  storedName,
  type SnapshotInfo,
} from '../replication/record.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import type { ManagedPool } from './engine/pool.ts';
import type { Snapshot, VolumeStore } from './engine/volume-store.ts';

export interface SnapshotSource {
  readonly volume: string;
  readonly snapshot: string;
  /** 0: whichever has the name. */
  readonly number: number;
}

/** Of this replica. Throws NOT_FOUND: a replica that missed it gets it in its rebuild. */
export function userSnapshot(store: VolumeStore, name: string, number: number): SnapshotInfo {
  const { snapshots = [] } = decodeRecord(store.record, store.sizeBytes);
  const found = snapshots.find((one) => one.name === name && (number === 0 || one.number === number));
  if (found) return found;
  throw new StatusError(
    'NOT_FOUND',
    `this pool has no snapshot ${name} of ${store.identity.volume}: try again when its replica is in sync`,
  );
}

/** The pool's own snapshot of this name, or the one that it keeps for a user's; the newest of that name. */
export function storedSnapshot(store: VolumeStore, name: string): Snapshot | undefined {
  const { snapshots: users = [] } = decodeRecord(store.record, store.sizeBytes);
  const names = [name, ...users.filter((user) => user.name === name).map(storedName)];
  return store.snapshots().findLast((snapshot) => names.includes(snapshot.name));
}

/** All that are whole in this replica, and the bytes that each refers to. Empty when its record can not be read. */
export function userSnapshots(store: VolumeStore): { name: string; number: number; logicalBytes: number }[] {
  try {
    const { snapshots = [] } = decodeRecord(store.record, store.sizeBytes);
    return snapshots.map((snapshot) => {
      const { name, number } = snapshot;
      return { name, number, logicalBytes: store.snapshotBytes(storedName(snapshot)) };
    });
  } catch (error) {
    if (error instanceof RecordError) return [];
    throw error;
  }
}

/** Whose replica the new volume is. */
interface CloneName {
  readonly volume: string;
  readonly replicaId: string;
}

/** A replica that begins as a user's snapshot, sharing its blocks. Durable when answered. */
export async function cloneReplica(
  pool: ManagedPool,
  name: CloneName,
  source: SnapshotSource,
): Promise<VolumeStore> {
  const origin = originOf(pool, source);
  return cloneStore(pool, name, origin, storedOf(origin, source));
}

/** A clone that a crash left without its history gets it now. */
export async function beginAsClone(
  pool: ManagedPool,
  clone: VolumeStore,
  source: SnapshotSource,
): Promise<void> {
  if (clone.record.byteLength > 0) return;
  const { record } = storedOf(originOf(pool, source), source);
  await giveHistory(clone, record);
}

/**
 * A replica that begins as `origin` was at a snapshot, or is now (undefined), sharing its blocks: with the history that it has
 * from there, bound to no target, knowing no members. Durable when answered. FAILED_PRECONDITION while the origin has holes.
 */
export async function cloneStore(
  pool: ManagedPool,
  { volume, replicaId }: CloneName,
  origin: VolumeStore,
  stored: Snapshot | undefined,
): Promise<VolumeStore> {
  const record = stored?.record ?? origin.record;
  if (record.byteLength > 0 && decodeRecord(record, origin.sizeBytes).state.kind !== 'complete')
    throw new StatusError(
      'FAILED_PRECONDITION',
      `the replica of ${origin.identity.volume} is being rebuilt: clone it when it is in sync`,
    );
  const { guid } = origin.identity;
  const clone = await pool.cloneVolume({ volume, replicaId, origin: guid, snapshot: stored?.name });
  await giveHistory(clone, record);
  return clone;
}

/** A volume that no target has served has none to give. */
async function giveHistory(clone: VolumeStore, record: Uint8Array): Promise<void> {
  if (record.byteLength === 0) return;
  clone.setRecord(cloneRecord(record, clone.sizeBytes, clone.last));
  await clone.commit();
}

function originOf(pool: ManagedPool, { volume }: SnapshotSource): VolumeStore {
  const origin = pool.volumes().find(({ identity }) => identity.volume === volume);
  if (origin) return origin;
  throw new StatusError('NOT_FOUND', `this pool has no replica of ${volume}`);
}

function storedOf(origin: VolumeStore, { snapshot, number }: SnapshotSource): Snapshot {
  const info = userSnapshot(origin, snapshot, number);
  const stored = origin.snapshots().find(({ name }) => name === storedName(info));
  if (stored) return stored;
  throw new StatusError('NOT_FOUND', `snapshot ${info.name} is gone`);
}
