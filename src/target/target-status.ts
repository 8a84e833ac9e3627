/** The status of a target as its admin interface and its metrics tell it (proto/target.proto). */
import type { TargetStatus } from '../api/proto/caskade/target/v1/TargetStatus.ts';
import type { SnapshotInfo } from '../replication/record.ts';
import type { VolumeStatus } from '../replication/status.ts';
import { version } from '../shared/edge/version.ts';
import type { SessionInfo } from './server-options.ts';

/** A status as this process makes it. */
export type OwnStatus = TargetStatus & {
  readonly phase: VolumeStatus['phase'];
  readonly replicas: NonNullable<TargetStatus['replicas']>;
};

export function statusOf(
  volume: string,
  status: VolumeStatus,
  initiators: readonly string[],
  sessions: readonly SessionInfo[],
  nowMs: number,
  snapshots: readonly SnapshotInfo[] = [],
): OwnStatus {
  return {
    volume,
    version,
    phase: status.phase,
    epoch: status.epoch,
    last: status.last,
    flushed: status.flushed,
    sizeBytes: status.sizeBytes,
    unflushedWritesLostEpoch: status.unflushedWritesLostEpoch,
    message: status.message,
    membershipVersion: status.membership.version,
    membershipNext: status.membership.nextVersion,
    membershipSettled: status.membership.settled,
    scrub: {
      state: status.scrub.state,
      percent: status.scrub.percent,
      different: status.scrub.different,
      mendedBlocks: status.scrub.mended,
      leftBlocks: status.scrub.left,
      message: status.scrub.message,
    },
    snapshots: snapshots.map(snapshotOf),
    initiators: [...initiators],
    sessions: [...new Set(sessions.map(({ initiator }) => initiator))].toSorted(),
    initiatorSessions: sessions.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    replicas: status.replicas.map((replica) => ({
      replicaId: replica.replicaId,
      guid: replica.guid,
      pool: replica.pool,
      state: replica.state,
      last: replica.last,
      durable: replica.durable,
      message: replica.message,
      upSeconds:
        replica.connectedAtMs === undefined ? 0 : Math.floor((nowMs - replica.connectedAtMs) / 1_000),
      inflightReads: replica.inflightReads,
      inflightWrites: replica.inflightWrites,
      rebuild: replica.rebuild ?? null,
      proofRoot: replica.proof?.root ?? '',
      proofNumber: replica.proof?.number ?? 0,
      mismatches: replica.mismatches,
    })),
  };
}

const nameOf = ({ initiator, isid }: SessionInfo) => `${initiator},${isid}`;

/** Without counters; the progress of a rebuild counts in whole percents. */
export function statusKey(status: OwnStatus): string {
  const { last: _last, flushed: _flushed, replicas, scrub, initiatorSessions, ...rest } = status;
  return JSON.stringify([
    rest,
    initiatorSessions?.map(({ initiator, tsih }) => [initiator, tsih]),
    { ...scrub, percent: Math.floor(Number(scrub?.percent ?? 0)) },
    replicas.map(({ replicaId, guid, pool, state, message, rebuild, proofRoot, mismatches }) => [
      replicaId,
      guid,
      pool,
      state,
      message,
      proofRoot,
      mismatches,
      rebuild ? Math.floor(Number(rebuild.percent)) : null,
    ]),
  ]);
}

export const snapshotOf = ({ name, number, createdAtMs, sizeBytes }: SnapshotInfo) => ({
  name,
  number,
  createdMs: createdAtMs,
  sizeBytes,
});
