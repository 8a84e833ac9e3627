import type { Proof } from './messages.ts';

/** What a target tells about its volume. Counters that move all the time are in it, but are no change of state. */
export interface VolumeStatus {
  /** Init: never served yet. Offline: nothing is acknowledged. Degraded: fewer replicas in sync than there are. */
  readonly phase: 'Init' | 'Healthy' | 'Degraded' | 'Offline';
  /** 0 while none is chosen. */
  readonly epoch: number;
  readonly last: number;
  /** Durable on a quorum up to this number. */
  readonly flushed: number;
  /** 0 before the first serving. */
  readonly sizeBytes: number;
  /** The epoch whose recovery may have lost acknowledged writes that were never flushed (R5); 0: none in this process. */
  readonly unflushedWritesLostEpoch: number;
  /** One line that says why the phase is not Healthy; empty otherwise. */
  readonly message: string;
  readonly membership: MembershipStatus;
  readonly scrub: ScrubStatus;
  readonly replicas: readonly ReplicaStatus[];
}

/** Of the last comparison of all replicas, in this process. */
export interface ScrubStatus {
  readonly state: 'idle' | 'running' | 'done';
  readonly percent: number;
  /** Groups of blocks that were not the same in all. */
  readonly different: number;
  /** Blocks that were written anew as the replicas that are right have them. */
  readonly mended: number;
  /** Blocks that still differ. */
  readonly left: number;
  /** What it waits for, or the first blocks that are left. */
  readonly message: string;
}

export interface MembershipStatus {
  /** Of the record in force. */
  readonly version: number;
  /** A change that is asked for or under way; 0: none. */
  readonly nextVersion: number;
  /** No recovery needs anybody any more who is not in the record in force: what was removed may be deleted. */
  readonly settled: boolean;
}

export interface ReplicaStatus {
  readonly replicaId: string;
  readonly guid: string;
  readonly pool: string;
  /** PoolFull: has no room and is left out until it has. */
  readonly state: 'Offline' | 'Attaching' | 'PoolFull' | 'Rebuilding' | 'Proving' | 'InSync';
  readonly last: number;
  readonly durable: number;
  readonly message: string;
  /** On the clock of the target. */
  readonly connectedAtMs: number | undefined;
  readonly inflightReads: number;
  readonly inflightWrites: number;
  /** Groups of blocks that a proof found different from the source's (R25), in this process. */
  readonly mismatches: number;
  /** Of its last rebuild in this process. */
  readonly proof: Proof | undefined;
  readonly rebuild: RebuildStatus | undefined;
}

export interface RebuildStatus {
  readonly percent: number;
  readonly bytesPerSecond: number;
  readonly etaSeconds: number;
}

/** What of a status is state: two with the same text differ in counters only. */
export const stateOf = (status: VolumeStatus): string =>
  JSON.stringify([
    status.phase,
    status.epoch,
    status.sizeBytes,
    status.unflushedWritesLostEpoch,
    status.message,
    status.membership,
    { ...status.scrub, percent: Math.floor(status.scrub.percent) },
    status.replicas.map(({ replicaId, guid, state, message, mismatches, proof }) => [
      replicaId,
      guid,
      state,
      message,
      mismatches,
      proof,
    ]),
  ]);
