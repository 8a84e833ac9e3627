/** proto/pool.proto over the daemon. */
import type { PoolHandlers } from '../api/proto/caskade/pool/v1/Pool.ts';
import type { Clock } from '../shared/clock.ts';
import { streamStatus } from '../shared/edge/change-feed.ts';
import { serverStream, unary } from '../shared/grpc/handlers.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import type { Log } from '../shared/log.ts';
import {
  compressionOf,
  percent,
  requireDescription,
  requireHintSeconds,
  requireName,
  requireSize,
  scrubOf,
  volumeProperties,
} from './admin-arguments.ts';
import { type OwnStatus, statusKey } from './admin-status.ts';
import { poolLimits } from './options.ts';
import type { PoolDaemon } from './pool-daemon.ts';
import { addGroups, replaceDevice } from './pool-changes.ts';
import { receiveBirths, sendBirths } from './replica-births.ts';
import { readReplica } from './replica-reader.ts';

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
      const wanted = scrubOf(action, sharePercent);
      await daemon.change((pool) => pool.scrub(wanted.action, wanted.sharePercent));
      return status();
    }),
    CreateReplica: unary(log, async ({ volume, replicaId, sizeBytes, description, source }) => {
      requireName('volume', volume);
      requireName('replica_id', replicaId);
      requireSize(sizeBytes);
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
    SetReplicaProperties: unary(log, async ({ volume, replicaId, compression, zstdLevel }) => {
      const properties = volumeProperties(compression, zstdLevel);
      const { identity, sizeBytes } = await daemon.setReplicaProperties(volume, replicaId, properties);
      return { ...identity, sizeBytes, ...properties };
    }),
    DeleteReplica: unary(log, async ({ volume, replicaId, guid }) => {
      await daemon.deleteReplica(volume, replicaId, guid);
      return {};
    }),
    HintTarget: unary(log, ({ volume, instance, seconds }) => {
      requireHintSeconds(seconds);
      requireName('instance', instance);
      daemon.hintTarget(volume, instance, seconds * 1_000);
      return Promise.resolve({});
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
