/**
 * The recent entries, in number order without a gap (R17): what replicas that were away for a moment are resent.
 *
 * Keeps every entry that is not yet durable on a quorum; of the others as many as fit the byte bound.
 */
import type { Entry, EntryBody } from '../messages.ts';
import { assert } from '../../shared/assert.ts';
import { releasePayload } from '../write-frame.ts';

/** What an entry without data costs in the window. */
const entryBytes = 128;

const bytesOf = (entry: EntryBody): number =>
  entryBytes + (entry.kind === 'write' ? entry.data.byteLength : 0);

export class Window {
  /** Entries from number `#first` on. */
  #entries: Entry[] = [];
  #first: number;
  /** Bytes of all entries up to and with each, counted from the first entry ever. */
  #ends: number[] = [];
  #bytesBefore = 0;
  #bytesTotal = 0;

  constructor(first: number) {
    this.#first = first;
  }

  /** Number of the oldest entry kept. */
  get first(): number {
    return this.#first;
  }

  /** Number of the newest entry. */
  get last(): number {
    return this.#first + this.#entries.length - 1;
  }

  get bytes(): number {
    return this.#bytesTotal - this.#bytesBefore;
  }

  push(body: EntryBody): Entry {
    const entry = { ...body, number: this.last + 1 };
    assert(Number.isSafeInteger(entry.number), 'numbers are used up');
    this.#entries.push(entry);
    this.#bytesTotal += bytesOf(entry);
    this.#ends.push(this.#bytesTotal);
    return entry;
  }

  get(number: number): Entry | undefined {
    return this.#entries[number - this.#first];
  }

  /** Bytes of the entries above `number`. */
  bytesAbove(number: number): number {
    const end =
      number < this.#first ? this.#bytesBefore : (this.#ends[number - this.#first] ?? this.#bytesTotal);
    return this.#bytesTotal - end;
  }

  /** Bytes of all entries ever, up to and with `number`, which is in the window or right before it. */
  bytesUpTo(number: number): number {
    return this.#bytesTotal - this.bytesAbove(number);
  }

  /**
   * With more bytes than `bytesMax`, lets go of the oldest entries, but of none above `upTo`. A part more than needed,
   * so that it is not done again for each entry.
   */
  trim(bytesMax: number, upTo: number): void {
    let count = 0;
    let bytes = this.bytes;
    const goal = bytes > bytesMax ? (bytesMax * 7) / 8 : bytes;
    while (bytes > goal && this.#first + count <= upTo && count < this.#entries.length) {
      const entry = this.#entries[count];
      bytes -= entry ? bytesOf(entry) : 0;
      if (entry?.kind === 'write') releasePayload(entry.data);
      count += 1;
    }
    if (count === 0) return;
    this.#bytesBefore = this.#ends[count - 1] ?? this.#bytesBefore;
    this.#entries = this.#entries.slice(count);
    this.#ends = this.#ends.slice(count);
    this.#first += count;
  }

  /** The newest entry in (after, upTo] that changes one of these blocks; 0: none. */
  newestTouching(block: number, count: number, after: number, upTo: number): number {
    for (let number = Math.min(upTo, this.last); number > after && number >= this.#first; number--) {
      const entry = this.get(number);
      if (entry && touches(entry, block, count)) return number;
    }
    return 0;
  }
}

const touches = (entry: Entry, block: number, count: number): boolean =>
  entry.kind === 'revert' ||
  ((entry.kind === 'write' || entry.kind === 'unmap') &&
    entry.block < block + count &&
    block < entry.block + entry.count);
