/**
 * Which units are in use: one bit per unit of the pool, and more where one bit does not say it.
 *
 *  - A segment with compressed blocks has a count per unit, in four bits: up to eight blocks lie in one.
 *  - A segment with blocks that no checkpoint has taken in has a count of these per unit: *pending*. The others are live.
 *    There are few such segments at a time.
 */
import { assert } from '../../../shared/assert.ts';
import { popcount } from './presence.ts';
import { pageSegments, segmentFlag, type Segments, stateCode } from './segments.ts';
import { SlotPool } from './slot-pool.ts';

interface Pending {
  blocks: number;
  readonly units: Uint8Array;
  /** Units that became live since the last `takeLive`. */
  readonly live: Uint32Array;
  becameLive: boolean;
}

const blocksPerUnitMax = 8;

export class UnitMap {
  readonly #segments: Segments;
  #bits = new Uint32Array(0);
  /** By page: where its bits begin, and words per segment. */
  #pageAt = new Uint32Array(0);
  #pageWords = new Uint32Array(0);
  /** By segment id: slot of its counts. */
  #countSlot = new Uint32Array(0);
  readonly #countPools = new Map<number, SlotPool>();
  readonly #pending = new Map<number, Pending>();
  /** The one that was looked up last. */
  #lastId = -1;
  #last: Pending | undefined;
  #busyUnits = 0;
  #liveUnits = 0;

  constructor(segments: Segments) {
    this.#segments = segments;
  }

  get busyUnits(): number {
    return this.#busyUnits;
  }
  get liveUnits(): number {
    return this.#liveUnits;
  }
  get bytes(): number {
    let sum = this.#bits.byteLength + this.#countSlot.byteLength;
    for (const pool of this.#countPools.values()) sum += pool.bytes;
    return sum;
  }

  /** Follows `segments.grow`. */
  grow(): void {
    const { pages, pageGroup } = this.#segments;
    const first = this.#pageAt.length;
    const pageAt = new Uint32Array(pages);
    const pageWords = new Uint32Array(pages);
    pageAt.set(this.#pageAt);
    pageWords.set(this.#pageWords);
    let end = this.#bits.length;
    for (let page = first; page < pages; page++) {
      pageAt[page] = end;
      pageWords[page] = Math.ceil(this.#segments.groupAt(pageGroup[page] ?? 0).dataUnits / 32);
      end += (pageWords[page] ?? 0) * pageSegments;
    }
    const bits = new Uint32Array(end);
    bits.set(this.#bits);
    this.#bits = bits;
    this.#pageAt = pageAt;
    this.#pageWords = pageWords;
  }

  /** Word of the bits where a segment begins. */
  bitsAt(id: number): number {
    return (this.#pageAt[id >>> 6] ?? 0) + (id & (pageSegments - 1)) * (this.#pageWords[id >>> 6] ?? 0);
  }

  isBusy(id: number, unit: number): boolean {
    return ((this.#bits[this.bitsAt(id) + (unit >>> 5)] ?? 0) & (1 << (unit & 31))) !== 0;
  }

  /** 32 bits of what is in use. */
  busyWord(id: number, word: number): number {
    return this.#bits[this.bitsAt(id) + word] ?? 0;
  }

  /** 32 bits of what is live, in a segment whose units have one block each. */
  liveWord(id: number, word: number): number {
    let bits = this.busyWord(id, word);
    const pending = this.#pendingOf(id);
    if (pending === undefined || pending.blocks === 0) return bits;
    for (let i = 0, unit = word * 32; i < 32; i++, unit++)
      if ((pending.units[unit] ?? 0) > 0) bits &= ~(1 << i);
    return bits;
  }

  /** Blocks in a unit. */
  count(id: number, unit: number): number {
    if (!this.isBusy(id, unit)) return 0;
    if (!this.#segments.has(id, segmentFlag.counts)) return 1;
    const { bytes, at } = this.#countsOf(id);
    return ((bytes[at + (unit >>> 1)] ?? 0) >>> ((unit & 1) * 4)) & 15;
  }

  pendingCount(id: number, unit: number): number {
    return this.#pendingOf(id)?.units[unit] ?? 0;
  }

  /** Blocks of the segment that are not live. */
  pendingBlocks(id: number): number {
    return this.#segments.has(id, segmentFlag.pending) ? (this.#pending.get(id)?.blocks ?? 0) : 0;
  }

  /** Segments with pending blocks. */
  *pendingSegments(): Iterable<number> {
    for (const [id, { blocks }] of this.#pending) if (blocks > 0) yield id;
  }

  /** One more block in the unit, not live yet. */
  take(id: number, unit: number): void {
    this.#add(id, unit, 1);
    const pending = this.#pendingOf(id) ?? this.#beginPending(id);
    pending.blocks++;
    pending.units[unit] = (pending.units[unit] ?? 0) + 1;
  }

  /** One of the pending blocks in the unit is live; answers whether it is the first since the last `takeLive`. */
  adopt(id: number, unit: number): boolean {
    const live = this.count(id, unit) - this.pendingCount(id, unit);
    const pending = this.#unpend(id, unit);
    if (live === 0) this.#liveUnits++;
    const word = pending.live[unit >>> 5] ?? 0;
    if ((word & (1 << (unit & 31))) !== 0) return false;
    pending.live[unit >>> 5] = word | (1 << (unit & 31));
    pending.becameLive = true;
    return true;
  }

  /** Calls `take` with the units that became live since the last time, segment by segment. */
  takeLive(take: (id: number, bits: Uint32Array) => void): void {
    for (const [id, pending] of this.#pending) {
      if (!pending.becameLive) continue;
      take(id, pending.live);
      pending.live.fill(0);
      pending.becameLive = false;
      if (this.#segments.state[id] !== stateCode.open) this.settle(id);
    }
  }

  /** One pending block fewer; answers whether the unit is empty. */
  drop(id: number, unit: number): boolean {
    const pending = this.#unpend(id, unit);
    if (pending.blocks === 0 && this.#segments.state[id] !== stateCode.open) this.settle(id);
    return this.#remove(id, unit);
  }

  /** One live block fewer; answers whether the unit is empty. */
  free(id: number, unit: number): boolean {
    const live = this.count(id, unit) - this.pendingCount(id, unit);
    assert(live > 0, `unit ${unit} of segment ${id} is live`);
    if (live === 1) this.#liveUnits--;
    return this.#remove(id, unit);
  }

  /** Live blocks, from a table or by a move. */
  addLive(id: number, unit: number, blocks: number): void {
    if (this.count(id, unit) - this.pendingCount(id, unit) === 0) this.#liveUnits++;
    this.#add(id, unit, blocks);
  }

  /** One live block each in the units whose bits are set, of the 32 from `word * 32` on. */
  addLiveWord(id: number, word: number, bits: number): void {
    const at = this.bitsAt(id) + word;
    const known = this.#bits[at] ?? 0;
    if ((known & bits) === 0 && !this.#segments.has(id, segmentFlag.counts)) {
      const count = popcount(bits);
      this.#bits[at] = known | bits;
      this.#segments.used[id] = (this.#segments.used[id] ?? 0) + count;
      this.#busyUnits += count;
      this.#liveUnits += count;
      return;
    }
    for (let i = 0; i < 32; i++) if ((bits & (1 << i)) !== 0) this.addLive(id, word * 32 + i, 1);
  }

  /** All of the unit is gone: it was moved, or its segment begins anew. Nothing in it is pending. */
  clear(id: number, unit: number): void {
    assert(this.pendingCount(id, unit) === 0, 'pending units stay');
    const count = this.count(id, unit);
    if (count === 0) return;
    this.#liveUnits--;
    for (let i = 0; i < count; i++) this.#remove(id, unit);
  }

  /** Whether any of these units is in use. */
  anyBusy(id: number, unit: number, units: number): boolean {
    const at = this.bitsAt(id);
    const end = unit + units;
    for (let i = unit >>> 5; i << 5 < end; i++) {
      let word = this.#bits[at + i] ?? 0;
      if (i === unit >>> 5) word &= -1 << (unit & 31);
      if (i << 5 > end - 32) word &= ~(-1 << (end & 31));
      if (word !== 0) return true;
    }
    return false;
  }

  /** How many of these units are in use. */
  countBusy(id: number, unit: number, units: number): number {
    const at = this.bitsAt(id);
    const end = unit + units;
    let count = 0;
    for (let i = unit >>> 5; i << 5 < end; i++) {
      let word = this.#bits[at + i] ?? 0;
      if (i === unit >>> 5) word &= -1 << (unit & 31);
      if (i << 5 > end - 32) word &= ~(-1 << (end & 31));
      count += popcount(word);
    }
    return count;
  }

  /** Writes the offsets from `unit` of those of `units` units that are in use to `to`; answers how many. */
  listBusy(id: number, unit: number, units: number, to: Uint8Array): number {
    let found = 0;
    for (let i = 0; i < units; i++) if (this.isBusy(id, unit + i)) to[found++] = i;
    return found;
  }

  /** The segment has been closed: what is not needed any more is given back. */
  settle(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.blocks > 0 || pending.becameLive) return;
    this.#pending.delete(id);
    this.#lastId = -1;
    this.#segments.setFlag(id, segmentFlag.pending, false);
  }

  /** Nothing is in the segment. */
  reset(id: number): void {
    assert(this.#segments.used[id] === 0, 'an empty segment begins anew');
    this.settle(id);
    if (!this.#segments.has(id, segmentFlag.counts)) return;
    this.#countPool(id).give(this.#countSlot[id] ?? 0);
    this.#segments.setFlag(id, segmentFlag.counts, false);
  }

  #add(id: number, unit: number, blocks: number): void {
    const at = this.bitsAt(id) + (unit >>> 5);
    const bit = 1 << (unit & 31);
    const wasBusy = ((this.#bits[at] ?? 0) & bit) !== 0;
    if (!wasBusy) {
      this.#bits[at] = (this.#bits[at] ?? 0) | bit;
      this.#segments.used[id] = (this.#segments.used[id] ?? 0) + 1;
      this.#busyUnits++;
    }
    if (this.#segments.has(id, segmentFlag.counts)) this.#bump(id, unit, blocks);
    else if (wasBusy || blocks > 1) {
      this.#beginCounts(id);
      this.#bump(id, unit, wasBusy ? blocks : blocks - 1);
    }
  }

  #remove(id: number, unit: number): boolean {
    const counted = this.#segments.has(id, segmentFlag.counts);
    if (counted && this.#bump(id, unit, -1) > 0) return false;
    const at = this.bitsAt(id) + (unit >>> 5);
    const bit = 1 << (unit & 31);
    assert(((this.#bits[at] ?? 0) & bit) !== 0, `unit ${unit} of segment ${id} is in use`);
    this.#bits[at] = (this.#bits[at] ?? 0) & ~bit;
    this.#segments.used[id] = (this.#segments.used[id] ?? 0) - 1;
    this.#busyUnits--;
    return true;
  }

  /** What is pending in a segment. */
  #pendingOf(id: number): Pending | undefined {
    if (!this.#segments.has(id, segmentFlag.pending)) return undefined;
    if (id !== this.#lastId) {
      this.#last = this.#pending.get(id);
      this.#lastId = id;
    }
    return this.#last;
  }

  #beginPending(id: number): Pending {
    const { dataUnits } = this.#segments.spaceOf(id);
    const live = new Uint32Array(Math.ceil(dataUnits / 32));
    const pending = { blocks: 0, units: new Uint8Array(dataUnits), live, becameLive: false };
    this.#pending.set(id, pending);
    this.#segments.setFlag(id, segmentFlag.pending, true);
    this.#lastId = -1;
    return pending;
  }

  #unpend(id: number, unit: number): Pending {
    const pending = this.#pendingOf(id);
    assert(pending !== undefined && (pending.units[unit] ?? 0) > 0, `unit ${unit} of ${id} is pending`);
    pending.units[unit] = (pending.units[unit] ?? 0) - 1;
    pending.blocks--;
    return pending;
  }

  /** Every unit in use has one block: so far. */
  #beginCounts(id: number): void {
    const pool = this.#countPool(id);
    const slot = pool.take();
    if (this.#countSlot.length < this.#segments.ids) {
      const slots = new Uint32Array(this.#segments.ids);
      slots.set(this.#countSlot);
      this.#countSlot = slots;
    }
    this.#countSlot[id] = slot;
    this.#segments.setFlag(id, segmentFlag.counts, true);
    const { bytes, at } = this.#countsOf(id);
    bytes.fill(0, at, at + pool.slotBytes);
    const { dataUnits } = this.#segments.spaceOf(id);
    for (let unit = 0; unit < dataUnits; unit++) if (this.isBusy(id, unit)) this.#bump(id, unit, 1);
  }

  #bump(id: number, unit: number, by: number): number {
    const { bytes, at } = this.#countsOf(id);
    const byte = bytes[at + (unit >>> 1)] ?? 0;
    const shift = (unit & 1) * 4;
    const count = ((byte >>> shift) & 15) + by;
    assert(count >= 0 && count <= blocksPerUnitMax, `unit ${unit} of segment ${id} has 0 to 8 blocks`);
    bytes[at + (unit >>> 1)] = (byte & ~(15 << shift)) | (count << shift);
    return count;
  }

  #countsOf(id: number): { readonly bytes: Uint8Array; readonly at: number } {
    const pool = this.#countPool(id);
    const slot = this.#countSlot[id] ?? 0;
    return { bytes: pool.chunk(slot), at: pool.offset(slot) };
  }

  #countPool(id: number): SlotPool {
    const { dataUnits } = this.#segments.spaceOf(id);
    let pool = this.#countPools.get(dataUnits);
    if (pool === undefined)
      this.#countPools.set(dataUnits, (pool = new SlotPool(Math.ceil(dataUnits / 8) * 4)));
    return pool;
  }
}
