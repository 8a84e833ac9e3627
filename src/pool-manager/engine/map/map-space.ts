/**
 * What maps and volumes ask of the space below them (the whole of it: space/block-space.ts).
 *
 * A name is bound once. From `append` on its units are busy: nobody moves or reuses them. `adopt` makes them live. A live
 * name that is `free`d may be gone at once, so it stands in no tree that a view answers; what its place was stays readable
 * for whoever holds a pin from before.
 */
import type { Arena } from '../group/arena.ts';
import type { UnitCheck, UnitChoice, UnitsTaken } from '../group/segment-group.ts';

export type Stream = 'data' | 'metadata';

/** Where a name lies now. Holds until the next await, or as long as a pin is held. */
export interface Place {
  readonly group: number;
  readonly segment: number;
  /** Unit in the segment where it begins, and the sector in that unit. */
  readonly unit: number;
  readonly sectorInUnit: number;
}

/** The same, with what whoever reads the name asks next. */
export interface Sought extends Place {
  /** The stored bytes, if they are still in memory. Valid until the next await. */
  readonly pending: Uint8Array | undefined;
  /** So many units of the batch lie behind this one, each where its offset says; none of them is in memory. */
  readonly unitsBehind: number;
}

export interface MapSpace {
  /**
   * Takes `sectors` sectors at `stored[from…]` in, copies them, and writes the name, its length and kind 1 into
   * `words[at]` and `words[at + 1]`. Room was admitted before. `slot` and `owner` say whose it is: volume, and block or
   * node (owner.ts); `sumLow`, `sumHigh` are 64 bits over the stored bytes, salted with `owner` (`storedSum`).
   */
  append(
    stream: Stream,
    stored: Uint8Array,
    from: number,
    sectors: number,
    slot: number,
    owner: number,
    sumLow: number,
    sumHigh: number,
    words: Uint32Array,
    at: number,
  ): void;
  /**
   * How many blocks, stored as they are, may be put at `stagedAt` of this arena before they are appended: `append` then
   * copies nothing. 0: none for now. Good until the next call.
   */
  stage(stream: Stream, arena: Arena): number;
  readonly stagedAt: number;
  /**
   * As `append` of so many blocks that were put at `stagedAt`, as many as `stage` said at most. Their owners are `owner` and
   * those that follow it; `sums` has four words for each, of which the first two are `sumLow` and `sumHigh`; the pointers
   * stand side by side.
   */
  appendStaged(
    stream: Stream,
    count: number,
    slot: number,
    owner: number,
    sums: Uint32Array,
    words: Uint32Array,
    at: number,
  ): void;
  /** The pointer stands in a tree of the checkpoint being built. */
  adopt(words: Uint32Array, at: number): void;
  /** A live pointer is in no tree from checkpoint `txg` on. */
  free(words: Uint32Array, at: number, txg: number): void;
  /** The same for one that was never adopted. */
  drop(words: Uint32Array, at: number, txg: number): void;
  /** The stored bytes, if they are still in memory; undefined for names that are gone. Valid until the next await. */
  peek(words: Uint32Array, at: number): Uint8Array | undefined;
  /** Undefined for a name that is gone: dropped, or freed and cleaned away. Who got it from a view looks at a newer one. */
  place(words: Uint32Array, at: number): Place | undefined;
  /** The same, and what `peek` answers. */
  seek(words: Uint32Array, at: number): Sought | undefined;
  /** Units of one segment. `bad`: units of which no good copy is there. */
  read(
    group: number,
    segment: number,
    unit: number,
    count: number,
    isGood: UnitCheck,
  ): Promise<{ readonly bytes: Uint8Array; readonly bad: readonly number[] }>;
  /** The same, taken where it was read to (SegmentGroup.take). */
  take(
    group: number,
    segment: number,
    unit: number,
    count: number,
    take: UnitCheck,
    done: UnitsTaken,
    isWanted?: UnitChoice,
  ): void;
  /**
   * Puts the stored bytes of a name, of which no copy was good, back where it lies; the caller has verified them and holds
   * a pin. False when the name is gone.
   */
  rewrite(words: Uint32Array, at: number, stored: Uint8Array): Promise<boolean>;
  /** Closes the open batches of a stream: names given from now on have at least the batch number that is answered. */
  mark(stream: Stream): number;
}
