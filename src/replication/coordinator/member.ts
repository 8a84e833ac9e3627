/**
 * What the target knows of one member. Everything here is void when its link breaks, but the lease: that was given for
 * a time, and the replica keeps its word (R11, R27).
 *
 *   offline ──link──▶ connected ──promise──▶ asked ──report──▶ reported ──┬─attach──▶ inSync
 *      ▲                                                                  └─rebuild─▶ rebuilding ──complete──▶ inSync
 *      └──────────────────────────────── link lost ───────────────────────────────────────┘
 */
import type { PoolRoom, Proof, ReplicaMessage } from '../messages.ts';
import type { SnapshotInfo } from '../record.ts';
import type { RebuildStatus } from '../status.ts';
import type { Progress } from './progress.ts';

export type Report = Extract<ReplicaMessage, { type: 'report' }>;

export interface RebuildProgress {
  readonly attachId: number;
  /** A snapshot that it lacks is copied, and no entries go to it; undefined: the head, while it is fed (R24). */
  readonly upTo: SnapshotInfo | undefined;
  /** Snapshots that are whole there. */
  held: readonly SnapshotInfo[];
  /** Live entries from here on follow; with `upTo`, would follow now. */
  readonly firstLive: number;
  /** Replica it copies from; undefined: another has to be found. */
  sourceId: string | undefined;
  /** A source that failed, to be asked last. */
  failedSourceId: string | undefined;
  nextSourceAtMs: number;
  /** Number of the snapshot entry of the proof under way. */
  proof: number | undefined;
  baseDropped: boolean;
  readonly progress: Progress;
  status: RebuildStatus;
}

export type MemberState =
  | { readonly phase: 'offline' }
  | { readonly phase: 'connected' }
  | { readonly phase: 'asked'; askAgainAtMs: number | undefined }
  | { readonly phase: 'reported'; readonly report: Report }
  | { readonly phase: 'rebuilding'; readonly report: Report; readonly rebuild: RebuildProgress }
  | {
      readonly phase: 'inSync';
      readonly report: Report;
      readonly caughtUpAt: number;
      readonly sinceMs: number;
      told: boolean;
    };

export interface Member {
  readonly id: string;
  readonly guid: string;
  pool: string;
  copyAddress: string;
  state: MemberState;
  /** Highest epoch this replica was heard to have promised. */
  promisedEpoch: number;
  /** Cumulative positions on the present link. received ≤ sent; durable may be of an earlier instant. */
  sent: number;
  received: number;
  durable: number;
  /** `received` in bytes of the stream, as of when that was last in the window. */
  receivedBytes: number;
  /** When `received` last moved, or was level with `sent`. */
  movedAtMs: number;
  leaseUntilMs: number;
  inflightReads: number;
  mismatches: number;
  /** It answers questions for digests (a feature of the protocol). */
  digests: boolean;
  /** Of snapshots, too (another feature). */
  snapshotDigests: boolean;
  /** It keeps to a rate (another feature), and which it was told on this link; 0: none. */
  keepsPace: boolean;
  /** It tells of its room so often that what it was sent since may be counted (another feature). */
  tellsRoom: boolean;
  pace: number;
  /** The last one of a rebuild under this target. */
  proof: Proof | undefined;
  /** Its pool is nearly full. */
  low: boolean;
  /** Undefined: it has not said. */
  room: PoolRoom | undefined;
  /** `receivedBytes` when it said so. */
  roomAtBytes: number;
  /** It could not take an entry in for want of room, and has not said since that there is some. */
  full: boolean;
  /** How often it was sent away for being slow, lately, and until when it is left out for that. */
  setbacks: number;
  heldUntilMs: number;
  connectedAtMs: number | undefined;
  /** Highest version of membership that it has noted as committed, and that it was told of on this link. */
  committed: number;
  toldCommitted: number;
  message: string;
}

export const newMember = (place: {
  readonly id: string;
  readonly guid: string;
  readonly pool: string;
  readonly copyAddress: string;
}): Member => ({
  ...place,
  state: { phase: 'offline' },
  promisedEpoch: 0,
  sent: 0,
  received: 0,
  durable: 0,
  receivedBytes: 0,
  movedAtMs: 0,
  leaseUntilMs: -Infinity,
  inflightReads: 0,
  mismatches: 0,
  digests: false,
  snapshotDigests: false,
  keepsPace: false,
  tellsRoom: false,
  pace: 0,
  proof: undefined,
  low: false,
  room: undefined,
  roomAtBytes: 0,
  full: false,
  setbacks: 0,
  heldUntilMs: -Infinity,
  connectedAtMs: undefined,
  committed: 0,
  toldCommitted: 0,
  message: 'never connected',
});

/** The report that this member gave under the present epoch on its present link. */
export const reportOf = ({ state }: Member): Report | undefined =>
  'report' in state ? state.report : undefined;

export const isInSync = ({ state }: Member): boolean => state.phase === 'inSync';
/** Fed with live entries. */
export const isAttached = ({ state }: Member): boolean =>
  state.phase === 'inSync' || (state.phase === 'rebuilding' && state.rebuild.upTo === undefined);
export const isLinked = ({ state }: Member): boolean => state.phase !== 'offline';
/** Its pool has little more room than it keeps for what is on its way: as much again. */
export const isNearlyFull = ({ low, room }: Member): boolean =>
  low || (room !== undefined && room.freeBytes < 2 * room.lowBytes);
