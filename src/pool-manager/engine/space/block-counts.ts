/** How many blocks a unit has, in segments where some have several: four bits per unit, for there are eight at most. */
import { assert } from '../../../shared/assert.ts';
import { segmentFlag, type Segments } from './segments.ts';
import { SlotPool } from './slot-pool.ts';

const blocksPerUnitMax = 8;

export class BlockCounts {
  readonly #segments: Segments;
  /** By segment id. */
  #slot = new Uint32Array(0);
  /** By units of a segment. */
  readonly #pools = new Map<number, SlotPool>();

  constructor(segments: Segments) {
    this.#segments = segments;
  }

  get bytes(): number {
    let sum = this.#slot.byteLength;
    for (const pool of this.#pools.values()) sum += pool.bytes;
    return sum;
  }

  /** The segment's units have counts. */
  has(id: number): boolean {
    return this.#segments.has(id, segmentFlag.counts);
  }

  get(id: number, unit: number): number {
    const { bytes, at } = this.#of(id);
    return ((bytes[at + (unit >>> 1)] ?? 0) >>> ((unit & 1) * 4)) & 15;
  }

  /** Answers how many there are then. */
  bump(id: number, unit: number, by: number): number {
    const { bytes, at } = this.#of(id);
    const byte = bytes[at + (unit >>> 1)] ?? 0;
    const shift = (unit & 1) * 4;
    const count = ((byte >>> shift) & 15) + by;
    assert(count >= 0 && count <= blocksPerUnitMax, `unit ${unit} of segment ${id} has 0 to 8 blocks`);
    bytes[at + (unit >>> 1)] = (byte & ~(15 << shift)) | (count << shift);
    return count;
  }

  /** Every unit has one block where `isBusy` says so: so far. */
  begin(id: number, isBusy: (unit: number) => boolean): void {
    const pool = this.#pool(id);
    const slot = pool.take();
    if (this.#slot.length < this.#segments.ids) {
      const slots = new Uint32Array(this.#segments.ids);
      slots.set(this.#slot);
      this.#slot = slots;
    }
    this.#slot[id] = slot;
    this.#segments.setFlag(id, segmentFlag.counts, true);
    const { bytes, at } = this.#of(id);
    bytes.fill(0, at, at + pool.slotBytes);
    const { dataUnits } = this.#segments.spaceOf(id);
    for (let unit = 0; unit < dataUnits; unit++) if (isBusy(unit)) this.bump(id, unit, 1);
  }

  /** Nothing is in the segment. */
  end(id: number): void {
    if (!this.has(id)) return;
    this.#pool(id).give(this.#slot[id] ?? 0);
    this.#segments.setFlag(id, segmentFlag.counts, false);
  }

  #of(id: number): { readonly bytes: Uint8Array; readonly at: number } {
    const pool = this.#pool(id);
    const slot = this.#slot[id] ?? 0;
    return { bytes: pool.chunk(slot), at: pool.offset(slot) };
  }

  #pool(id: number): SlotPool {
    const { dataUnits } = this.#segments.spaceOf(id);
    let pool = this.#pools.get(dataUnits);
    if (pool === undefined) this.#pools.set(dataUnits, (pool = new SlotPool(Math.ceil(dataUnits / 8) * 4)));
    return pool;
  }
}
