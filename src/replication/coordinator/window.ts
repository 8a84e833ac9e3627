/**
 * The recent entries, in number order without a gap (R17): what replicas that were away for a moment are resent.
 *
 * Keeps every entry that is not yet durable on a quorum; of the others as many as fit the byte bound. A write costs no
 * object: its fields stand in columns, its frame where its data lies (write-frame.ts).
 */
import type { DatalessBody, Entry } from '../messages.ts';
import type { Fence } from '../record.ts';
import { assert, must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { flagsOf, fuaFlag, soonFlag } from '../entry-codec.ts';
import { dataIn, releaseRoom, sealWrite, type Room, type Slab } from '../write-frame.ts';

/** What an entry without data costs in the window. */
const entryBytes = 128;
const capacityMin = 1_024;

export interface WriteBody extends Room {
  readonly block: number;
  readonly count: number;
  readonly fua: boolean;
}

/** An entry that is no write, or of a write where its frame lies. */
type Kept = { readonly entry: Entry } | Slab;

/** Block and count of writes and unmaps, else 0. */
const blockField = 0;
const countField = 1;
/** Of a write: where its data begins in its slab, and the flags of its frame. */
const atField = 2;
const flagsField = 3;
/** Bytes of all entries up to and with it, counted from the first entry ever. */
const endField = 4;
const fields = 5;

const isSlab = (kept: Kept): kept is Slab => 'live' in kept;

export class Window {
  /** Under which its entries are sent. */
  readonly fence: Fence;
  #first: number;
  #last: number;
  /** Places for entries: a power of two. Number n stands at n modulo that. */
  #capacity = capacityMin;
  #kept: (Kept | undefined)[] = Array.from({ length: capacityMin });
  /** Of each entry `fields` numbers side by side. */
  #fields = new Float64Array(capacityMin * fields);
  #bytesBefore = 0;
  #bytesTotal = 0;

  constructor(first: number, fence: Fence) {
    this.#first = first;
    this.#last = first - 1;
    this.fence = fence;
  }

  /** Number of the oldest entry kept. */
  get first(): number {
    return this.#first;
  }

  /** Number of the newest entry. */
  get last(): number {
    return this.#last;
  }

  get bytes(): number {
    return this.#bytesTotal - this.#bytesBefore;
  }

  /** Answers its number. */
  pushWrite(write: WriteBody, soon = false): number {
    const { slab, at, block, count, fua, dataBytes } = write;
    const number = this.#grow(slab, entryBytes + dataBytes);
    this.#put(number, block, count, at, flagsOf(fua, soon));
    sealWrite(write, this.fence, { number, block, count, fua, soon });
    return number;
  }

  /** Of anything but a write. Answers its number. */
  push(body: DatalessBody): number {
    const number = this.#last + 1;
    this.#grow({ entry: { ...body, number } }, entryBytes);
    if (body.kind === 'unmap') this.#put(number, body.block, body.count, 0, 0);
    else this.#put(number, 0, 0, 0, 0);
    return number;
  }

  /** The entry, with data of its own. */
  entry(number: number): Entry {
    const kept = this.#keptAt(number);
    if (!isSlab(kept)) return kept.entry;
    const [block, count] = [this.#field(number, blockField), this.#field(number, countField)];
    const data = dataIn({ slab: kept, at: this.dataAt(number), dataBytes: this.dataBytes(number) }).slice();
    const flags = this.#field(number, flagsField);
    const fua = (flags & fuaFlag) !== 0;
    const soon = (flags & soonFlag) !== 0;
    return { kind: 'write', number, block, count, fua, soon, data };
  }

  /** Where the frame of this write lies; undefined: it is no write. */
  slabOf(number: number): Slab | undefined {
    const kept = this.#keptAt(number);
    return isSlab(kept) ? kept : undefined;
  }

  /** Of a write: where its data begins in its slab, and how long it is. */
  dataAt(number: number): number {
    return this.#field(number, atField);
  }
  dataBytes(number: number): number {
    return this.#field(number, countField) * blockBytes;
  }

  /** Content with holes can not take this entry in (R24). */
  isBarrier(number: number): boolean {
    const kept = this.#keptAt(number);
    return !isSlab(kept) && (kept.entry.kind === 'snapshot' || kept.entry.kind === 'revert');
  }

  /** Bytes of all entries ever. */
  get bytesIssued(): number {
    return this.#bytesTotal;
  }

  /** Bytes of the entries above `number`. */
  bytesAbove(number: number): number {
    return this.#bytesTotal - this.bytesUpTo(number);
  }

  /** Bytes of all entries ever, up to and with `number`, which is in the window or right before it. */
  bytesUpTo(number: number): number {
    if (number < this.#first) return this.#bytesBefore;
    return number > this.#last ? this.#bytesTotal : this.#field(number, endField);
  }

  /**
   * With more bytes than `bytesMax`, lets go of the oldest entries, but of none above `upTo`. A part more than needed,
   * so that it is not done again for each entry.
   */
  trim(bytesMax: number, upTo: number): void {
    if (this.bytes <= bytesMax) return;
    const goal = (bytesMax * 7) / 8;
    while (this.bytes > goal && this.#first <= upTo && this.#first <= this.#last) {
      const kept = this.#keptAt(this.#first);
      this.#kept[this.#place(this.#first)] = undefined;
      this.#bytesBefore = this.#field(this.#first, endField);
      this.#first += 1;
      if (isSlab(kept)) releaseRoom(kept);
    }
  }

  /** The newest entry in (after, upTo] that changes one of these blocks; 0: none. */
  newestTouching(block: number, count: number, after: number, upTo: number): number {
    const from = Math.max(after + 1, this.#first);
    for (let number = Math.min(upTo, this.#last); number >= from; number--) {
      const changed = this.#field(number, countField);
      const at = this.#field(number, blockField);
      if (changed > 0 ? at < block + count && block < at + changed : this.#isRevert(number)) return number;
    }
    return 0;
  }

  #isRevert(number: number): boolean {
    const kept = this.#keptAt(number);
    return !isSlab(kept) && kept.entry.kind === 'revert';
  }

  #place(number: number): number {
    return number & (this.#capacity - 1);
  }

  #field(number: number, field: number): number {
    return this.#fields[this.#place(number) * fields + field] ?? 0;
  }

  #put(number: number, block: number, count: number, at: number, flags: number): void {
    const from = this.#place(number) * fields;
    this.#fields[from + blockField] = block;
    this.#fields[from + countField] = count;
    this.#fields[from + atField] = at;
    this.#fields[from + flagsField] = flags;
  }

  #keptAt(number: number): Kept {
    assert(number >= this.#first && number <= this.#last, 'an entry outside the window');
    return must(this.#kept[this.#place(number)], 'an entry');
  }

  #grow(kept: Kept, bytes: number): number {
    if (this.#last - this.#first + 1 === this.#capacity) this.#widen();
    this.#last += 1;
    assert(Number.isSafeInteger(this.#last), 'numbers are used up');
    this.#bytesTotal += bytes;
    const place = this.#place(this.#last);
    this.#kept[place] = kept;
    this.#fields[place * fields + endField] = this.#bytesTotal;
    return this.#last;
  }

  /** Twice as many places. */
  #widen(): void {
    const [capacity, kept, before] = [this.#capacity, this.#kept, this.#fields];
    this.#capacity = capacity * 2;
    this.#kept = Array.from({ length: this.#capacity });
    this.#fields = new Float64Array(this.#capacity * fields);
    for (let number = this.#first; number <= this.#last; number++) {
      const [from, to] = [number & (capacity - 1), this.#place(number)];
      this.#kept[to] = kept[from];
      this.#fields.set(before.subarray(from * fields, (from + 1) * fields), to * fields);
    }
  }
}
