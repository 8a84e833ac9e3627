/**
 * A group of devices as what lies above sees it: segments of units, written once from front to back, read with the
 * caller's check as the judge, and free again as a whole.
 *
 *  - `d` data columns and `p` parity columns, one device each: stripe d=1 p=0, mirror d=1 p=copies−1, raidz d+1, raidz2 d+2.
 *  - A row is a chunk of 16 KiB on each column. Rows are written whole, with their parity, and never again.
 *  - What a group has no redundancy for any more is `bad` in a reading; it is never answered as data.
 */

import type { Arena } from './arena.ts';

/** Whether the unit at `from` in `bytes`, `index` units behind the first one asked for, is what its pointer promises. */
export type UnitCheck = (index: number, bytes: Uint8Array, from: number) => boolean;

/** Whether the unit `index` units behind the first one asked for is wanted, or only read because it lies between others. */
export type UnitChoice = (index: number) => boolean;

/** Gets the indices of units of which no good copy was found, in order. */
export type UnitsTaken = (bad: readonly number[]) => void;

export interface GroupReading {
  readonly bytes: Uint8Array;
  /** Indices of units of which no good copy was found. */
  readonly bad: readonly number[];
}

export interface GroupVerification {
  /** Indices of units of which no good copy was found. */
  readonly bad: readonly number[];
  /** Units of data and parity, on whatever device, that were wrong and have been written anew. */
  readonly repairedUnits: number;
}

/** Fewer devices than data columns are left: the group can not go on. The message names each and says why. */
export class GroupFailure extends Error {
  override readonly name = 'GroupFailure';
}

export interface SegmentGroup {
  /** Its place in the pool's list of groups. */
  readonly index: number;
  readonly dataColumns: number;
  readonly parityColumns: number;
  /** Grows with the devices. */
  readonly segments: number;
  /** Data units of a segment. */
  readonly segmentUnits: number;
  /** Data units of a row: what sealing pads to. */
  readonly rowUnits: number;

  /** More strips are on their way than should be: wait for `ready()` before more is appended. Appending works meanwhile. */
  readonly isBusy: boolean;
  /** Resolves at once unless `isBusy`. Rejects with GroupFailure. */
  ready(): Promise<void>;

  /** A free segment is begun at unit 0. The caller knows that it is free, that no root needs it and no reader is in it. */
  open(segment: number): SegmentWriter;
  /**
   * Units that are written. What a device lacks, can not read or has wrong comes from another copy or is computed from
   * the other columns, is written back there, and is counted for the device. The caller keeps the segment from being
   * given out anew meanwhile.
   */
  read(segment: number, unit: number, count: number, isGood: UnitCheck): Promise<GroupReading>;
  /**
   * The same without a copy of its own: `take` judges each unit where it was read to, and takes what it needs of it if it
   * is good; the bytes are not there afterwards. Of one unit several copies may be shown, until one is good. `done` may be
   * called at once. What is not wanted is neither judged nor mended: nobody could tell whether a copy of it is good.
   */
  take(
    segment: number,
    unit: number,
    count: number,
    take: UnitCheck,
    done: UnitsTaken,
    isWanted?: UnitChoice,
  ): void;
  /**
   * Compares all copies and the parity of these units and mends what is wrong (scrub). Parity is written anew only where
   * all the units that it is of are among these and known: otherwise it may be the last good copy of one that is rotten
   * and that nobody judged. `isKnown`: whether `isGood` can tell, or nobody needs the unit; by default of all.
   */
  verify(
    segment: number,
    unit: number,
    count: number,
    isGood: UnitCheck,
    isKnown?: (index: number) => boolean,
  ): Promise<GroupVerification>;
  /**
   * Writes one unit, of which no good copy was left, anew where it lies: `bytes` is what it was, verified by the caller.
   * Never rejects because of a device; durable with the next flush. Its parity is of just that content already.
   */
  rewrite(segment: number, unit: number, bytes: Uint8Array): Promise<void>;
  /**
   * Everything that was written before is durable. A device that fails its flush is out of use first, and is never
   * asked again. Rejects with GroupFailure.
   */
  flush(): Promise<void>;
  /** Tells the devices that the segment holds nothing. A hint: never rejects because of a device. */
  discard(segment: number): Promise<void>;

  /** The open transaction group; strips that are sent from now on belong to it. */
  openTxg: number;
  /** Transaction groups in which the segment was written first and last; 0 when never. Kept in the segment's record. */
  firstTxg(segment: number): number;
  lastTxg(segment: number): number;
  /** From the segment's record, at import and at replay. */
  restoreTxgs(segment: number, first: number, last: number): void;
}

export interface SegmentWriter {
  readonly segment: number;
  /** Appended so far, padding included. */
  readonly units: number;
  /** Units that still fit. */
  readonly room: number;
  /** Copies the unit at `from`; answers its place in the segment. Full strips leave by themselves. Never waits. */
  append(bytes: Uint8Array, from: number): number;
  /**
   * How many units, the next ones to be appended, may be put at `stagedAt` of this arena beforehand: `append` finds them
   * there and copies nothing. 0: none, this is not where its buffers are. Good until the next call.
   */
  stage(arena: Arena): number;
  readonly stagedAt: number;
  /** Appends so many units that were put at `stagedAt`, as many as `stage` said at most. */
  appendStaged(count: number): void;
  /** A view of a unit that is not written yet, valid until the event loop turns; undefined when it is on the devices. */
  peek(unit: number): Uint8Array | undefined;
  /** Pads the open row with zero units and sends all rows. What was sent is never extended. */
  seal(): void;
  isSent(unit: number): boolean;
  /** Resolves when everything that was sent is written (not flushed). Rejects with GroupFailure. */
  drained(): Promise<void>;
  /** Seals; no more is appended. Buffers go back when all is written. Done by itself when no room is left. */
  finish(): void;
}
