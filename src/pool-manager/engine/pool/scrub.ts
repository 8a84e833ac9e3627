/**
 * Reads everything that is in use, segment by segment, all copies and parity, at last the headers of labels, and mends
 * what is wrong.
 *
 *   idle ─start─▶ running ─end─▶ idle          what it found stays until the next one begins
 *                  │  ▲
 *             pause▼  │start
 *                 paused
 *
 * Where it stands is kept in the pool's settings, so it goes on after a restart.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import type { ItemStore } from '../checkpoint/item-store.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import type { BlockSpace, Rot } from '../space/block-space.ts';

export interface ScrubState {
  readonly state: 'idle' | 'running' | 'paused';
  /** Next segment to look at. */
  readonly group: number;
  readonly segment: number;
  readonly unitsDone: number;
  readonly unitsRepaired: number;
  /** No good copy is in this pool. */
  readonly unitsBad: number;
  /** The last one ran through. */
  readonly isComplete: boolean;
  /** Part of the time that it may take. */
  readonly sharePercent: number;
  /** Begun since the pool was made, the one that runs counted. */
  readonly runs: number;
}

export const neverScrubbed: ScrubState = {
  state: 'idle',
  group: 0,
  segment: 0,
  unitsDone: 0,
  unitsRepaired: 0,
  unitsBad: 0,
  isComplete: false,
  sharePercent: 50,
  runs: 0,
};

export interface ScrubParts {
  readonly groups: readonly SegmentGroup[];
  readonly space: BlockSpace;
  readonly items: ItemStore;
  /** Waits for what was sent of a segment; answers how many of its rows may be on the devices. */
  settle(group: number, segment: number): Promise<number>;
  /** Mends the labels of all devices; answers how many copies were wrong. */
  scrubLabels(): Promise<number>;
}

interface Found {
  readonly units: number;
  readonly repairedUnits: number;
  readonly bad: readonly Rot[];
}

export class Scrub {
  state: ScrubState;
  readonly #parts: ScrubParts;

  constructor(parts: ScrubParts, state: ScrubState) {
    this.#parts = parts;
    this.state = { ...neverScrubbed, ...state }; // of an older release, without all of it
  }

  /** From the beginning, or from where it was paused; one that runs goes on with another share of the time. */
  start(sharePercent = this.state.sharePercent): void {
    const { state, runs } = this.state;
    const begun = state === 'idle' ? { ...neverScrubbed, runs: runs + 1 } : this.state;
    this.state = { ...begun, state: 'running', sharePercent };
  }

  pause(): void {
    if (this.state.state === 'running') this.state = { ...this.state, state: 'paused' };
  }

  /** Gives up where it stands. */
  stop(): void {
    this.state = { ...this.state, state: 'idle' };
  }

  /** Bytes of segments that are behind it, and of all. */
  progress(): { readonly doneBytes: number; readonly totalBytes: number } {
    const { groups } = this.#parts;
    const { state, isComplete, group, segment } = this.state;
    const bytesOf = (some: readonly SegmentGroup[]) =>
      some.reduce((sum, { segments, segmentUnits }) => sum + segments * segmentUnits * blockBytes, 0);
    const totalBytes = bytesOf(groups);
    if (state === 'idle' && isComplete) return { doneBytes: totalBytes, totalBytes };
    const within = segment * (groups[group]?.segmentUnits ?? 0) * blockBytes;
    return { doneBytes: bytesOf(groups.slice(0, group)) + within, totalBytes };
  }

  /** One segment, free ones passed over; answers whether there is more. The caller holds a pin. Rejects with GroupFailure. */
  async step(): Promise<boolean> {
    const next = this.#next();
    if (next === undefined) {
      if (this.state.state === 'running') await this.#finish();
      return false;
    }
    const { group, segment } = next;
    const { space } = this.#parts;
    const isSystem = space.segmentState(group.index, segment) === 'system';
    const found = isSystem
      ? await this.#system(group, segment)
      : await space.scrubSegment(group.index, segment);
    const { unitsDone, unitsRepaired, unitsBad } = this.state;
    this.state = {
      ...this.state,
      group: group.index,
      segment: segment + 1,
      unitsDone: unitsDone + found.units,
      unitsRepaired: unitsRepaired + found.repairedUnits,
      unitsBad: unitsBad + found.bad.length,
    };
    return true;
  }

  async #finish(): Promise<void> {
    const repaired = await this.#parts.scrubLabels();
    const { state, unitsRepaired } = this.state;
    if (state !== 'running') return; // paused or stopped meanwhile: labels are looked at again
    this.state = {
      ...this.state,
      unitsRepaired: unitsRepaired + repaired,
      state: 'idle',
      isComplete: true,
    };
  }

  #next(): { readonly group: SegmentGroup; readonly segment: number } | undefined {
    if (this.state.state !== 'running') return undefined;
    const { groups, space } = this.#parts;
    for (const group of groups.slice(this.state.group)) {
      const from = group.index === this.state.group ? this.state.segment : 0;
      for (let segment = from; segment < group.segments; segment++)
        if (['closed', 'system'].includes(space.segmentState(group.index, segment)))
          return { group, segment };
    }
    return undefined;
  }

  /** All units at once: parity can be judged only with all data that it is of. What a checkpoint is writing is for the next round. */
  async #system(group: SegmentGroup, segment: number): Promise<Found> {
    const rows = await this.#parts.settle(group.index, segment);
    if (rows === 0) return { units: 0, repairedUnits: 0, bad: [] };
    const judge = this.#parts.items.judge(group.index, segment);
    const { bad, repairedUnits } = await group.verify(
      segment,
      0,
      rows * group.rowUnits,
      (unit, bytes, from) => judge.isGood(unit, bytes, from),
      (unit) => judge.isKnown(unit),
    );
    const rot = bad.map((unit) => ({ group: group.index, segment, unit, owner: undefined }));
    return { units: judge.units, repairedUnits, bad: rot };
  }
}
