/** The two services of the data plane, from their protos, and what of their status is worth looking at the objects for. */
import type { PoolStatusRead } from '../../api/proto/caskade/pool/v1/PoolStatus.ts';
import type { TargetStatusRead } from '../../api/proto/caskade/target/v1/TargetStatus.ts';
import type { ProtoGrpcType as PoolProto } from '../../api/proto/pool.ts';
import type { ProtoGrpcType as TargetProto } from '../../api/proto/target.ts';
import type { Clock } from '../../shared/clock.ts';
import { loadProto } from '../../shared/grpc/load.ts';
import type { Log } from '../../shared/log.ts';
import { Peers } from './peers.ts';

export const poolService = loadProto<PoolProto>('pool.proto').caskade.pool.v1.Pool.service;
export const targetService = loadProto<TargetProto>('target.proto').caskade.target.v1.Target.service;

export type Pools = Peers<typeof poolService, PoolStatusRead>;
export type Targets = Peers<typeof targetService, TargetStatusRead>;

interface Edge {
  readonly onChange: (name: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sizes are looked at again when they have moved by 16 MiB. */
const bytesStep = 16 * 1024 ** 2;

export const openPools = (edge: Edge): Pools =>
  new Peers({
    ...edge,
    service: poolService,
    watch: (client, signal) => client.stream('WatchStatus', {}, { signal }),
    essence: (status) =>
      JSON.stringify(status, (field, value: unknown) => {
        if (counters.has(field)) return undefined;
        return field.endsWith('Bytes') && typeof value === 'number' ? Math.round(value / bytesStep) : value;
      }),
  });

export const openTargets = (edge: Edge): Targets =>
  new Peers({
    ...edge,
    service: targetService,
    watch: (client, signal) => client.stream('WatchStatus', {}, { signal }),
    essence: (status) =>
      JSON.stringify(status, (field, value: unknown) => (counters.has(field) ? undefined : value)),
  });

const counters: ReadonlySet<string> = new Set([
  'last',
  'durable',
  'flushed',
  'upSeconds',
  'inflightReads',
  'inflightWrites',
  'bytesPerSecond',
  'etaSeconds',
  'sessions',
  'initiatorSessions',
]);
