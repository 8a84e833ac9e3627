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

/** A replica of `volume` that begins as that snapshot, sharing its blocks. Durable when answered. */
export async function cloneReplica(
  pool: ManagedPool,
  volume: string,
  replicaId: string,
  source: SnapshotSource,
): Promise<VolumeStore> {
  const origin = pool.volumes().find(({ identity }) => identity.volume === source.volume);
  if (!origin) throw new StatusError('NOT_FOUND', `this pool has no replica of ${source.volume}`);
  const info = userSnapshot(origin, source.snapshot, source.number);
  const clone = await pool.cloneVolume({
    volume,
    replicaId,
    origin: origin.identity.guid,
    snapshot: storedName(info),
  });
  await beginAsClone(pool, clone, source);
  return clone;
}

/** Its record tells the history that it has from its origin. A clone that a crash left without one gets it now. */
export async function beginAsClone(
  pool: ManagedPool,
  clone: VolumeStore,
  source: SnapshotSource,
): Promise<void> {
  if (clone.record.byteLength > 0) return;
  const origin = pool.volumes().find(({ identity }) => identity.volume === source.volume);
  if (!origin) throw new StatusError('NOT_FOUND', `this pool has no replica of ${source.volume}`);
  const info = userSnapshot(origin, source.snapshot, source.number);
  const stored = origin.snapshots().find(({ name }) => name === storedName(info));
  if (!stored) throw new StatusError('NOT_FOUND', `snapshot ${info.name} is gone`);
  clone.setRecord(cloneRecord(stored.record, info, clone.last));
  await clone.commit();
}
