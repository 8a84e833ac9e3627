/** Where the blocks of one read lie: neighbours on the devices are read together. */
import type { MapSpace, Sought } from '../map/map-space.ts';
import { offsetOf, plainSectors, pointerWords } from '../map/pointer.ts';

/** One segment's worth of the smallest pools; longer stretches gain nothing. */
const unitsMax = 256;
/** The unit of a block that is not read from a device. */
export const notThere = 0x7fff;
/** Beside the unit: a good copy of the block has been met. */
const taken = 0x8000;

/** Units between two that are wanted which cost less to read with them than a read of its own. */
const gapUnitsMax = 8;

/** Units that lie one behind the other, and the blocks of the read that are in them, others between them left out. */
export interface Stretch {
  readonly group: number;
  readonly segment: number;
  readonly unit: number;
  units: number;
  readonly from: number;
  to: number;
  /** Units between them are in no block of the read. */
  hasGaps: boolean;
}

export class Stretches {
  readonly all: Stretch[] = [];
  readonly #space: MapSpace;
  readonly #pointers: Uint32Array;
  readonly #gapUnits: number;
  /** By block: its unit in its stretch. */
  readonly #units: Uint16Array;
  /** What lies behind the last place that was looked up needs no look: where it is, and the pointer that it is of. */
  #sought: Sought | undefined;
  #soughtAt = 0;

  /** Blocks are numbered as their pointers are. `inPlaceOrder`: in the order in which they lie, with others between them. */
  constructor(space: MapSpace, pointers: Uint32Array, count: number, inPlaceOrder: boolean) {
    this.#space = space;
    this.#pointers = pointers;
    this.#gapUnits = inPlaceOrder ? gapUnitsMax : 0;
    this.#units = new Uint16Array(count).fill(notThere);
  }

  /** The stored bytes of the block if they are in memory, good until the next await; else notes where it lies. */
  seek(index: number): Uint8Array | 'noted' | 'gone' {
    const at = index * pointerWords;
    const behind = this.#unitBehind(at);
    if (this.#sought !== undefined && behind >= 0) {
      this.#note(this.#sought, behind, index);
      return 'noted';
    }
    const sought = this.#space.seek(this.#pointers, at);
    if (sought === undefined) return 'gone';
    if (sought.pending !== undefined) return sought.pending;
    this.#sought = sought;
    this.#soughtAt = at;
    this.#note(sought, sought.unit, index);
    return 'noted';
  }

  /** In its stretch; `notThere` for blocks that were not noted. */
  unitOf(index: number): number {
    return (this.#units[index] ?? notThere) & ~taken;
  }

  took(index: number): void {
    this.#units[index] = (this.#units[index] ?? notThere) | taken;
  }

  isTaken(index: number): boolean {
    return ((this.#units[index] ?? 0) & taken) !== 0;
  }

  /** By unit of the stretch: its first block; `to` for one that nobody wants. */
  firstIn({ units, from, to }: Stretch): Uint32Array {
    const firstIn = new Uint32Array(units).fill(to);
    for (let index = to - 1; index >= from; index--) {
      const within = this.unitOf(index);
      if (within !== notThere) firstIn[within] = index;
    }
    return firstIn;
  }

  /** The unit of a pointer of the same batch as the last that was looked up; -1 for others. */
  #unitBehind(at: number): number {
    const pointers = this.#pointers;
    const soughtAt = this.#soughtAt;
    const isSameBatch =
      pointers[at] === pointers[soughtAt] &&
      (((pointers[at + 1] ?? 0) ^ (pointers[soughtAt + 1] ?? 0)) & 0xff) === 0;
    if (this.#sought === undefined || !isSameBatch) return -1;
    const further = unitInBatch(pointers, at) - unitInBatch(pointers, soughtAt);
    return further >= 0 && further <= this.#sought.unitsBehind ? this.#sought.unit + further : -1;
  }

  #note({ group, segment }: Sought, unit: number, index: number): void {
    const last = this.all.at(-1);
    if (last !== undefined && last.group === group && last.segment === segment) {
      const within = unit - last.unit;
      if (within >= last.units - 1 && within <= last.units + this.#gapUnits && within < unitsMax) {
        if (within > last.units) last.hasGaps = true;
        last.units = within + 1;
        last.to = index + 1;
        this.#units[index] = within;
        return;
      }
    }
    this.all.push({ group, segment, unit, units: 1, from: index, to: index + 1, hasGaps: false });
    this.#units[index] = 0;
  }
}

const unitInBatch = (words: Uint32Array, at: number): number =>
  Math.floor(offsetOf(words, at) / plainSectors);
