/**
 * What replication needs of the engine: the synchronous half, which the replica core calls itself. Its guarantees are
 * those of the engine's VolumeStore: one order of mutations, after a crash a prefix of it.
 */
import type { BlockRange, CopiedExtent, Extent } from './copy.ts';

export interface ReplicaStore {
  readonly identity: { readonly volume: string; readonly replicaId: string; readonly guid: string };
  readonly sizeBytes: number;
  readonly last: number;
  readonly durable: number;
  readonly record: Uint8Array;
  /** Throws an error named NoSpaceError before anything has changed; so does `copyIn`. */
  write(number: number, block: number, data: Uint8Array): void;
  unmap(number: number, block: number, count: number): void;
  advance(number: number): void;
  resize(number: number, sizeBytes: number): void;
  setRecord(record: Uint8Array): void;
  copyIn(extents: readonly CopiedExtent[]): void;
  snapshot(name: string): void;
  deleteSnapshot(name: string): void;
  rollback(name: string): void;
  snapshots(): readonly { readonly name: string; readonly number: number; readonly record: Uint8Array }[];
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };
/** Extents in order, and where to go on: behind the range when that was all. */
export interface BornExtents {
  readonly extents: readonly Extent[];
  readonly next: number;
}
export type Done<T> = (outcome: Outcome<T>) => void;

/**
 * The asynchronous half, as effects: `done` is called once, later, never from inside the call. A pool that fails ends
 * its process, so `commit` has no failure.
 */
export interface StoreEffects {
  /** `done` once all mutations called so far are durable. */
  commit(done: () => void): void;
  /**
   * Of the head, or of a snapshot. `done` may be called at once: what is in memory is not waited for. `only`: ascending
   * parts of the range; for the rest there is room in what is answered, and nothing is said about it.
   */
  read(
    block: number,
    count: number,
    done: Done<Uint8Array>,
    snapshot?: string,
    only?: readonly BlockRange[],
  ): void;
  /** As `read` of the head, for an answer that is sent at once: it is somebody else's as soon as `done` has returned. */
  readBriefly(block: number, count: number, done: Done<Uint8Array>): void;
  /**
   * Content and births of the blocks of these ranges, ascending; at most one answer's worth. For an answer that is sent at
   * once: it is somebody else's as soon as `done` has returned.
   */
  gather(ranges: readonly BlockRange[], done: Done<readonly CopiedExtent[]>, snapshot?: string): void;
  births(
    after: number,
    range: { readonly block: number; readonly count: number },
    limit: number,
    done: Done<BornExtents>,
    snapshot?: string,
  ): void;
  /** Puts blocks back that are unreadable here, where `data` is what their checksums promise; else nothing changes. */
  repair(block: number, data: Uint8Array): void;
  digest(block: number, count: number, snapshot: string, done: Done<Uint8Array>): void;
}

export const isNoSpace = (error: unknown): boolean => error instanceof Error && error.name === 'NoSpaceError';
