/**
 * What a replica remembers of replication, one record per volume, changed in one instant with the data it speaks of.
 *
 *  - `promised` is durable before a promise is answered (R1) and never falls.
 *  - While complete, content is exactly the history (`epochs`, the store's `last`).
 *  - While rebuilding, `epochs` is the history that the live entries came from, and `ranges` tile the volume: each
 *    range equals that history up to its own `common` and has holes above (R23). With `base`, the snapshot
 *    `baseSnapshot` is the last complete state, with a record of its own (R19).
 *  - `open` is set before the first entry is acknowledged from memory. Found set at start: a crash may have taken
 *    entries that were acknowledged (R5). `leased` likewise: a grant may still run somewhere (R29).
 */
import type { MembershipRecord } from '../api/target-config.ts';
import type { MembershipState } from './membership.ts';
import { historyAt, isHistory, type EpochStart } from './history.ts';

export interface Fence {
  readonly epoch: number;
  /** Random, of one target process; 1 … 2^53 − 1. */
  readonly nonce: number;
}

export interface CopyRangeState {
  readonly block: number;
  readonly count: number;
  readonly common: number;
}

/** A snapshot that a user took: the state of the volume after entry `number`. Both name and number tell which it is. */
export interface SnapshotInfo {
  readonly name: string;
  readonly number: number;
  /** Unix time, as the requester told it. */
  readonly createdAtMs: number;
  /** Of the volume at that number. */
  readonly sizeBytes: number;
}

export type Values = Readonly<Record<string, string>>;

export type ContentState =
  | { readonly kind: 'complete' }
  | { readonly kind: 'rebuilding'; readonly base: boolean; readonly ranges: readonly CopyRangeState[] };

export interface ReplicaRecord {
  readonly promised: Fence;
  readonly epochs: readonly EpochStart[];
  readonly state: ContentState;
  readonly open: boolean;
  readonly leased: boolean;
  /** Size of the volume in this history; the store may be larger after a resize that nobody else took in. */
  readonly sizeBytes: number;
  /** Persistent state of the target, by key: who may log in, … */
  readonly values: Values;
  /** Membership records seen, oldest first. */
  readonly memberships: readonly MembershipRecord[];
  /** Highest version known to be committed; absent: none. */
  readonly committed?: number;
  /** What the entries of this history say; absent: nobody ever changed it. */
  readonly membership?: MembershipState | undefined;
  /**
   * Of this history, ascending, all of them whole in the store; absent: never were any. While rebuilding those below the
   * point that is copied may be missing (R24).
   */
  readonly snapshots?: readonly SnapshotInfo[];
  /** No member any more: nothing is promised to anybody (R35). */
  readonly retired?: boolean;
}

export const baseSnapshot = '~base';
export const proofSnapshot = (number: number): string => `~proof-${number}`;
/** How the store calls a user's snapshot: one of a dead history may have had the name before. */
export const storedName = ({ name, number }: Pick<SnapshotInfo, 'name' | 'number'>): string =>
  `${name}@${number}`;
/** Of a user: not of replication itself, nor of a reader of the pool (replica-reader.ts). */
export const isUserSnapshot = (stored: string): boolean => /^[A-Za-z0-9][^@]*@[0-9]+$/.test(stored);
export const isSnapshotName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(name);
export const sameSnapshot = (
  a: Pick<SnapshotInfo, 'name' | 'number'>,
  b: Pick<SnapshotInfo, 'name' | 'number'>,
): boolean => a.name === b.name && a.number === b.number;
/** Of one volume: the record that lists them is written often. */
export const snapshotsMax = 256;
export const isProofSnapshot = (name: string): boolean => name.startsWith('~proof-');

/** The record is of a later release, or damaged: this replica can not take part. `message` says what to do. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** 2 knows snapshots of users, and histories that return to them; whoever has neither writes 1. */
const formatVersions: readonly number[] = [1, 2];

const versionOf = ({ snapshots = [], epochs }: ReplicaRecord): number =>
  snapshots.length > 0 || epochs.some(({ epoch }, i) => epochs[i - 1]?.epoch === epoch) ? 2 : 1;

export const newRecord = (sizeBytes: number): ReplicaRecord => ({
  promised: { epoch: 0, nonce: 0 },
  epochs: [],
  state: { kind: 'complete' },
  open: false,
  leased: false,
  sizeBytes,
  values: {},
  memberships: [],
});

export const encodeRecord = (record: ReplicaRecord): Uint8Array =>
  Buffer.from(JSON.stringify({ version: versionOf(record), ...record }));

/**
 * Of a replica that begins as a snapshot of another volume: the history is the snapshot's, and nobody is promised below it.
 * `record`: what the store keeps with the snapshot; `last`: where the clone's store begins.
 */
export function cloneRecord(record: Uint8Array, sizeBytes: number, last: number): Uint8Array {
  const { epochs } = historyAt(decodeRecord(record, sizeBytes), last);
  return encodeRecord({
    ...newRecord(sizeBytes),
    promised: { epoch: epochs.at(-1)?.epoch ?? 0, nonce: 0 },
    epochs,
  });
}

/** The record of a store; an empty one is that of a new replica. Throws RecordError. */
export function decodeRecord(bytes: Uint8Array, sizeBytes: number): ReplicaRecord {
  if (bytes.byteLength === 0) return newRecord(sizeBytes);
  const { version, ...record } = parse(bytes);
  if (!formatVersions.includes(version)) {
    throw new RecordError(`replication record of version ${version}: start a release that knows it`);
  }
  const starts = record.epochs.at(-1)?.first ?? 0;
  if (!isHistory({ epochs: record.epochs, last: starts }))
    throw new RecordError('replication record is damaged');
  return record;
}

function parse(bytes: Uint8Array): ReplicaRecord & { readonly version: number } {
  try {
    // Our own writing, under the pool's checksum: the shape is that of `version`.
    return JSON.parse(Buffer.from(bytes).toString()) as ReplicaRecord & { version: number };
  } catch (error) {
    throw new RecordError('replication record is no JSON', { cause: error });
  }
}
