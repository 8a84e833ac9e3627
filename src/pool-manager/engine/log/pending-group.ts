/** What was noted and is not in the log yet: the records, and the names of the data that they speak of. */
import { sectorBytes } from '../../../shared/block-size.ts';
import { batchOf, isMapped, pointerWords, sectorsOf } from '../map/pointer.ts';
import type { BatchPlace } from '../space/block-space.ts';
import type { VolumeNote } from '../volume/volume-journal.ts';
import { RecordBuffer, type recordKind } from './record-buffer.ts';

/** What a record adds to stored bytes that stand in the log. */
const inlineHeadBytes = 16;

export class PendingGroup {
  /** Of volumes that noted something. */
  readonly slots = new Set<number>();
  /** Of the data that the records speak of. */
  storedBytes = 0;
  readonly #records = new RecordBuffer();
  readonly #batches = new Set<number>();
  /** The one that the last pointer was of. */
  #lastBatch = -1;
  /** Whose pointers were noted last. */
  #lastSlot = -1;
  /** Words 0 and 1 of each pointer with data. */
  #names = new Uint32Array(1024);
  #named = 0;

  get isEmpty(): boolean {
    return this.#records.lengthBytes === 0;
  }

  /** Records without data. */
  get lengthBytes(): number {
    return this.#records.lengthBytes;
  }

  get bytes(): Uint8Array {
    return this.#records.bytes;
  }

  get hasData(): boolean {
    return this.#named > 0;
  }

  /** Length with all data in it. */
  get inlineLengthBytes(): number {
    return this.lengthBytes + this.storedBytes + (this.#named / 2) * inlineHeadBytes;
  }

  note(slot: number, note: VolumeNote): void {
    this.slots.add(slot);
    this.#records.note(slot, note);
  }

  /** Answers how many of the pointers have data. */
  pointers(
    kind: typeof recordKind.wrote | typeof recordKind.copied,
    slot: number,
    number: number,
    block: number,
    count: number,
    words: Uint32Array,
    from: number,
    placeOf: (batch: number) => BatchPlace,
  ): number {
    const before = this.#named;
    for (let i = 0, at = from; i < count; i++, at += pointerWords) {
      if (!isMapped(words, at)) continue;
      const batch = batchOf(words, at);
      if (batch !== this.#lastBatch) this.#know(batch, placeOf);
      this.#name(words[at] ?? 0, words[at + 1] ?? 0);
      this.storedBytes += sectorsOf(words, at) * sectorBytes;
    }
    if (slot !== this.#lastSlot) this.slots.add((this.#lastSlot = slot));
    this.#records.pointers(kind, slot, number, block, count, words, from);
    return (this.#named - before) / 2;
  }

  /** Puts stored bytes behind the records as far as `peek` has them; answers whether it has all. */
  inline(peek: (words: Uint32Array, at: number) => Uint8Array | undefined): boolean {
    let hasAll = true;
    for (let i = 0; i < this.#named; i += 2) {
      const stored = peek(this.#names, i);
      if (stored === undefined) hasAll = false;
      else this.#records.inline(this.#names[i] ?? 0, this.#names[i + 1] ?? 0, stored);
    }
    return hasAll;
  }

  clear(): void {
    this.#records.clear();
    this.#batches.clear();
    this.#lastBatch = -1;
    this.#lastSlot = -1;
    this.slots.clear();
    this.#named = 0;
    this.storedBytes = 0;
  }

  #know(batch: number, placeOf: (batch: number) => BatchPlace): void {
    this.#lastBatch = batch;
    if (this.#batches.has(batch)) return;
    this.#batches.add(batch);
    this.#records.batch(batch, placeOf(batch));
  }

  #name(low: number, high: number): void {
    if (this.#named === this.#names.length) {
      const grown = new Uint32Array(this.#named * 2);
      grown.set(this.#names);
      this.#names = grown;
    }
    this.#names[this.#named++] = low;
    this.#names[this.#named++] = high;
  }
}
