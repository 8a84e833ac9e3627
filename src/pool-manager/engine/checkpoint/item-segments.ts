/**
 * System segments: how many units of each are in items. One without any is free again when no root that one may go back
 * to names an item in it; `space` holds it that long, and the directory says so for the next import.
 */
import { assert } from '../../../shared/assert.ts';
import type { SegmentGroup, SegmentWriter } from '../group/segment-group.ts';
import type { HeldSegment, ItemPlace } from './item-directory.ts';

/** Where system segments come from: the block space. */
export interface SystemSegments {
  openSystem(): { readonly group: SegmentGroup; readonly writer: SegmentWriter };
  claimSystem(group: number, segment: number): void;
  freeSystem(group: number, segment: number, txg: number): void;
}

interface SegmentUse {
  readonly group: number;
  readonly segment: number;
  /** In use by items. */
  units: number;
  firstTxg: number;
  lastTxg: number;
}

/** Segments are held for the two roots after the one that no longer needs them. */
export const holdTxgs = 2;

export class ItemSegments {
  /** Without items, and kept for roots before the last one. */
  held: readonly HeldSegment[] = [];
  readonly #groups: readonly SegmentGroup[];
  readonly #system: SystemSegments;
  readonly #used = new Map<string, SegmentUse>();

  constructor(groups: readonly SegmentGroup[], system: SystemSegments) {
    this.#groups = groups;
    this.#system = system;
  }

  /** After the block space has been loaded: it learns which segments are not its own. */
  claim(): void {
    for (const { group, segment, firstTxg, lastTxg } of this.#used.values()) {
      this.#system.claimSystem(group, segment);
      // units of a checkpoint leave while the next group is open
      this.#groups[group]?.restoreTxgs(segment, firstTxg, lastTxg + 1);
    }
    for (const { group, segment, txg } of this.held) {
      this.#system.claimSystem(group, segment);
      this.#system.freeSystem(group, segment, txg);
    }
  }

  /** One that was opened and has no items yet. */
  begin(group: number, segment: number): void {
    this.#entry(group, segment);
  }

  count({ extents, txg }: ItemPlace, sign: 1 | -1): void {
    for (const { group, segment, units } of extents) {
      const entry = this.#entry(group, segment);
      entry.units += sign * units;
      assert(entry.units >= 0, 'a segment has no fewer items than none');
      entry.firstTxg = Math.min(entry.firstTxg, txg);
      entry.lastTxg = Math.max(entry.lastTxg, txg);
    }
  }

  /** Gives back what has no items from checkpoint `txg` on, but for the open one. */
  freeEmpty(txg: number, isOpen: (group: number, segment: number) => boolean): void {
    const held = this.held.filter((each) => each.txg + holdTxgs >= txg);
    for (const [key, { group, segment, units }] of this.#used) {
      if (units > 0 || isOpen(group, segment)) continue;
      this.#used.delete(key);
      this.#system.freeSystem(group, segment, txg);
      held.push({ group, segment, txg });
    }
    this.held = held;
  }

  #entry(group: number, segment: number): SegmentUse {
    const key = `${group}/${segment}`;
    const entry = this.#used.get(key) ?? { group, segment, units: 0, firstTxg: Infinity, lastTxg: 0 };
    this.#used.set(key, entry);
    return entry;
  }
}
