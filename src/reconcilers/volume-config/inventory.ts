/** What a volume is asked to be, the pools and replicas there are, and how a replica is named. */
import { createHash } from 'node:crypto';

/** What the user asks for, policy applied. */
export interface Wish {
  readonly name: string;
  readonly uid: string;
  readonly cluster: string;
  readonly policyName: string;
  /** As written, for messages. */
  readonly capacity: string;
  readonly sizeBytes: number;
  readonly replicaCount: number;
  /** replicaPoolInfo of the policy: the placement, once it is there. */
  readonly pools: readonly string[];
  /** Policy and placement stand in spec.policy. */
  readonly recorded: boolean;
  readonly replicaAffinity: boolean;
  /** Node of the first consumer, where it is known. */
  readonly node: string;
  readonly source: string;
}

export interface PoolView {
  readonly name: string;
  readonly uid: string;
  readonly hostname: string;
  /** Online and writable, not being deleted. */
  readonly usable: boolean;
  /** The daemon answers the operator now. */
  readonly answers: boolean;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly thick: boolean;
  /** Replicas of all volumes placed on it. */
  readonly replicas: number;
}

export interface ReplicaView {
  readonly name: string;
  readonly pool: string;
  readonly replicaId: string;
  readonly deleting: boolean;
  /** Of the same volume incarnation. */
  readonly ours: boolean;
}

/** The identity of a replica: of this volume on this pool, and of no later one of the same names. Decimal, 64 bits. */
export const replicaIdOf = (volumeUid: string, poolUid: string): string =>
  createHash('sha256').update(`${volumeUid}/${poolUid}`).digest().readBigUInt64BE(0).toString();

export const replicaName = (volume: string, pool: string): string => `${volume}-${pool}`;
