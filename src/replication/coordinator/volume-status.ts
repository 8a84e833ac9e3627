/** What people are told of a volume, from what the target knows of its members. */
import { ackQuorum } from '../quorum.ts';
import type { MembershipStatus, ScrubStatus } from '../status.ts';
import type { Seats } from './seats.ts';
import type { ReplicaStatus, VolumeStatus } from '../status.ts';
import { isInSync, type Member } from './member.ts';

interface Facts {
  readonly seats: Seats;
  readonly membership: MembershipStatus;
  readonly ended: boolean;
  readonly serving: boolean;
  readonly served: boolean;
  readonly epoch: number;
  readonly last: number;
  readonly flushed: number;
  readonly sizeBytes: number;
  readonly lossyEpoch: number;
  readonly message: string;
  readonly scrub: ScrubStatus;
}

export function volumeStatus(facts: Facts): VolumeStatus {
  const { epoch, last, flushed, sizeBytes, lossyEpoch } = facts;
  const phase = phaseOf(facts);
  return {
    phase,
    epoch,
    last,
    flushed,
    sizeBytes,
    unflushedWritesLostEpoch: lossyEpoch,
    message: phase === 'Healthy' ? '' : [facts.message, ...missing(facts)].filter(Boolean).join('; '),
    membership: facts.membership,
    scrub: facts.scrub,
    replicas: facts.seats.all.map((member) => replicaStatus(member, last)),
  };
}

function phaseOf({ seats, ended, serving, served }: Facts): VolumeStatus['phase'] {
  if (ended) return 'Offline';
  if (!serving) return served ? 'Offline' : 'Init';
  if (!seats.meets(ackQuorum, isInSync)) return 'Offline';
  return seats.counted.every(isInSync) ? 'Healthy' : 'Degraded';
}

const missing = ({ seats, serving }: Facts): string[] => {
  const members = seats.counted;
  return serving ? [`${members.filter(isInSync).length} of ${members.length} replicas are in sync`] : [];
};

function replicaStatus(member: Member, last: number): ReplicaStatus {
  const { state } = member;
  return {
    replicaId: member.id,
    guid: member.guid,
    pool: member.pool,
    state: stateOf(member),
    last: state.phase === 'offline' ? 0 : member.received,
    durable: state.phase === 'offline' ? 0 : member.durable,
    message: member.message,
    connectedAtMs: member.connectedAtMs,
    inflightReads: member.inflightReads,
    inflightWrites: isInSync(member) ? last - member.received : 0,
    mismatches: member.mismatches,
    proof: member.proof,
    rebuild: state.phase === 'rebuilding' ? state.rebuild.status : undefined,
  };
}

function stateOf({ state, full }: Member): ReplicaStatus['state'] {
  switch (state.phase) {
    case 'offline':
      return 'Offline';
    case 'connected':
    case 'asked':
      return 'Attaching';
    case 'reported':
      return full ? 'PoolFull' : 'Attaching';
    case 'rebuilding':
      return state.rebuild.proof === undefined ? 'Rebuilding' : 'Proving';
    case 'inSync':
      return 'InSync';
  }
}
