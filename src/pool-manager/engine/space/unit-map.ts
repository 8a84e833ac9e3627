/**
 * Which units are in use: one bit per unit of the pool (unit-bits.ts), and more where one bit does not say it.
 *
 *  - A segment with compressed blocks has a count per unit (block-counts.ts): up to eight blocks lie in one.
 *  - A segment with blocks that no checkpoint has taken in has a count of these per unit: *pending* (pending-units.ts). The
 *    others are live.
 */
import { assert } from '../../../shared/assert.ts';
import { BlockCounts } from './block-counts.ts';
import { PendingUnits } from './pending-units.ts';
import { popcount } from './presence.ts';
import type { Segments } from './segments.ts';
import { UnitBits } from './unit-bits.ts';

export class UnitMap {
  readonly #segments: Segments;
  readonly #bits: UnitBits;
  readonly #counts: BlockCounts;
  readonly #pending: PendingUnits;
  #busyUnits = 0;
  #liveUnits = 0;

  constructor(segments: Segments) {
    this.#segments = segments;
    this.#bits = new UnitBits(segments);
    this.#counts = new BlockCounts(segments);
    this.#pending = new PendingUnits(segments);
  }

  get busyUnits(): number {
    return this.#busyUnits;
  }
  get liveUnits(): number {
    return this.#liveUnits;
  }
  get bytes(): number {
    return this.#bits.bytes + this.#counts.bytes;
  }

  /** Follows `segments.grow`. */
  grow(): void {
    this.#bits.grow();
  }

  isBusy(id: number, unit: number): boolean {
    return this.#bits.has(id, unit);
  }

  /** 32 bits of what is live, in a segment whose units have one block each. */
  liveWord(id: number, word: number): number {
    return this.#bits.word(id, word) & ~this.#pending.word(id, word);
  }

  /** Blocks in a unit. */
  count(id: number, unit: number): number {
    if (!this.#bits.has(id, unit)) return 0;
    return this.#counts.has(id) ? this.#counts.get(id, unit) : 1;
  }

  pendingCount(id: number, unit: number): number {
    return this.#pending.count(id, unit);
  }

  /** Blocks of the segment that are not live. */
  pendingBlocks(id: number): number {
    return this.#pending.blocks(id);
  }

  /** Segments with pending blocks. */
  pendingSegments(): Iterable<number> {
    return this.#pending.withBlocks();
  }

  /** One more block in the unit, not live yet. */
  take(id: number, unit: number): void {
    this.#add(id, unit, 1);
    this.#pending.add(id, unit);
  }

  /** The same of so many units that had none, each by itself. */
  takeNew(id: number, unit: number, count: number): void {
    if (this.#counts.has(id)) {
      for (let i = 0; i < count; i++) this.take(id, unit + i);
      return;
    }
    assert(!this.#bits.any(id, unit, count), `units ${unit}+${count} of segment ${id} are new`);
    this.#bits.setRange(id, unit, count);
    this.#used(id, count);
    this.#pending.add(id, unit, count);
  }

  /** One of the pending blocks in the unit is live; answers whether it is the first since the last `takeLive`. */
  adopt(id: number, unit: number): boolean {
    if (this.#live(id, unit) === 0) this.#liveUnits++;
    return this.#pending.adopt(id, unit);
  }

  /** Calls `take` with the units that became live since the last time, segment by segment. */
  takeLive(take: (id: number, bits: Uint32Array) => void): void {
    this.#pending.takeLive(take);
  }

  /** One pending block fewer; answers whether the unit is empty. */
  drop(id: number, unit: number): boolean {
    this.#pending.drop(id, unit);
    return this.#remove(id, unit);
  }

  /** One live block fewer; answers whether the unit is empty. */
  free(id: number, unit: number): boolean {
    const live = this.#live(id, unit);
    assert(live > 0, `unit ${unit} of segment ${id} is live`);
    if (live === 1) this.#liveUnits--;
    return this.#remove(id, unit);
  }

  /** Live blocks, from a table or by a move. */
  addLive(id: number, unit: number, blocks: number): void {
    if (this.#live(id, unit) === 0) this.#liveUnits++;
    this.#add(id, unit, blocks);
  }

  /** One live block each in the units whose bits are set, of the 32 from `word * 32` on. */
  addLiveWord(id: number, word: number, bits: number): void {
    if ((this.#bits.word(id, word) & bits) === 0 && !this.#counts.has(id)) {
      this.#bits.setWord(id, word, bits);
      const count = popcount(bits);
      this.#used(id, count);
      this.#liveUnits += count;
      return;
    }
    for (let i = 0; i < 32; i++) if ((bits & (1 << i)) !== 0) this.addLive(id, word * 32 + i, 1);
  }

  /** All of the unit is gone: it was moved, or its segment begins anew. Nothing in it is pending. */
  clear(id: number, unit: number): void {
    assert(this.#pending.count(id, unit) === 0, 'pending units stay');
    const count = this.count(id, unit);
    if (count === 0) return;
    this.#liveUnits--;
    for (let i = 0; i < count; i++) this.#remove(id, unit);
  }

  /** Every unit of the segment that is in use has one block. */
  isPlain(id: number): boolean {
    return !this.#counts.has(id);
  }

  /**
   * What is in use of `prefix` units from `base` on is now at `toBase` of another segment, one behind the other: `count`
   * units. Both are plain, and nothing in the units is pending.
   */
  move(id: number, base: number, prefix: number, to: number, toBase: number, count: number): void {
    assert(this.isPlain(id) && this.isPlain(to) && this.#pending.blocks(id) === 0, 'plain live units move');
    assert(this.#bits.count(id, base, prefix) === count, 'all that is in use of it moves');
    assert(!this.#bits.any(to, toBase, count), `units ${toBase}+${count} of segment ${to} are new`);
    this.#bits.clearRange(id, base, prefix);
    this.#bits.setRange(to, toBase, count);
    this.#used(id, -count);
    this.#used(to, count);
  }

  /** Whether any of these units is in use. */
  anyBusy(id: number, unit: number, units: number): boolean {
    return this.#bits.any(id, unit, units);
  }

  /** How many of these units are in use. */
  countBusy(id: number, unit: number, units: number): number {
    return this.#bits.count(id, unit, units);
  }

  /** Writes the offsets from `unit` of those of `units` units that are in use to `to`; answers how many. */
  listBusy(id: number, unit: number, units: number, to: Uint8Array): number {
    return this.#bits.list(id, unit, units, to);
  }

  /** The segment has been closed: what is not needed any more is given back. */
  settle(id: number): void {
    this.#pending.settle(id);
  }

  /** Nothing is in the segment. */
  reset(id: number): void {
    assert(this.#segments.used[id] === 0, 'an empty segment begins anew');
    this.#pending.settle(id);
    this.#counts.end(id);
  }

  #live(id: number, unit: number): number {
    return this.count(id, unit) - this.#pending.count(id, unit);
  }

  #used(id: number, units: number): void {
    this.#segments.used[id] = (this.#segments.used[id] ?? 0) + units;
    this.#busyUnits += units;
  }

  #add(id: number, unit: number, blocks: number): void {
    const wasBusy = !this.#bits.set(id, unit);
    if (!wasBusy) this.#used(id, 1);
    if (this.#counts.has(id)) this.#counts.bump(id, unit, blocks);
    else if (wasBusy || blocks > 1) {
      this.#counts.begin(id, (each) => this.#bits.has(id, each));
      this.#counts.bump(id, unit, wasBusy ? blocks : blocks - 1);
    }
  }

  #remove(id: number, unit: number): boolean {
    if (this.#counts.has(id) && this.#counts.bump(id, unit, -1) > 0) return false;
    const wasBusy = this.#bits.clear(id, unit);
    assert(wasBusy, `unit ${unit} of segment ${id} is in use`);
    this.#used(id, -1);
    return true;
  }
}
