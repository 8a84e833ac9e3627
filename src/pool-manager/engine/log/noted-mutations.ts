/** What volumes note of their mutations, as records of the group that is written next. */
import type { BatchPlace } from '../space/block-space.ts';
import type { VolumeJournal, VolumeNote } from '../volume/volume-journal.ts';
import { PendingGroup } from './pending-group.ts';
import { recordKind } from './record-buffer.ts';

export abstract class NotedMutations implements VolumeJournal {
  /** Units of data that were noted so far. */
  notedUnits = 0;
  /** Something was noted since the last cut. */
  isDirty = false;
  /** While volumes are replayed: what they note is in the log already. */
  isMuted = true;
  protected pending = new PendingGroup();
  readonly #placeOf: (batch: number) => BatchPlace;
  #spare = new PendingGroup();

  /** `placeOf`: where an open batch begins. */
  constructor(placeOf: (batch: number) => BatchPlace) {
    this.#placeOf = placeOf;
  }

  wrote(slot: number, number: number, block: number, count: number, words: Uint32Array, at: number): void {
    this.#pointers(recordKind.wrote, slot, number, block, count, words, at);
  }
  copied(slot: number, block: number, count: number, words: Uint32Array, at: number): void {
    this.#pointers(recordKind.copied, slot, 0, block, count, words, at);
  }
  note(slot: number, note: VolumeNote): void {
    if (this.isMuted) return;
    this.pending.note(slot, note);
    this.isDirty = true;
    this.grown();
  }

  /** More is pending than before. */
  protected abstract grown(): void;

  /** What is pending now; what is noted from here on is another group. It is cleared before the next one is taken. */
  protected takePending(): PendingGroup {
    const group = this.pending;
    this.pending = this.#spare;
    this.#spare = group;
    return group;
  }

  #pointers(
    kind: typeof recordKind.wrote | typeof recordKind.copied,
    slot: number,
    number: number,
    block: number,
    count: number,
    words: Uint32Array,
    from: number,
  ): void {
    if (this.isMuted) return;
    const { pending } = this;
    this.notedUnits += pending.pointers(kind, slot, number, block, count, words, from, this.#placeOf);
    this.isDirty = true;
    this.grown();
  }
}
