/** The Volume port over replicas, as the edges of a target see it; linked-volume.ts is what stands behind it. */
import type { ReplicaAddress } from '../api/target-config.ts';
import type { Speaks } from '../replication/handshake.ts';
import type { Refusal } from '../replication/refusals.ts';
import type { VolumeStatus } from '../replication/status.ts';
import type { Timing } from '../replication/timing.ts';
import type { Clock } from '../shared/clock.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import type { Log } from '../shared/log.ts';
import { LinkedVolume } from './linked-volume.ts';
import type { MembersChange } from './member-places.ts';
import type { VolumeSnapshots } from './volume-snapshots.ts';
import type { Volume } from './volume.ts';

export interface ReplicatedVolumeOptions extends MembersChange {
  /** Name of the PersistentVolume. */
  readonly volume: string;
  /** Name of this process among the targets of the volume; absent: none (R10). */
  readonly instance?: string | undefined;
  /** Absent: links without TLS. */
  readonly tls?: LinkTls | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests; the defaults are the rules' numbers. */
  readonly timing?: Partial<Timing> | undefined;
  /** For tests: what another release would say. */
  readonly speaks?: Speaks | undefined;
}

export interface ReplicatedVolume extends Volume {
  /** Settles when the first request can be served; `sizeBytes` is 0 before. */
  readonly serving: Promise<void>;
  status(): VolumeStatus;
  /** Told of changes of state, not of counters; the answer ends it. */
  onStatus(listener: (status: VolumeStatus) => void): () => void;
  /** Who may log in; empty until serving. */
  initiators(): readonly string[];
  /** Durable on a quorum when answered. Rejects with VolumeError busy without one. */
  setInitiators(iqns: readonly string[]): Promise<void>;
  readonly snapshots: VolumeSnapshots;
  /** Grows the volume. RangeError when smaller than it is or not whole blocks. */
  resize(sizeBytes: number): Promise<void>;
  /** R28: to be asked immediately before an answer goes to the initiator. */
  mayAnswer(): boolean;
  /** Requests that can not be answered now hear busy at once instead of when their time is over. */
  hurry(): void;
  /** A hint that this replica may be back: dials it at once. Undefined: all. */
  announce(replicaId?: string): void;
  /**
   * The configuration names other members (R32): newcomers are linked and rebuilt, and the change is made when they hold
   * everything. `status().membership` tells how far it is. Throws UsageError when a newcomer has no address, a wrong one,
   * or no key.
   */
  setMembers(change: MembersChange): void;
  /** Addresses have changed; links to unchanged ones stay. Throws UsageError when one is none, and changes nothing then. */
  setReplicas(replicas: Readonly<Record<string, ReplicaAddress>>): void;
  /** Compares the replicas in the background and mends what differs; `status().scrub` tells of it. One that runs goes on. */
  scrub(): void;
  /** A scrub begins by itself so long after the one before, or after the start; undefined: never. */
  setScrubInterval(intervalMs: number | undefined): void;
  /** How often the other end of a link was refused, by reason. */
  refusals(): Readonly<Record<Refusal, number>>;
  /** Links that are open without TLS. */
  plainLinks(): number;
  /** How long requests that come from now on wait for a quorum (R16). */
  setQuorumWait(quorumWaitMs: number): void;
  /** Settles with the reason when this target may never serve again, except by `stop`. */
  readonly ended: Promise<string>;
  /** Orderly: flushes (at most 10 s), gives its grants back, closes the links. Once, however often it is asked for. */
  stop(): Promise<void>;
}

/** Starts dialing at once. Throws UsageError when a member has no address, a wrong one, or no key. */
export function openReplicatedVolume(options: ReplicatedVolumeOptions): ReplicatedVolume {
  return new LinkedVolume(options);
}
