/**
 * The batches that have units in use: where each lies, and what is left of it. The cleaner may move a batch in several
 * pieces; each is a record with what is present in it.
 *
 * A record has five words: number, low 32 bits · number, high 8 bits, units 8, base 16 · segment · presence · next batch
 * in the segment. The base is the unit of the segment where the batch begins. With its share of the index a batch takes
 * about 26 bytes until it is moved, a piece then 8 to 32 more.
 */
import { assert } from '../../../shared/assert.ts';
import { BatchIndex, hashOf, home } from './batch-index.ts';
import { PresencePool } from './presence.ts';

const recordWords = 5;
const chunkLog2 = 14;
const chunkRecords = 2 ** chunkLog2;
const two32 = 2 ** 32;
const none = 0;

export class BatchTable {
  readonly presence = new PresencePool();
  readonly #chunks: Uint32Array[] = [];
  readonly #index = new BatchIndex((record) => this.#hash(record));
  #free = none;
  #next = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#chunks.length * chunkRecords * recordWords * 4 + this.#index.bytes + this.presence.bytes;
  }

  /** The piece of a batch that has unit `offset`, as a record; -1 when there is none. */
  find(low: number, high: number, offset: number): number {
    const hash = hashOf(low, high);
    const table = this.#index.tableOf(hash);
    for (let i = home(hash, table.length); ; i = i + 1 === table.length ? 0 : i + 1) {
      const entry = table[i] ?? 0;
      if (entry === 0) return -1;
      const chunk = this.#chunk(entry - 1);
      const at = ((entry - 1) & (chunkRecords - 1)) * recordWords;
      if (chunk[at] !== low || ((chunk[at + 1] ?? 0) & 0xff) !== high) continue;
      if (this.unitAt(entry - 1, offset) >= 0) return entry - 1;
    }
  }

  /** The same by number. */
  findUnit(batch: number, offset: number): number {
    return this.find(batch >>> 0, Math.floor(batch / two32), offset);
  }

  /** Whether a piece of the batch is in the index. */
  has(batch: number): boolean {
    const low = batch >>> 0;
    const high = Math.floor(batch / two32);
    const hash = hashOf(low, high);
    const table = this.#index.tableOf(hash);
    for (let i = home(hash, table.length); ; i = i + 1 === table.length ? 0 : i + 1) {
      const entry = table[i] ?? 0;
      if (entry === 0) return false;
      if (this.#word(entry - 1, 0) === low && (this.#word(entry - 1, 1) & 0xff) === high) return true;
    }
  }

  /** A record that is in no index yet. `next`: head of the segment's chain, record + 1. */
  create(batch: number, segment: number, base: number, units: number, next: number): number {
    assert(base < 65_536 && units <= 255, 'bases are 16 bits, units 8');
    const record = this.#take();
    const chunk = this.#chunk(record);
    const at = (record & (chunkRecords - 1)) * recordWords;
    chunk[at] = batch;
    chunk[at + 1] = Math.floor(batch / two32) | (units << 8) | (base << 16);
    chunk[at + 2] = segment;
    chunk[at + 3] = 0;
    chunk[at + 4] = next;
    this.#count++;
    return record;
  }

  index(record: number): void {
    this.#index.add(record);
  }

  unindex(record: number): void {
    this.#index.remove(record);
  }

  /** The record is in no chain and no index any more. */
  destroy(record: number): void {
    const handle = this.presenceOf(record);
    if (handle !== 0) this.presence.free(handle);
    this.#chunk(record)[(record & (chunkRecords - 1)) * recordWords] = this.#free;
    this.#free = record + 1;
    this.#count--;
  }

  numberOf(record: number): number {
    const chunk = this.#chunk(record);
    const at = (record & (chunkRecords - 1)) * recordWords;
    return (chunk[at] ?? 0) + ((chunk[at + 1] ?? 0) & 0xff) * two32;
  }

  /** Units that it occupies, from its base on. */
  unitsOf(record: number): number {
    return (this.#word(record, 1) >>> 8) & 0xff;
  }

  baseOf(record: number): number {
    return this.#word(record, 1) >>> 16;
  }

  segmentOf(record: number): number {
    return this.#word(record, 2);
  }

  presenceOf(record: number): number {
    return this.#word(record, 3);
  }

  /** The next in the chain of the segment, as record + 1; 0 at its end. */
  nextOf(record: number): number {
    return this.#word(record, 4);
  }

  setUnits(record: number, units: number): void {
    const chunk = this.#chunk(record);
    const at = (record & (chunkRecords - 1)) * recordWords + 1;
    chunk[at] = ((chunk[at] ?? 0) & 0xffff_00ff) | (units << 8);
  }

  setNext(record: number, next: number): void {
    this.#chunk(record)[(record & (chunkRecords - 1)) * recordWords + 4] = next;
  }

  setPresence(record: number, handle: number): void {
    const old = this.presenceOf(record);
    if (old !== 0) this.presence.free(old);
    this.#chunk(record)[(record & (chunkRecords - 1)) * recordWords + 3] = handle;
  }

  setPlace(record: number, segment: number, base: number, units: number): void {
    const chunk = this.#chunk(record);
    const at = (record & (chunkRecords - 1)) * recordWords;
    chunk[at + 1] = ((chunk[at + 1] ?? 0) & 0xff) | (units << 8) | (base << 16);
    chunk[at + 2] = segment;
  }

  /** Unit of the segment where unit `offset` of the batch lies; -1 when it is not there. */
  unitAt(record: number, offset: number): number {
    const chunk = this.#chunk(record);
    const at = (record & (chunkRecords - 1)) * recordWords;
    const word = chunk[at + 1] ?? 0;
    const units = (word >>> 8) & 0xff;
    const handle = chunk[at + 3] ?? 0;
    if (handle === 0) return offset < units ? (word >>> 16) + offset : -1;
    const rank = this.presence.rank(handle, units, offset);
    return rank < 0 ? -1 : (word >>> 16) + rank;
  }

  #take(): number {
    if (this.#free !== none) {
      const record = this.#free - 1;
      this.#free = this.#word(record, 0);
      return record;
    }
    if (this.#next === this.#chunks.length * chunkRecords)
      this.#chunks.push(new Uint32Array(chunkRecords * recordWords));
    return this.#next++;
  }

  #hash(record: number): number {
    const chunk = this.#chunk(record);
    const at = (record & (chunkRecords - 1)) * recordWords;
    return hashOf(chunk[at] ?? 0, (chunk[at + 1] ?? 0) & 0xff);
  }

  #word(record: number, word: number): number {
    return this.#chunk(record)[(record & (chunkRecords - 1)) * recordWords + word] ?? 0;
  }

  #chunk(record: number): Uint32Array {
    const chunk = this.#chunks[record >>> chunkLog2];
    assert(chunk !== undefined, 'a record of this table');
    return chunk;
  }
}
