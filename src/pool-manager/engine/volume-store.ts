/**
 * The port of the engine: what replication asks of a store (docs/replication.md, "What a store gives").
 *
 * **One order.** All mutations of a volume (`write`, `unmap`, `advance`, `resize`, `setRecord`, `copyIn`, `snapshot`,
 * `deleteSnapshot`, `rollback`, `setProperties`, `setAnnotations`) are synchronous and take effect in the order of the calls. They are visible to reads at
 * once and durable when a `commit` that was called after them has completed. After a crash the volume is exactly the
 * state after some prefix of that order, not shorter than the last completed commit: content, births, `last`, record and
 * snapshots all of one instant. Mutations made in one synchronous run are never separated by a crash.
 *
 * **Births.** Every block carries the number of the entry that last wrote or unmapped it; 0 is "never touched". An
 * unmapped block keeps its birth, in whole unmapped ranges too.
 *
 * Blocks are 4096 bytes and are counted from 0. Numbers are whole, up to 2^53 - 1.
 */
export interface VolumeIdentity {
  /** Name of the volume (the PersistentVolume's). */
  readonly volume: string;
  /** Which seat of the volume this replica takes. */
  readonly replicaId: string;
  /** Random, 16 hexadecimal digits, made when the replica is created, never given to another place. */
  readonly guid: string;
}

export interface Extent {
  readonly block: number;
  readonly count: number;
  readonly birth: number;
  /** False: the extent reads as zeros. */
  readonly mapped: boolean;
}

/** Blocks of one birth on their way between replicas; without data where the whole extent reads as zeros. */
export interface CopiedExtent {
  readonly block: number;
  readonly count: number;
  /** 0 (then without data): never touched. May be below the birth the block has here: a dead write gives way. */
  readonly birth: number;
  readonly data: Uint8Array | undefined;
}

export interface Snapshot {
  readonly name: string;
  /** `last` when it was taken. */
  readonly number: number;
  /** The record when it was taken. */
  readonly record: Uint8Array;
}

/** Exact when no background work is left: trees are built by checkpoints, and large unmaps are freed in slices. */
export interface VolumeUsage {
  /** Blocks that hold data in the head, times 4096. */
  readonly logicalBytes: number;
  /** What the volume occupies in the pool, snapshots included. Blocks that a clone has from its origin are the origin's. */
  readonly allocatedBytes: number;
}

/** In bytes as stored, nodes of the map included. */
export interface SnapshotUsage {
  /** What nobody else has: neither another snapshot, nor the head, nor a clone. */
  readonly uniqueBytes: number;
  /** The rest of what the snapshot refers to. */
  readonly sharedBytes: number;
  /**
   * What deleting it gives back: `uniqueBytes`, or 0 while a clone needs it, or while two histories go on from it (after
   * a rollback).
   */
  readonly reclaimableBytes: number;
}

export const compressions = ['off', 'lz4', 'zstd'] as const;
export type Compression = (typeof compressions)[number];

/** Of one replica; changeable at any time, for what is written from then on. */
export interface VolumeProperties {
  readonly compression: Compression;
  /** 1…19, for zstd. */
  readonly zstdLevel: number;
}

export const defaultProperties: VolumeProperties = { compression: 'off', zstdLevel: 3 };

export interface VolumeStore {
  readonly identity: VolumeIdentity;
  readonly sizeBytes: number;
  /** Number of the newest entry taken in (`write`, `unmap`, `advance`, `resize`); 0 at birth. Never of a copied block. */
  readonly last: number;
  /** Every entry up to this number survives a power loss; never falls, except by `rollback`. */
  readonly durable: number;
  /** The replication record, opaque here; empty at birth. */
  readonly record: Uint8Array;
  readonly properties: VolumeProperties;
  /** What is needed to recreate the volume's custom resources, opaque here; empty at birth, at most 64 KiB. */
  readonly annotations: Uint8Array;

  /**
   * Takes in entry `number` (above `last`): `data` is whole blocks. All-zero blocks are stored as unmapped.
   * It is copied before the call returns.
   * Throws NoSpaceError before anything has changed.
   */
  write(number: number, block: number, data: Uint8Array): void;
  /** Takes in entry `number`: the range reads as zeros and keeps this birth. Works on a full pool. */
  unmap(number: number, block: number, count: number): void;
  /** Takes in entry `number` that changes no block (flush, adopt, membership, …). */
  advance(number: number): void;
  /** Takes in entry `number`: grows the volume; the new part reads as zeros with birth `number`. Throws LimitError. */
  resize(number: number, sizeBytes: number): void;
  /** Replaces the record, atomically with all mutations before it. Works on a full pool. */
  setRecord(record: Uint8Array): void;
  /** Writes blocks that came from another replica, with the births they have there. Changes neither `last` nor the record. */
  copyIn(extents: readonly CopiedExtent[]): void;

  /** Mutations as any other; they change neither `last` nor content. They work on a full pool. */
  setProperties(properties: VolumeProperties): void;
  /** Throws LimitError. */
  setAnnotations(annotations: Uint8Array): void;

  /** Constant time. The name must be free. Throws LimitError for a name that is empty or longer than 255 bytes. */
  snapshot(name: string): void;
  /** The name is free again at once; its space comes back in the background. */
  deleteSnapshot(name: string): void;
  /** Head content, births, `last` and record become those of the snapshot, which stays. */
  rollback(name: string): void;
  snapshots(): readonly Snapshot[];

  /** Makes all mutations called so far durable; many callers share one commit. Answers `durable`. Rejects once the pool has failed. */
  commit(): Promise<number>;
  /**
   * Resolves at once while there is room for more unwritten data, else when there is. The caller waits before the next
   * `write`, which may then be up to 4 MiB: if that is refused, the pool is full and waiting would not help. Rejects once
   * the pool has failed.
   */
  room(): Promise<void>;
  /** Whether `room` has nothing to wait for but perhaps a turn of the event loop. */
  readonly hasRoom: boolean;

  /** Content of `count` blocks from `block`, of the head or of a snapshot. Rejects with BadBlockError, never with wrong data. */
  read(block: number, count: number, snapshot?: string): Promise<Uint8Array>;
  /**
   * The same into memory of the caller's, whole blocks, which the store has until `done` is called, once, with the error or
   * without; that may be at once. What is in it after an error says nothing. `only`: ascending parts of the range that are
   * wanted; what is in the memory of the others says nothing.
   */
  readInto(
    block: number,
    into: Uint8Array,
    done: (error: Error | undefined) => void,
    snapshot?: string,
    only?: readonly { readonly block: number; readonly count: number }[],
  ): void;
  /**
   * Extents born after `after` among [block, block + count), in order, at most `limit`; parts that do not differ are
   * skipped without reading them. `next` is where to go on, or block + count when nothing is left.
   */
  births(
    after: number,
    block: number,
    count: number,
    limit: number,
    snapshot?: string,
  ): Promise<{ readonly extents: readonly Extent[]; readonly next: number }>;
  /**
   * Content and birth of each block of these ranges, ascending, in order of blocks; without data where they read as zeros.
   * Read in the order in which they lie, whatever the order of their blocks, into memory of the caller's, long enough, which
   * the content is parts of. Rejects with BadBlockError.
   */
  gather(
    ranges: readonly { readonly block: number; readonly count: number }[],
    into: Uint8Array,
    snapshot?: string,
  ): Promise<readonly CopiedExtent[]>;
  /** A hash of the logical content of [block, block + count): equal content, equal digest, however it came to be. */
  digest(block: number, count: number, snapshot?: string): Promise<Uint8Array>;
  usage(): VolumeUsage;
  /** Bytes of the blocks that hold data in this snapshot; exact when no background work is left. */
  snapshotBytes(name: string): number;
  /** Rejects when there is no such snapshot. Exact when no background work is left. */
  snapshotUsage(name: string): Promise<SnapshotUsage>;

  /**
   * For another replica that lost a block which it has with birth `birth`: the content, if the head or a snapshot here
   * has the block with that very birth; else undefined. Rejects with BadBlockError.
   */
  readForRepair(block: number, birth: number): Promise<Uint8Array | undefined>;
  /**
   * Puts back a block that is unreadable here, if `data` is what its checksum promises: the one of the head, or with
   * `birth` (BadBlockError) that of a snapshot too. It is written where it lay, so all snapshots and clones that share it
   * are healed; where that can not be, the head gets a copy. Answers whether it was. Neither birth nor `last` changes.
   */
  writeRepaired(block: number, data: Uint8Array, birth?: number): Promise<boolean>;
}

/** A block failed its checksum and no good copy is in this pool: another replica may have one. */
export class BadBlockError extends Error {
  override readonly name = 'BadBlockError';
  readonly volume: string;
  readonly block: number;
  /** Which of the block's contents it was (`readForRepair`); undefined when the map itself is unreadable. */
  readonly birth: number | undefined;
  constructor(volume: string, block: number, birth?: number, options?: ErrorOptions) {
    super(`volume ${volume}: block ${block} is unreadable`, options);
    this.volume = volume;
    this.block = block;
    this.birth = birth;
  }
}

/** More than the engine can count or keep (docs/limits.md); nothing was changed. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}

/** The pool has no room for this write; nothing was changed. */
export class NoSpaceError extends Error {
  override readonly name = 'NoSpaceError';
}
