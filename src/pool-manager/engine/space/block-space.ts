/**
 * Names and places: which batch lies where, which units of which segment are in use, and what is free.
 *
 *  - A segment is written once from front to back and becomes free as a whole: `free → open → closed → held → free`.
 *    *Held* is one whose last unit died at checkpoint t: it is opened again after root t+2 and no older pin. *System*
 *    segments carry the items of checkpoints; nothing in them has a name.
 *  - A unit is *busy* from `append` until `free` or `drop`, and *live* from `adopt` until `free`: live is what the table
 *    on disk says. A unit with several compressed blocks is in use until the last of them dies.
 *  - Names never change. The cleaner moves what is live of a batch, in order, so a place is base + rank.
 *
 * docs/disk-format.md, "Names, batches, segments".
 */
import type { ItemReader, ItemWriter } from '../checkpoint/item-store.ts';
import type { SegmentGroup, SegmentWriter, UnitCheck } from '../group/segment-group.ts';
import type { MapSpace } from '../map/map-space.ts';

export interface SpaceOptions {
  readonly groups: readonly SegmentGroup[];
  /** First batch number that may be given: 1 in a new pool, else what `load` is told. */
  readonly nextBatch?: number;
  /** Lets the event loop turn: long work calls it between slices of a millisecond or two. */
  readonly pause?: () => Promise<void>;
  /** Tells devices what has become free. */
  readonly discard?: boolean;
  /**
   * The rule of sums in summaries: 64 bits over `lengthBytes` of stored bytes at `from`, salted with the owner; low half
   * to `to[0]`, high half to `to[1]`.
   */
  readonly storedSum: (
    bytes: Uint8Array,
    from: number,
    lengthBytes: number,
    owner: number,
    to: Uint32Array,
  ) => void;
  /** A unit that no copy is good of was met by the cleaner; it is moved as it is. */
  readonly onRot?: (rot: Rot) => void;
}

/** Whose a unit is, as its summary says: a hint. Undefined owners: several compressed blocks, or no summary. */
export interface UnitOwner {
  readonly slot: number;
  readonly owner: number;
}

export interface Rot {
  readonly group: number;
  readonly segment: number;
  readonly unit: number;
  readonly owner: UnitOwner | undefined;
}

/** Where a batch begins, for the log. */
export interface BatchPlace {
  readonly group: number;
  readonly segment: number;
  readonly firstUnit: number;
}

export type SegmentState = 'free' | 'open' | 'closed' | 'held' | 'system';

/** In units of data; all getters are cheap. */
export interface SpaceRoom {
  /** All that segments can hold, summaries not counted. */
  readonly totalUnits: number;
  /** Can be appended to now: free segments and what is left of the open ones. */
  readonly freeUnits: number;
  /** Come back by checkpoints alone. */
  readonly heldUnits: number;
  /** Of these, what was emptied since the last root began to be written: the next one has it. */
  readonly heldNewlyUnits: number;
  /** Dead units in closed segments: cleaning brings them back. */
  readonly reclaimableUnits: number;
  /** Busy units, live ones among them. */
  readonly busyUnits: number;
  readonly liveUnits: number;
  readonly systemUnits: number;
  /** Of the largest segment. */
  readonly segmentUnits: number;
  /** Kept from users (7 %), the next two included. */
  readonly reserveUnits: number;
  /** Kept for deletes, unmaps and checkpoints, the next included. */
  readonly internalReserveUnits: number;
  readonly cleanerReserveUnits: number;
  /** What user writes (with the metadata they cause) may still take in the long run: cleaning makes it real. */
  readonly userUnits: number;
  /** Of the reserve, for writes that can not be taken back. */
  readonly lateReserveUnits: number;
  /** `userUnits` with that: negative when less is left. */
  readonly lateUnits: number;
  /** What user writes may take right now, before anything is cleaned or released. */
  readonly userUnitsNow: number;
  /** No more than either of the two, and quickly known: what is left of open segments is not looked at. */
  readonly userUnitsAtLeast: number;
}

/** `no`: nothing to gain. `idle`: worth it when there is nothing else to do. `paced`: see `debt`. `urgent`: users wait. */
export type CleaningNeed = 'no' | 'idle' | 'paced' | 'urgent';

export interface Cleaning {
  readonly need: CleaningNeed;
  /**
   * What users should find free beside the internal reserve before they have to wait: admission's margin and the nodes
   * that are to be built. Up to a fiftieth of the pool counts.
   */
  wantedUnits: number;
  /** Nodes that checkpoints may have to write yet: what is free for them is not taken. */
  pendingUnits: number;
  /** Units of data and of nodes that were moved so far. */
  readonly moved: { readonly data: number; readonly metadata: number };
  /** Units to move for so many appended ones. */
  debt(appendedUnits: number): number;
  /**
   * Moves about so many units, one call at a time; answers how many were moved and copied. 0: nothing can be gained now
   * (what is emptied waits for a checkpoint). The caller holds a pin. Rejects with GroupFailure.
   */
  clean(unitsMax: number): Promise<number>;
}

export interface SegmentScrub {
  /** Units in use that were looked at. */
  readonly units: number;
  readonly repairedUnits: number;
  readonly bad: readonly Rot[];
}

export interface BlockSpace extends MapSpace {
  readonly room: SpaceRoom;
  readonly cleaning: Cleaning;
  /** Bytes of memory, most of what the space takes, and pieces of batches. */
  memory(): { readonly batches: number; readonly units: number; readonly pieces: number };
  /** Units of data and of nodes that were appended so far, by users and checkpoints. */
  readonly appended: { readonly data: number; readonly metadata: number };
  /** The number the next batch gets: goes into the root. */
  nextBatch(): number;

  /** Whether the bytes have left for the devices: then the log may refer to them. */
  isSent(words: Uint32Array, at: number): boolean;
  /**
   * Puts the stored bytes of a live name, of which no copy was good, back where it lies; the caller has verified them and
   * holds a pin. False when the name is gone. Rejects with GroupFailure.
   */
  rewrite(words: Uint32Array, at: number, stored: Uint8Array): Promise<boolean>;
  /** From the first append on, while anything of the batch is busy. */
  batchPlace(batch: number): BatchPlace;
  /** Pads and sends all open rows, the cleaner's too. */
  seal(): void;
  /** Everything sent is written, not flushed. Rejects with GroupFailure. */
  drained(): Promise<void>;

  /** At import, before anything else: the table as of root `txg`. Rejects with DamagedItemError, throws TableError. */
  load(items: ItemReader, txg: number, nextBatch: number): Promise<void>;
  /** Replay, first pass: the log refers to data in this segment, so nobody may open it. */
  reserve(group: number, segment: number): void;
  /** Replay, second pass: the batch that began there gets a number of now. */
  bind(group: number, segment: number, firstUnit: number): number;
  /** Replay: what the pointer names, in a batch just bound, is busy. Slot and block go into the summary, if they are given. */
  claim(words: Uint32Array, at: number, slot?: number, block?: number): void;

  /**
   * Puts what the table lacks into checkpoint `txg`: what is appended, adopted or freed after the call belongs to the next
   * one. Until it resolves nothing is adopted or freed.
   */
  changes(txg: number, items: ItemWriter): Promise<void>;
  /**
   * Root `durableTxg` is durable, the oldest reader began when `oldestPinTxg` was open; root `wholeTxg` is the last one
   * that has all that volumes were then. Segments with data of later writes stay as they are: the log speaks of them.
   */
  release(durableTxg: number, oldestPinTxg: number, wholeTxg: number): void;

  /** To be called every few seconds: while little is written devices are told what has become free, or was long ago. */
  lookAtDiscards(): void;
  /** Before the devices are closed: none is told any more what has become free, or is being told. */
  stopDiscards(): Promise<void>;

  /** A free segment for items of checkpoints, from the internal reserve, in the group with most room. */
  openSystem(): { readonly group: SegmentGroup; readonly writer: SegmentWriter };
  /** At import, after `load`: the root names items in it. */
  claimSystem(group: number, segment: number): void;
  /** No item from root `txg` on is in it. */
  freeSystem(group: number, segment: number, txg: number): void;

  /** Groups have grown, or there are more of them. */
  grow(groups: readonly SegmentGroup[]): void;
  segmentState(group: number, segment: number): SegmentState;
  /** Segments that are not free and were written after checkpoint `afterTxg`, in order: what a device may lack. */
  segmentsWritten(group: number, afterTxg: number): Iterable<number>;
  /** All invariants, looked up one by one (slow): what is wrong, in words. */
  audit(): readonly string[];
  /** Live blocks in a unit, as the table says; 0 where nothing has a name. */
  liveBlocks(group: number, segment: number, unit: number): number;
  /** Judges the units of a segment by its summary, for who mends it as a whole: true where nothing is known. */
  judge(group: number, segment: number): Promise<UnitCheck>;
  /** Verifies and mends all that is in use in a segment. The caller holds a pin. */
  scrubSegment(group: number, segment: number): Promise<SegmentScrub>;
}
