/**
 * What target and replica say to each other once the link is authenticated (docs/replication.md, "Messages").
 *
 * Each message carries the fence (epoch, nonce) it was sent under; volume and GUID were proved when the link was made
 * and hold for all of it.
 */
import type { MembershipRecord } from '../api/target-config.ts';
import type { BlockRange } from './copy.ts';
import type { EpochStart, History } from './history.ts';
import type { MembershipState } from './membership.ts';
import type { Fence, SnapshotInfo, Values } from './record.ts';

export type EntryKind =
  | 'write'
  | 'unmap'
  | 'flush'
  | 'adopt'
  | 'resize'
  | 'state'
  | 'proof'
  | 'membership'
  | 'snapshot'
  | 'deleteSnapshot'
  | 'revert';

/** What gets a number. */
export type Entry = { readonly number: number } & EntryBody;

export type EntryBody =
  | {
      readonly kind: 'write';
      readonly block: number;
      readonly count: number;
      readonly data: Uint8Array;
      readonly fua: boolean;
      /** A flush will follow, by all experience: it is made durable at once, and acknowledged before. */
      readonly soon?: boolean;
    }
  | { readonly kind: 'unmap'; readonly block: number; readonly count: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'adopt'; readonly epoch: number; readonly previousLast: number }
  | { readonly kind: 'resize'; readonly sizeBytes: number }
  | { readonly kind: 'state'; readonly key: string; readonly value: string }
  /** The named replicas freeze what they hold, to be compared (R25). */
  | { readonly kind: 'proof'; readonly replicas: readonly string[] }
  /** From here on quorums are met in both (R32). */
  | { readonly kind: 'membership'; readonly from: MembershipRecord; readonly record: MembershipRecord }
  /** The state after this entry gets a name. */
  | { readonly kind: 'snapshot'; readonly name: string; readonly createdAtMs: number }
  /** `of`: its number. */
  | { readonly kind: 'deleteSnapshot'; readonly name: string; readonly of: number }
  /** Content is again that of the snapshot taken at `to`; later snapshots go. Size, values and members stay. */
  | { readonly kind: 'revert'; readonly name: string; readonly to: number };

/** Of anything but a write. */
export type DatalessBody = Exclude<EntryBody, { readonly kind: 'write' }>;

/** The state a replica can offer to a recovery: its own when complete, else its base (R19). */
export interface CompleteState {
  readonly history: History;
  /** True: it has to return to its base first. */
  readonly isBase: boolean;
  readonly sizeBytes: number;
  readonly values: Values;
  /** Of this state; absent: nobody ever changed it. */
  readonly membership?: MembershipState | undefined;
  /** Of users, in this history; absent: none. */
  readonly snapshots?: readonly SnapshotInfo[] | undefined;
}

/** Where to copy from; the ticket proves to the source that the target sent us. */
export interface CopySource {
  readonly replicaId: string;
  /** Address of the copy listener. */
  readonly address: string;
  /** Hexadecimal; a secret of this copier under this fence. */
  readonly ticket: string;
  /** How many replicas were in sync when this was said: fewer are copied first. */
  readonly goodCopies?: number;
}

export type TargetMessage = Fence &
  /** `instance`: which of the volume's target processes asks, for the hint of R10; absent: it does not say. */
  (
    | {
        readonly type: 'promise';
        readonly memberships: readonly MembershipRecord[];
        readonly instance?: string | undefined;
      }
    /** You are complete at `from`; entries from `from` + 1 on follow. */
    | {
        readonly type: 'attach';
        readonly epochs: readonly EpochStart[];
        readonly from: number;
        readonly revert: boolean;
      }
    /**
     * Live entries from `firstLive` on follow; `epochs`, size, values and snapshots are those just below it. With `upTo`
     * none follow: what is copied is that snapshot of the source, and another `rebuild` comes after it (R24).
     */
    | {
        readonly type: 'rebuild';
        readonly attachId: number;
        readonly epochs: readonly EpochStart[];
        readonly firstLive: number;
        readonly sizeBytes: number;
        readonly values: Values;
        readonly membership?: MembershipState | undefined;
        readonly snapshots?: readonly SnapshotInfo[] | undefined;
        readonly upTo?: SnapshotInfo | undefined;
        readonly source: CopySource;
      }
    | { readonly type: 'source'; readonly attachId: number; readonly source: CopySource }
    | { readonly type: 'entry'; readonly entry: Entry }
    /** `cutBefore`: every member has settled the epochs below. */
    | { readonly type: 'inSync'; readonly cutBefore: number }
    | { readonly type: 'renew'; readonly sentAtMs: number }
    | { readonly type: 'release' }
    | {
        readonly type: 'read';
        readonly readId: number;
        readonly after: number;
        readonly block: number;
        readonly count: number;
        /** Asked is what is mapped, not what is there: `data` is the first stretch of the range (mapping.ts). */
        readonly map?: boolean;
      }
    /** These blocks, which you could not read, are so elsewhere: taken back where they are what their checksums promise. */
    | { readonly type: 'repair'; readonly block: number; readonly data: Uint8Array }
    | { readonly type: 'dropBase' }
    /** This version is durable on quorums of it and of the one before (R34). */
    | { readonly type: 'committed'; readonly version: number }
    /** You are no member any more, and never will be again (R35). */
    | { readonly type: 'retire'; readonly version: number }
    | { readonly type: 'dropProof'; readonly number: number }
    /** Copy no faster; 0: as fast as it goes. */
    | { readonly type: 'pace'; readonly bytesPerSecond: number }
    /** Of what was frozen at the proof entry `number`, or of the snapshot of that number and stored name (feature). */
    | {
        readonly type: 'digest';
        readonly number: number;
        readonly ranges: readonly BlockRange[];
        readonly snapshot?: string | undefined;
      }
  );

export type ReplicaMessage = Fence &
  (
    | {
        readonly type: 'report';
        /** Undefined: rebuilding without a base. */
        readonly complete: CompleteState | undefined;
        /** Highest number the replica knows in any state of its. */
        readonly last: number;
        readonly clean: boolean;
        readonly memberships: readonly MembershipRecord[];
        /** Highest version of them known to be committed; 0: none. */
        readonly committed: number;
        /** Snapshots of users that are whole in its store, of whatever history; absent: none. */
        readonly snapshots?: readonly SnapshotInfo[] | undefined;
      }
    /** Another target is promised, or has bid with a higher epoch (nonce 0); or the link is not in force (our own fence). */
    | { readonly type: 'refuse'; readonly promised: Fence }
    /** A grant of another target, or of a forgotten one, runs for so long. */
    | { readonly type: 'wait'; readonly ms: number }
    /** Noted, durably. */
    | { readonly type: 'committed'; readonly version: number }
    | { readonly type: 'received'; readonly number: number }
    | { readonly type: 'durable'; readonly number: number }
    | { readonly type: 'renewed'; readonly sentAtMs: number }
    /** `last`: what the replica had taken in when the data was read. */
    | { readonly type: 'data'; readonly readId: number; readonly last: number; readonly data: Uint8Array }
    | { readonly type: 'readFailed'; readonly readId: number; readonly message: string }
    | {
        readonly type: 'progress';
        readonly attachId: number;
        readonly percent: number;
        readonly copiedBytes: number;
        /** Not copied yet, as far as the source has counted; absent: not known. */
        readonly remainingBytes?: number;
      }
    | {
        readonly type: 'sourceLost';
        readonly attachId: number;
        readonly replicaId: string;
        readonly message: string;
      }
    /** All ranges are copied and the stream is past every birth met: prove it. */
    | { readonly type: 'copied'; readonly attachId: number }
    | {
        readonly type: 'mismatch';
        readonly attachId: number;
        readonly groups: number;
        readonly message: string;
      }
    /** Durable: in sync as of `number`, or the snapshot taken there is whole (`upTo`). */
    | {
        readonly type: 'complete';
        readonly attachId: number;
        readonly number: number;
        readonly proof?: Proof | undefined;
      }
    /** Hexadecimal, of each range that was asked for; null: it can not be read. */
    | { readonly type: 'digests'; readonly number: number; readonly digests: readonly (string | null)[] }
    | { readonly type: 'full'; readonly message: string }
    /**
     * Low: its pool is nearly full; what it is sent still fits, new data should not be accepted. Of an earlier release
     * without the room there is.
     */
    | { readonly type: 'space'; readonly low: boolean; readonly room?: PoolRoom | undefined }
    /** An orderly stop: the target drops this lease and answers `release`. */
    | { readonly type: 'leave' }
  );

/** Of a pool: what is free for new data, and with how much less than `lowBytes` (whole MiB) it is low. */
export interface PoolRoom {
  readonly freeBytes: number;
  readonly lowBytes: number;
}

/** Content was compared with the source's as of an entry; `root`: of the hash tree over it, hexadecimal (R25). */
export interface Proof {
  readonly number: number;
  readonly root: string;
}

/** A message before the edge puts the fence on it. */
type Unfenced<M> = M extends Fence ? Omit<M, keyof Fence> : never;
export type TargetSays = Unfenced<TargetMessage>;
export type ReplicaSays = Unfenced<ReplicaMessage>;
