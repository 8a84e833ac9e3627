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
import { OneByOne } from '../shared/one-by-one.ts';
import type { Clock } from '../shared/clock.ts';
import { ChangeFeed } from '../shared/edge/change-feed.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import type { Log } from '../shared/log.ts';
import type { ManagedPool } from './engine/pool.ts';
import { PoolRefusal } from './engine/refusal.ts';
import type { VolumeProperties, VolumeStore } from './engine/volume-store.ts';
import { poolLimits } from './options.ts';
import type { PoolMedia } from './pool-media.ts';
import { noPool, type OpenPool, type PoolState } from './pool-state.ts';
import { type CloneWish, makeClone, makeReplica, replicaIn, replicaToDelete } from './replica-making.ts';
import { removeReadSnapshots } from './replica-reader.ts';
import { ReplicaReaders } from './replica-readers.ts';
import type { ReplicaServer } from './replica-server.ts';
import type { SnapshotSource } from './user-snapshots.ts';

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
  readonly #turns = new OneByOne();
  #cancelLook: () => void = () => undefined;
  readonly #readers = new ReplicaReaders();
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
    const wish = { volume, replicaId, sizeBytes, description, source };
    return this.#alone(() => makeReplica(this.#openPool().pool, wish, () => this.feed.changed()));
  }

  /** Of what is written to a replica from now on. Durable when answered; idempotent. */
  setReplicaProperties(
    volume: string,
    replicaId: string,
    properties: VolumeProperties,
  ): Promise<VolumeStore> {
    return this.#alone(async () => {
      const store = this.replicaOf(volume);
      if (store.identity.replicaId !== replicaId)
        throw new StatusError(
          'NOT_FOUND',
          `the replica of ${volume} here is ${store.identity.replicaId}, not ${replicaId}`,
        );
      const { compression, zstdLevel } = store.properties;
      if (compression === properties.compression && zstdLevel === properties.zstdLevel) return store;
      store.setProperties(properties);
      await store.commit();
      this.feed.changed();
      return store;
    });
  }

  /** A volume of its own that begins as `volume` was at a retained number. Idempotent by (clone, replicaId). */
  cloneReplica(wanted: CloneWish): Promise<VolumeStore> {
    return this.#alone(() => makeClone(this.#openPool().pool, wanted, () => this.feed.changed()));
  }

  /** Idempotent; `guid`, when given, must be the replica's. */
  deleteReplica(volume: string, replicaId: string, guid: string): Promise<void> {
    return this.#alone(async () => {
      const { pool, server } = this.#openPool();
      const there = replicaToDelete(pool, volume, replicaId, guid);
      if (there === undefined) return;
      await this.#readers.end(there.identity.guid);
      await server.forget(there.identity.guid);
      await pool.destroyVolume(there.identity.guid);
      this.feed.changed();
    });
  }

  /** Which target process of the volume is meant to serve, for so long (R10). */
  hintTarget(volume: string, instance: string, lifetimeMs: number): void {
    if (!this.#openPool().server.hintTarget(volume, instance, lifetimeMs))
      throw new StatusError('NOT_FOUND', `no replica of ${volume} is here`);
  }

  /** The replica of `volume`; StatusError when there is none. */
  replicaOf(volume: string): VolumeStore {
    return replicaIn(this.#openPool().pool, volume);
  }

  /** Runs `work` on the replica of `volume`, which stays until `work` has ended; `signal` asks it to end soon. */
  async reading(
    volume: string,
    work: (store: VolumeStore, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await this.#readers.run(this.replicaOf(volume), work);
  }

  /** Orderly: replicas durable and released, pool exported. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#alone(async () => {
      this.#cancelLook();
      if (this.#state.mode !== 'open') return;
      const { pool, server } = this.#state;
      this.#become({ mode: 'closing' });
      await this.#readers.end();
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
    return this.#turns.run(task);
  }
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

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
