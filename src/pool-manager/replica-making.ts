/** How replicas come to be in a pool, and which of them is meant. One at a time: the daemon sees to it. */
import { StatusError } from '../shared/grpc/status-error.ts';
import type { ManagedPool } from './engine/pool.ts';
import type { Snapshot, VolumeStore } from './engine/volume-store.ts';
import { takingRoom } from './room.ts';
import {
  beginAsClone,
  cloneReplica,
  cloneStore,
  type SnapshotSource,
  storedSnapshot,
} from './user-snapshots.ts';

export interface ReplicaWish {
  readonly volume: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
  /** Empty: none. */
  readonly description: string;
  /** What it begins as; undefined: empty. */
  readonly source: SnapshotSource | undefined;
}

export interface CloneWish {
  readonly volume: string;
  /** Of the volume; empty: see `number`. */
  readonly snapshot: string;
  /** That a snapshot has, or the volume itself; 0: as it is now. */
  readonly number: number;
  readonly clone: string;
  readonly replicaId: string;
  readonly description: string;
}

const ofVolume = (pool: ManagedPool, volume: string): VolumeStore | undefined =>
  pool.volumes().find(({ identity }) => identity.volume === volume);

/** The replica of `volume`; StatusError when there is none. */
export function replicaIn(pool: ManagedPool, volume: string): VolumeStore {
  const store = ofVolume(pool, volume);
  if (store === undefined) throw new StatusError('NOT_FOUND', `the pool holds no replica of ${volume}`);
  return store;
}

/** Idempotent by (volume, replicaId); `changed` is called unless it is there. Without room: RESOURCE_EXHAUSTED. */
export async function makeReplica(
  pool: ManagedPool,
  wish: ReplicaWish,
  changed: () => void,
): Promise<VolumeStore> {
  const { volume, replicaId, sizeBytes, description, source } = wish;
  const there = ofVolume(pool, volume);
  if (there?.identity.replicaId === replicaId) {
    if (source) await beginAsClone(pool, there, source);
    await describe(there, description);
    return there;
  }
  if (there !== undefined)
    throw new StatusError(
      'FAILED_PRECONDITION',
      `the pool holds replica ${there.identity.replicaId} of ${volume}: a second one would not add safety`,
    );
  return await making(description, changed, async () =>
    source
      ? await cloneReplica(pool, { volume, replicaId }, source)
      : await pool.createVolume({ volume, replicaId, sizeBytes }),
  );
}

/** Idempotent by (clone, replicaId), as `makeReplica`. */
export async function makeClone(
  pool: ManagedPool,
  wish: CloneWish,
  changed: () => void,
): Promise<VolumeStore> {
  const { clone, replicaId, description } = wish;
  const there = ofVolume(pool, clone);
  if (there !== undefined && there.identity.replicaId !== replicaId)
    throw new StatusError(
      'FAILED_PRECONDITION',
      `the pool holds replica ${there.identity.replicaId} of ${clone}`,
    );
  const origin = replicaIn(pool, wish.volume);
  return await making(description, changed, async () => {
    const stored = snapshotAt(origin, wish);
    return there ?? (await cloneStore(pool, { volume: clone, replicaId }, origin, stored));
  });
}

/** The replica that may be deleted under this name; undefined when it is not there. `guid`, when given, must be its. */
export function replicaToDelete(
  pool: ManagedPool,
  volume: string,
  replicaId: string,
  guid: string,
): VolumeStore | undefined {
  const there = pool
    .volumes()
    .find(({ identity }) => identity.volume === volume && identity.replicaId === replicaId);
  if (there !== undefined && guid !== '' && guid !== there.identity.guid)
    throw new StatusError(
      'FAILED_PRECONDITION',
      `replica ${replicaId} of ${volume} has GUID ${there.identity.guid}, not ${guid}`,
    );
  return there;
}

/** A replica that `make` answers, with its description; `changed` is told that something was tried. */
async function making(
  description: string,
  changed: () => void,
  make: () => Promise<VolumeStore>,
): Promise<VolumeStore> {
  try {
    return await takingRoom(async () => {
      const made = await make();
      await describe(made, description);
      return made;
    });
  } finally {
    changed();
  }
}

/** The snapshot that has what is wanted; undefined: the volume as it is. StatusError when nothing has it any more. */
function snapshotAt(store: VolumeStore, { snapshot, number }: CloneWish): Snapshot | undefined {
  const snapshots = store.snapshots();
  if (snapshot === '' && (number === 0 || number === store.last)) return undefined;
  const found =
    snapshot === '' ? snapshots.find((each) => each.number === number) : storedSnapshot(store, snapshot);
  if (found !== undefined) return found;
  const retained = [...snapshots.map((each) => `${each.number} (${each.name})`), `${store.last} (now)`];
  throw new StatusError(
    'NOT_FOUND',
    `volume ${store.identity.volume} has no ${snapshot === '' ? `state of number ${number}` : `snapshot ${snapshot}`}: it retains ${retained.join(', ')}`,
  );
}

/** Durably; empty: as it is. */
async function describe(store: VolumeStore, description: string): Promise<void> {
  const bytes = new TextEncoder().encode(description);
  if (description === '' || Buffer.compare(bytes, store.annotations) === 0) return;
  store.setAnnotations(bytes);
  await store.commit();
}
