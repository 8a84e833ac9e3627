/** A pool daemon without disks: the real protocol over a state that outlives its server, as disks outlive a daemon. */
import { randomBytes } from 'node:crypto';
import type { PoolHandlers } from '../../src/api/proto/caskade/pool/v1/Pool.ts';
import type { Scrub } from '../../src/api/proto/caskade/pool/v1/Scrub.ts';
import type { PoolPhase } from '../../src/api/proto/caskade/pool/v1/PoolPhase.ts';
import type { PoolStatus } from '../../src/api/proto/caskade/pool/v1/PoolStatus.ts';
import { silentLog } from '../../src/shared/log.ts';
import { serverStream, unary } from '../../src/shared/grpc/handlers.ts';
import { serveGrpc, type GrpcServer } from '../../src/shared/grpc/serve.ts';
import { StatusError } from '../../src/shared/grpc/status-error.ts';
import { poolService } from '../../src/reconcilers/data-plane/services.ts';

const poolBytes = 4 * 1024 ** 3;
const guid = (): string => randomBytes(8).readBigUInt64BE().toString();

export interface FakeReplica {
  readonly volume: string;
  readonly replicaId: string;
  readonly guid: string;
  readonly sizeBytes: number;
  readonly compression: string;
  readonly zstdLevel: number;
}

const noData = () => Promise.reject(new StatusError('UNIMPLEMENTED', 'no data here'));

export class FakePool {
  readonly name: string;
  readonly replicas = new Map<string, FakeReplica>();
  /** What lies on the devices. */
  poolGuid: string | undefined;
  /** Device names by group; empty: as a daemon that does not tell. */
  dataGroups: readonly (readonly string[])[] = [];
  logGroups: readonly (readonly string[])[] = [];
  properties = { readOnlyThresholdPercent: 85, compression: 'lz4' };
  /** The last one; undefined: none yet. */
  scrub: Scrub | undefined;
  /** Scrubs end as they begin. */
  scrubsAtOnce = false;
  /** What its devices have grown by. */
  growableBytes = 0;
  /** It starts by importing, until `imported` says that this is done. */
  importsFirst = false;
  /** Its status stream is opened, and says nothing until `speaks`. */
  isSilent = false;
  /** Refuses CreatePool with this. */
  refusal: string | undefined;
  /** Which target it was told to wait for, by volume. */
  readonly hints = new Map<string, string>();
  /** Calls that made something, for "nothing twice". */
  readonly made: string[] = [];
  #importing = false;
  #server: GrpcServer | undefined;
  #listeners = new Set<() => void>();
  #number = 1;

  constructor(name: string) {
    this.name = name;
  }

  async start(listen: string, token: string): Promise<void> {
    this.#importing = this.importsFirst && this.poolGuid !== undefined;
    this.#server = await serveGrpc({
      listen,
      token,
      add: (server) => server.addService(poolService, { ...this.#handlers() }),
    });
  }
  async stop(): Promise<void> {
    await this.#server?.stop(0);
    this.#server = undefined;
  }
  get isServing(): boolean {
    return this.#server !== undefined;
  }
  /** Counters that move, as under I/O. */
  tick(): void {
    this.#number++;
    this.#changed();
  }
  /** The import is done. */
  imported(): void {
    this.#importing = false;
    this.#changed();
  }
  /** Its status comes after all. */
  speaks(): void {
    this.isSilent = false;
    this.#changed();
  }
  /** The disks have grown. */
  grow(bytes: number): void {
    this.growableBytes = bytes;
    this.#changed();
  }
  /** The scrub gets on. */
  scrubs(found: Scrub): void {
    this.scrub = { ...this.scrub, ...found };
    this.#changed();
  }
  /** Its replica of the volume is of another mind. */
  repack(volume: string, compression: string): void {
    for (const [key, replica] of this.replicas)
      if (replica.volume === volume) this.replicas.set(key, { ...replica, compression });
    this.#changed();
  }
  /** The disks are gone. */
  lose(): void {
    this.poolGuid = undefined;
    this.replicas.clear();
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #phase(): PoolPhase {
    if (this.#importing) return 'POOL_PHASE_IMPORTING';
    return this.poolGuid === undefined ? 'POOL_PHASE_ABSENT' : 'POOL_PHASE_ONLINE';
  }

  #status(): PoolStatus {
    const usedBytes = this.poolGuid === undefined ? 0 : 4_000_000 + this.#number * 1_000;
    return {
      name: this.name,
      guid: this.poolGuid ?? '',
      phase: this.#phase(),
      totalBytes: poolBytes,
      usedBytes,
      freeBytes: poolBytes - usedBytes,
      logicalUsedBytes: usedBytes,
      version: 'fake',
      dataGroups: this.dataGroups.map((devices) => ({ devices: [...devices] })),
      logGroups: this.logGroups.map((devices) => ({ devices: [...devices] })),
      properties: this.properties,
      growableBytes: this.growableBytes,
      ...(this.scrub === undefined ? {} : { scrub: this.scrub }),
      devices: [...this.dataGroups, ...this.logGroups]
        .flat()
        .map((name) => ({ name, path: '', guid: name, online: true })),
      replicas: [...this.replicas.values()].map((replica) => ({
        ...replica,
        state: 'Healthy',
        allocatedBytes: 100_000 + this.#number,
        logicalBytes: 100_000,
        last: this.#number,
        durable: this.#number,
        epoch: 1,
      })),
    };
  }

  #handlers(): PoolHandlers {
    return {
      GetStatus: unary(silentLog, () => Promise.resolve(this.#status())),
      WatchStatus: serverStream(silentLog, async (_request, out) => {
        while (!out.signal.aborted) {
          if (!this.isSilent) await out.write(this.#status());
          await new Promise<void>((resolve) => {
            const wake = () => {
              this.#listeners.delete(wake);
              resolve();
            };
            this.#listeners.add(wake);
            out.signal.addEventListener('abort', wake, { once: true });
          });
        }
      }),
      CreatePool: unary(silentLog, async () => {
        await Promise.resolve();
        if (this.refusal !== undefined) throw new StatusError('FAILED_PRECONDITION', this.refusal);
        if (this.poolGuid === undefined) {
          this.poolGuid = guid();
          this.made.push('pool');
          this.#changed();
        }
        return this.#status();
      }),
      DestroyPool: unary(silentLog, async ({ guid: wanted }) => {
        await Promise.resolve();
        if (this.replicas.size > 0) throw new StatusError('FAILED_PRECONDITION', 'replicas exist');
        if (wanted !== this.poolGuid) throw new StatusError('FAILED_PRECONDITION', 'another pool');
        this.poolGuid = undefined;
        this.#changed();
        return {};
      }),
      AddGroups: unary(silentLog, async ({ data, log }) => {
        await Promise.resolve();
        this.dataGroups = [...this.dataGroups, ...data.map(({ devices }) => devices)];
        this.logGroups = [...this.logGroups, ...log.map(({ devices }) => devices)];
        this.made.push(`groups ${[...data, ...log].flatMap(({ devices }) => devices).join(' ')}`);
        this.#changed();
        return this.#status();
      }),
      // Filled in no time.
      ReplaceDevice: unary(silentLog, async ({ old, new: next }) => {
        await Promise.resolve();
        this.dataGroups = this.dataGroups.map((group) => group.map((name) => (name === old ? next : name)));
        this.made.push(`${next} for ${old}`);
        this.#changed();
        return this.#status();
      }),
      SetProperties: unary(silentLog, async ({ readOnlyThresholdPercent, compression }) => {
        await Promise.resolve();
        const before = this.properties.compression;
        this.properties = { readOnlyThresholdPercent, compression };
        for (const [key, replica] of this.replicas)
          if (replica.compression === before) this.replicas.set(key, { ...replica, compression });
        this.#changed();
        return this.#status();
      }),
      GrowDevices: unary(silentLog, async () => {
        await Promise.resolve();
        this.growableBytes = 0;
        this.made.push('grown');
        this.#changed();
        return this.#status();
      }),
      RemoveLogGroups: unary(silentLog, async ({ devices }) => {
        await Promise.resolve();
        this.logGroups = this.logGroups.filter((group) => !group.some((name) => devices.includes(name)));
        this.made.push(`without ${devices.join(' ')}`);
        this.#changed();
        return this.#status();
      }),
      HintTarget: unary(silentLog, async ({ volume, instance }) => {
        await Promise.resolve();
        this.hints.set(volume, instance);
        return {};
      }),
      CloneReplica: unary(silentLog, noData),
      ReceiveBirths: unary(silentLog, noData),
      SendBirths: serverStream(silentLog, noData),
      Scrub: unary(silentLog, async ({ action, sharePercent }) => {
        await Promise.resolve();
        const states = { START: 'RUNNING', PAUSE: 'PAUSED', STOP: 'STOPPED' } as const;
        const verb = action.replace('SCRUB_ACTION_', '');
        if (verb !== 'START' && verb !== 'PAUSE' && verb !== 'STOP')
          throw new StatusError('INVALID_ARGUMENT', `action is ${action}`);
        const goesOn = this.scrub?.state === 'RUNNING' || this.scrub?.state === 'PAUSED';
        const fresh = { runs: Number(this.scrub?.runs ?? 0) + 1, doneBytes: 0, totalBytes: poolBytes };
        this.scrub = {
          ...(goesOn || verb !== 'START' ? this.scrub : fresh),
          state: this.scrubsAtOnce ? 'DONE' : states[verb],
        };
        this.made.push(`scrub ${verb} ${sharePercent}`);
        this.#changed();
        return this.#status();
      }),
      CreateReplica: unary(silentLog, async ({ volume, replicaId, sizeBytes }) => {
        await Promise.resolve();
        if (this.poolGuid === undefined) throw new StatusError('FAILED_PRECONDITION', 'no pool');
        const key = `${volume}/${replicaId}`;
        const present = this.replicas.get(key) ?? {
          volume,
          replicaId,
          guid: guid(),
          sizeBytes: Number(sizeBytes),
          compression: this.properties.compression,
          zstdLevel: 3,
        };
        if (!this.replicas.has(key)) this.made.push(key);
        this.replicas.set(key, present);
        this.#changed();
        return present;
      }),
      SetReplicaProperties: unary(silentLog, async ({ volume, replicaId, compression, zstdLevel }) => {
        await Promise.resolve();
        const key = `${volume}/${replicaId}`;
        const replica = this.replicas.get(key);
        if (replica === undefined) throw new StatusError('NOT_FOUND', `no replica ${key}`);
        this.replicas.set(key, { ...replica, compression, zstdLevel });
        this.made.push(`${compression} ${zstdLevel} for ${volume}`);
        this.#changed();
        return this.replicas.get(key) ?? {};
      }),
      DeleteReplica: unary(silentLog, async ({ volume, replicaId }) => {
        await Promise.resolve();
        this.replicas.delete(`${volume}/${replicaId}`);
        this.#changed();
        return {};
      }),
      ReadReplica: serverStream(silentLog, noData),
    };
  }
}
