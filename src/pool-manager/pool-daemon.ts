/**
 * One pool from the daemon's point of view: is it there, what may be done to it now, who serves its replicas.
 *
 *   importing ──found──▶ open ──engine fails──▶ failed (the process ends)
 *       │ nothing there    ▲
 *       ├────────▶ absent ─┤ CreatePool
 *       │ refused          │
 *       └────────▶ faulted ┘ imported on a later look
 *
 *   open ──stop, destroy──▶ closing ──destroyed──▶ absent
 *
 * Refused is not the end: the daemon stays up and says why, and looks again.
 */
import type { Clock } from '../shared/clock.ts';
import { ChangeFeed } from '../shared/edge/change-feed.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import type { Log } from '../shared/log.ts';
import type { ManagedPool } from './engine/pool.ts';
import { PoolRefusal } from './engine/refusal.ts';
import type { Snapshot, VolumeStore } from './engine/volume-store.ts';
import { poolLimits } from './options.ts';
import type { PoolMedia } from './pool-media.ts';
import { removeReadSnapshots } from './replica-reader.ts';
import type { ReplicaServer } from './replica-server.ts';
import { takingRoom } from './room.ts';
import {
  beginAsClone,
  cloneReplica,
  cloneStore,
  type SnapshotSource,
  storedSnapshot,
} from './user-snapshots.ts';

export type PoolState =
  | { readonly mode: 'importing' }
  | { readonly mode: 'absent'; readonly message: string }
  | { readonly mode: 'faulted'; readonly reason: string; readonly message: string }
  /** Being closed, to end or to be destroyed: nothing may touch the pool any more. */
  | { readonly mode: 'closing' }
  | { readonly mode: 'open'; readonly pool: ManagedPool; readonly server: ReplicaServer };

type OpenPool = Extract<PoolState, { mode: 'open' }>;

export interface DaemonOptions {
  readonly media: PoolMedia;
  readonly serve: (pool: ManagedPool) => Promise<ReplicaServer>;
  readonly clock: Clock;
  readonly log: Log;
}

export class PoolDaemon {
  readonly feed = new ChangeFeed();
  /** Settles when the engine can not go on: the process ends then. */
  readonly failed: Promise<Error>;
  readonly #fail: (error: Error) => void;
  readonly #options: DaemonOptions;
  #state: PoolState = { mode: 'importing' };
  /** Whatever changes the pool as a whole runs alone, in the order it was asked for. */
  #turn: Promise<unknown> = Promise.resolve();
  #cancelLook: () => void = () => undefined;
  readonly #readers = new Set<{
    readonly guid: string;
    readonly abort: AbortController;
    readonly ended: Promise<void>;
  }>();
  #stopped = false;

  constructor(options: DaemonOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.failed = promise;
    this.#fail = resolve;
  }

  get state(): PoolState {
    return this.#state;
  }

  /** Looks for the pool now. Resolves when that is decided. */
  start(): Promise<void> {
    return this.#alone(() => this.#look());
  }

  /** Idempotent: a pool that is open already is the pool that was asked for. */
  create(overwrite: readonly string[]): Promise<void> {
    return this.#alone(async () => {
      if (this.#stopped) throw new StatusError('UNAVAILABLE', 'the daemon is ending');
      if (this.#state.mode === 'open') return;
      if (this.#state.mode !== 'absent') throw noPool(this.#state);
      await refusing(async () => this.#open(await this.#options.media.create(overwrite)));
    });
  }

  /** Devices, groups and properties of a pool that serves (pool-changes.ts), one change at a time. */
  change(work: (pool: ManagedPool, media: PoolMedia) => Promise<void>): Promise<void> {
    return this.#alone(async () => {
      const { pool } = this.#openPool();
      try {
        await refusing(() => work(pool, this.#options.media));
      } finally {
        this.feed.changed();
      }
    });
  }

  /** Idempotent; `guid`, when given, must be this pool's. */
  destroy(guid: string): Promise<void> {
    return this.#alone(async () => {
      if (this.#state.mode === 'absent') return;
      const { pool, server } = this.#openPool();
      if (guid !== '' && guid !== pool.guid)
        throw new StatusError('FAILED_PRECONDITION', `this pool's GUID is ${pool.guid}, not ${guid}`);
      const [replica] = pool.volumes();
      if (replica !== undefined)
        throw new StatusError(
          'FAILED_PRECONDITION',
          `the pool holds ${pool.volumes().length} replicas, one of ${replica.identity.volume}: delete them first`,
        );
      this.#become({ mode: 'closing' });
      try {
        await server.stop();
        await pool.close();
        await this.#options.media.clear();
      } catch (error) {
        this.#refused('DestroyFailed', asError(error).message);
        throw error;
      }
      this.#become({ mode: 'absent', message: '' });
    });
  }

  /** Idempotent by (volume, replicaId). */
  createReplica(
    volume: string,
    replicaId: string,
    sizeBytes: number,
    description = '',
    source?: SnapshotSource,
  ): Promise<VolumeStore> {
    return this.#alone(async () => {
      const { pool } = this.#openPool();
      const there = pool.volumes().find(({ identity }) => identity.volume === volume);
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
      return this.#making(description, async () =>
        source
          ? await cloneReplica(pool, { volume, replicaId }, source)
          : await pool.createVolume({ volume, replicaId, sizeBytes }),
      );
    });
  }

  /** A volume of its own that begins as `volume` was at a retained number. Idempotent by (clone, replicaId). */
  cloneReplica(wanted: CloneWish): Promise<VolumeStore> {
    return this.#alone(async () => {
      const { pool } = this.#openPool();
      const { clone, replicaId, description } = wanted;
      const there = pool.volumes().find(({ identity }) => identity.volume === clone);
      if (there !== undefined && there.identity.replicaId !== replicaId)
        throw new StatusError(
          'FAILED_PRECONDITION',
          `the pool holds replica ${there.identity.replicaId} of ${clone}`,
        );
      const origin = this.replicaOf(wanted.volume);
      return this.#making(description, async () => {
        const stored = snapshotAt(origin, wanted);
        return there ?? (await cloneStore(pool, { volume: clone, replicaId }, origin, stored));
      });
    });
  }

  /** A replica that `make` answers, with its description. Without room: RESOURCE_EXHAUSTED. */
  async #making(description: string, make: () => Promise<VolumeStore>): Promise<VolumeStore> {
    try {
      return await takingRoom(async () => {
        const made = await make();
        await describe(made, description);
        return made;
      });
    } finally {
      this.feed.changed();
    }
  }

  /** Idempotent; `guid`, when given, must be the replica's. */
  deleteReplica(volume: string, replicaId: string, guid: string): Promise<void> {
    return this.#alone(async () => {
      const { pool, server } = this.#openPool();
      const there = pool
        .volumes()
        .find(({ identity }) => identity.volume === volume && identity.replicaId === replicaId);
      if (there === undefined) return;
      if (guid !== '' && guid !== there.identity.guid)
        throw new StatusError(
          'FAILED_PRECONDITION',
          `replica ${replicaId} of ${volume} has GUID ${there.identity.guid}, not ${guid}`,
        );
      await this.#endReaders(there.identity.guid);
      await server.forget(there.identity.guid);
      await pool.destroyVolume(there.identity.guid);
      this.feed.changed();
    });
  }

  /** The replica of `volume`; StatusError when there is none. */
  replicaOf(volume: string): VolumeStore {
    const store = this.#openPool()
      .pool.volumes()
      .find(({ identity }) => identity.volume === volume);
    if (store === undefined) throw new StatusError('NOT_FOUND', `the pool holds no replica of ${volume}`);
    return store;
  }

  /** Runs `work` on the replica of `volume`, which stays until `work` has ended; `signal` asks it to end soon. */
  async reading(
    volume: string,
    work: (store: VolumeStore, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const store = this.replicaOf(volume);
    if (this.#readers.size >= poolLimits.replicaReadersMax)
      throw new StatusError('RESOURCE_EXHAUSTED', `${this.#readers.size} replicas are being read: wait`);
    const abort = new AbortController();
    const running = work(store, abort.signal);
    const reader = { guid: store.identity.guid, abort, ended: running.catch(() => undefined) };
    this.#readers.add(reader);
    try {
      await running;
    } finally {
      this.#readers.delete(reader);
    }
  }

  /** Of one replica, or all. */
  async #endReaders(guid?: string): Promise<void> {
    const readers = [...this.#readers].filter((reader) => guid === undefined || reader.guid === guid);
    for (const { abort } of readers) abort.abort();
    await Promise.all(readers.map(({ ended }) => ended));
  }

  /** Orderly: replicas durable and released, pool exported. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#alone(async () => {
      this.#cancelLook();
      if (this.#state.mode !== 'open') return;
      const { pool, server } = this.#state;
      this.#become({ mode: 'closing' });
      await this.#endReaders();
      await server.stop();
      await pool.close();
    });
  }

  async #look(): Promise<void> {
    if (this.#stopped || this.#state.mode === 'open') return;
    const found = await this.#options.media.find();
    if (found.found === 'pool') await this.#open(found.pool);
    else if (found.found === 'nothing') this.#become({ mode: 'absent', message: found.message });
    else this.#refused(found.reason, found.message);
  }

  /** Says why there is no pool, and looks again later. */
  #refused(reason: string, message: string): void {
    this.#become({ mode: 'faulted', reason, message });
    this.#cancelLook = this.#options.clock.after(poolLimits.importAgainMs, () => {
      this.start().catch((error: unknown) => this.#fail(asError(error)));
    });
  }

  async #open(pool: ManagedPool): Promise<void> {
    await removeReadSnapshots(pool);
    const server = await this.#options.serve(pool);
    server.onChange(() => this.feed.changed());
    pool.failed.then(
      (error) => this.#fail(error),
      (error: unknown) => this.#fail(asError(error)),
    );
    this.#become({ mode: 'open', pool, server });
  }

  #become(next: PoolState): void {
    const before = this.#state;
    this.#state = next;
    if (before.mode !== next.mode)
      this.#options.log.info(`pool is ${next.mode}`, {
        ...('reason' in next ? { reason: next.reason } : {}),
        ...('message' in next ? { why: next.message } : {}),
        ...(next.mode === 'open' ? { guid: next.pool.guid } : {}),
      });
    this.feed.changed();
  }

  #openPool(): OpenPool {
    if (this.#state.mode !== 'open') throw noPool(this.#state);
    return this.#state;
  }

  #alone<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(task);
    // The next one runs whatever became of this one; its caller has the rejection.
    this.#turn = result.catch(() => undefined);
    return result;
  }
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

/** What a device or the pool refused is the caller's to mend. */
async function refusing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof PoolRefusal)
      throw new StatusError('FAILED_PRECONDITION', `${error.reason}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Durably; empty: as it is. */
async function describe(store: VolumeStore, description: string): Promise<void> {
  const bytes = new TextEncoder().encode(description);
  if (description === '' || Buffer.compare(bytes, store.annotations) === 0) return;
  store.setAnnotations(bytes);
  await store.commit();
}

/** Why nothing can be done with the pool now. */
function noPool(state: Exclude<PoolState, OpenPool>): StatusError {
  switch (state.mode) {
    case 'importing':
      return new StatusError('UNAVAILABLE', 'the pool is being imported: try again');
    case 'closing':
      return new StatusError('UNAVAILABLE', 'the pool is being closed');
    case 'absent':
      return new StatusError('FAILED_PRECONDITION', 'there is no pool on the devices: create it first');
    case 'faulted':
      return new StatusError('FAILED_PRECONDITION', `${state.reason}: ${state.message}`);
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
