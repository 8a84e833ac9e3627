/** proto/pool.proto over the daemon. */
import type { PoolHandlers } from '../api/proto/caskade/pool/v1/Pool.ts';
import type { PoolStatus } from '../api/proto/caskade/pool/v1/PoolStatus.ts';
import { blockBytes } from '../shared/block-size.ts';
import type { Clock } from '../shared/clock.ts';
import { streamStatus } from '../shared/edge/change-feed.ts';
import { version } from '../shared/edge/version.ts';
import { serverStream, unary } from '../shared/grpc/handlers.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import type { Log } from '../shared/log.ts';
import { poolLimits } from './options.ts';
import type { PoolDaemon } from './pool-daemon.ts';
import type { PoolState } from './pool-state.ts';
import { addGroups, replaceDevice } from './pool-changes.ts';
import { receiveBirths, sendBirths } from './replica-births.ts';
import { readReplica } from './replica-reader.ts';
import { userSnapshots } from './user-snapshots.ts';
import { compressions, type Compression } from './engine/volume-store.ts';
import type { ManagedPoolStatus } from './engine/pool.ts';

type Open = Extract<PoolState, { mode: 'open' }>;
/** A status as this process makes it: every field that a reader relies on is there. */
export type OwnStatus = PoolStatus & { readonly phase: string };

/** What `daemon` would answer to GetStatus. `paths` names each device's first path. */
export function statusOf(name: string, state: PoolState, paths: ReadonlyMap<string, string>): OwnStatus {
  switch (state.mode) {
    case 'importing':
      return { name, version, phase: 'POOL_PHASE_IMPORTING' };
    case 'closing':
      return { name, version, phase: 'POOL_PHASE_IMPORTING', reason: 'Closing', message: 'being closed' };
    case 'absent':
      return { name, version, phase: 'POOL_PHASE_ABSENT', reason: 'NoPool', message: state.message };
    case 'faulted':
      return {
        name,
        version,
        phase: 'POOL_PHASE_FAULTED',
        reason: state.reason,
        message: state.message,
      };
    case 'open':
      return { name, version, ...openStatus(state, paths) };
  }
}

function openStatus({ pool, server }: Open, paths: ReadonlyMap<string, string>): OwnStatus {
  const status = pool.status();
  const links = new Map(server.replicas().map((replica) => [replica.guid, replica]));
  return {
    guid: status.guid,
    phase: `POOL_PHASE_${status.health}`,
    reason: status.health === 'ONLINE' ? '' : 'DeviceFailed',
    message: status.message,
    totalBytes: status.totalBytes,
    usedBytes: status.usedBytes,
    freeBytes: status.freeBytes,
    logicalUsedBytes: status.logicalUsedBytes,
    readOnly: status.readOnly,
    layout: status.layout,
    dataGroups: status.dataGroups.map((devices) => ({ devices: [...devices] })),
    logGroups: status.logGroups.map((devices) => ({ devices: [...devices] })),
    properties: status.properties,
    growableBytes: status.growableBytes,
    resilvers: status.resilvers.map(({ replaces = '', bytesPerSecond = 0, etaSeconds = 0, ...resilver }) => ({
      ...resilver,
      replaces,
      bytesPerSecond,
      etaSeconds,
    })),
    ...(status.scrub === undefined ? {} : { scrub: scrubOf(status.scrub) }),
    devices: status.devices.map((device) => ({
      name: device.name,
      path: paths.get(device.name) ?? '',
      guid: device.guid,
      online: device.health === 'ONLINE',
      reason: device.reason ?? '',
      checksumErrors: device.checksumErrors,
      ioErrors: device.ioErrors,
    })),
    replicas: pool.volumes().map((store) => {
      const { volume, replicaId, guid } = store.identity;
      const usage = store.usage();
      const link = links.get(guid);
      return {
        volume,
        replicaId,
        guid,
        sizeBytes: store.sizeBytes,
        allocatedBytes: usage.allocatedBytes,
        logicalBytes: usage.logicalBytes,
        state: link?.state ?? 'Offline',
        last: store.last,
        durable: store.durable,
        epoch: link?.epoch ?? 0,
        description: new TextDecoder().decode(store.annotations),
        snapshots: userSnapshots(store),
      };
    }),
  };
}

/** Times by the wall, which the engine does not know. */
function scrubOf({
  startedMs,
  finishedMs,
  bytesPerSecond = 0,
  ...scrub
}: NonNullable<ManagedPoolStatus['scrub']>) {
  const zeroMs = Date.now() - performance.now();
  const seconds = (ms: number | undefined) => (ms === undefined ? 0 : Math.round((zeroMs + ms) / 1000));
  return {
    ...scrub,
    bytesPerSecond,
    startedSeconds: seconds(startedMs),
    finishedSeconds: seconds(finishedMs),
  };
}

/** Bytes count in steps of a 64th of the pool: a busy writer changes them all the time. */
export function statusKey(status: OwnStatus): string {
  const step = Math.max(Number(status.totalBytes ?? 0) / 64, 1);
  const {
    usedBytes = 0,
    freeBytes: _free,
    logicalUsedBytes: _logical,
    devices,
    replicas,
    resilvers,
    scrub,
    ...rest
  } = status;
  const tenths = (work: { doneBytes?: unknown; totalBytes?: unknown }) =>
    Math.floor((10 * Number(work.doneBytes ?? 0)) / Math.max(Number(work.totalBytes ?? 0), 1));
  return JSON.stringify([
    rest,
    resilvers?.map((each) => [each.device, each.replaces, tenths(each)]),
    scrub === undefined || scrub === null
      ? 0
      : [scrub.state, scrub.repairedBlocks, scrub.lostBlocks, tenths(scrub)],
    Math.round(Number(usedBytes) / step),
    devices?.map(({ checksumErrors, ioErrors, ...device }) => [device, checksumErrors, ioErrors]),
    replicas?.map(({ volume, replicaId, guid, sizeBytes, state, epoch, snapshots }) => [
      snapshots,
      volume,
      replicaId,
      guid,
      sizeBytes,
      state,
      epoch,
    ]),
  ]);
}

export interface AdminOptions {
  readonly daemon: PoolDaemon;
  readonly status: () => OwnStatus;
  readonly clock: Clock;
  readonly log: Log;
}

export function poolHandlers({ daemon, status, clock, log }: AdminOptions): PoolHandlers {
  return {
    GetStatus: unary(log, () => Promise.resolve(status())),
    WatchStatus: serverStream(log, (_request, out) =>
      streamStatus(
        {
          read: status,
          keyOf: statusKey,
          feed: daemon.feed,
          clock,
          pauseMs: poolLimits.statusPauseMs,
          lookMs: poolLimits.statusLookMs,
        },
        (message) => out.write(message),
        out.signal,
      ),
    ),
    CreatePool: unary(log, async ({ overwrite }) => {
      await daemon.create(overwrite);
      return status();
    }),
    DestroyPool: unary(log, async ({ guid }) => {
      await daemon.destroy(guid);
      return {};
    }),
    AddGroups: unary(log, async ({ data, log: logs, overwrite }) => {
      const names = (groups: readonly { readonly devices: readonly string[] }[]) =>
        groups.map(({ devices }) => devices);
      await daemon.change((pool, media) =>
        addGroups(pool, media, { data: names(data), log: names(logs), overwrite }),
      );
      return status();
    }),
    ReplaceDevice: unary(log, async ({ old, new: next, overwrite }) => {
      await daemon.change((pool, media) => replaceDevice(pool, media, { old, next, overwrite }));
      return status();
    }),
    RemoveLogGroups: unary(log, async ({ devices }) => {
      await daemon.change((pool) => pool.removeLogDevices(devices));
      return status();
    }),
    GrowDevices: unary(log, async () => {
      await daemon.change((pool) => pool.growDevices());
      return status();
    }),
    SetProperties: unary(log, async ({ readOnlyThresholdPercent, compression }) => {
      const properties = {
        readOnlyThresholdPercent: percent(readOnlyThresholdPercent),
        compression: compressionOf(compression),
      };
      await daemon.change((pool) => pool.setProperties(properties));
      return status();
    }),
    Scrub: unary(log, async ({ action, sharePercent }) => {
      const wanted = scrubActions[action];
      if (wanted === undefined)
        throw new StatusError('INVALID_ARGUMENT', `action is ${action}: give START, PAUSE or STOP`);
      if (sharePercent > 100)
        throw new StatusError('INVALID_ARGUMENT', `share_percent is ${sharePercent}: give 1 to 100`);
      await daemon.change((pool) => pool.scrub(wanted, sharePercent === 0 ? undefined : sharePercent));
      return status();
    }),
    CreateReplica: unary(log, async ({ volume, replicaId, sizeBytes, description, source }) => {
      requireName('volume', volume);
      requireName('replica_id', replicaId);
      if (sizeBytes <= 0 || sizeBytes % blockBytes !== 0)
        throw new StatusError(
          'INVALID_ARGUMENT',
          `size_bytes is ${sizeBytes}: give a multiple of ${blockBytes} above 0`,
        );
      requireDescription(description);
      const store = await daemon.createReplica(
        volume,
        replicaId,
        sizeBytes,
        description,
        source ?? undefined,
      );
      return { volume, replicaId, guid: store.identity.guid, sizeBytes: store.sizeBytes, description };
    }),
    DeleteReplica: unary(log, async ({ volume, replicaId, guid }) => {
      await daemon.deleteReplica(volume, replicaId, guid);
      return {};
    }),
    CloneReplica: unary(log, async (wanted) => {
      requireName('clone', wanted.clone);
      requireName('replica_id', wanted.replicaId);
      requireDescription(wanted.description);
      const { identity, sizeBytes } = await daemon.cloneReplica(wanted);
      return { ...identity, sizeBytes, description: wanted.description };
    }),
    SendBirths: serverStream(log, ({ volume, ...wanted }, out) =>
      daemon.reading(volume, (store, signal) => sendBirths(store, wanted, out, signal)),
    ),
    ReceiveBirths: unary(log, async ({ volume, chunk, snapshot }) => {
      if (chunk === null) throw new StatusError('INVALID_ARGUMENT', 'chunk is missing');
      await daemon.reading(volume, (store) => receiveBirths(store, chunk, snapshot));
      const { identity, sizeBytes, last, durable } = daemon.replicaOf(volume);
      return { ...identity, sizeBytes, last, durable };
    }),
    ReadReplica: serverStream(log, ({ volume, snapshot }, out) =>
      daemon.reading(volume, (store, signal) => readReplica(store, snapshot, out, signal)),
    ),
  };
}

/** What the engine keeps for a volume besides its data. */
const descriptionBytesMax = 64 * 1024;

function requireDescription(description: string): void {
  if (Buffer.byteLength(description) > descriptionBytesMax)
    throw new StatusError('INVALID_ARGUMENT', `description is longer than ${descriptionBytesMax} bytes`);
}

const scrubActions: Readonly<Record<string, 'start' | 'pause' | 'stop' | undefined>> = {
  SCRUB_ACTION_START: 'start',
  SCRUB_ACTION_PAUSE: 'pause',
  SCRUB_ACTION_STOP: 'stop',
};

function percent(value: number): number {
  if (value >= 1 && value <= 100) return value;
  throw new StatusError('INVALID_ARGUMENT', `read_only_threshold_percent is ${value}: give 1 to 100`);
}

function compressionOf(value: string): Compression {
  const found = compressions.find((compression) => compression === value);
  if (found !== undefined) return found;
  throw new StatusError('INVALID_ARGUMENT', `compression is "${value}": give ${compressions.join(', ')}`);
}

/** Names end up in log lines, file names of users and metrics. */
function requireName(field: string, name: string): void {
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(name))
    throw new StatusError(
      'INVALID_ARGUMENT',
      `${field} is ${JSON.stringify(name)}: give letters, digits, - and .`,
    );
}
