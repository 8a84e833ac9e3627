/**
 * Which units of the pool are in use, in memory: two bits per 4 KiB unit.
 *
 *  - `busy`: must not be written. `live`: reachable from the next root; what the space map on disk records. Live units
 *    are busy. Busy and not live are: data of the open group (it becomes live when its layer is built), units that were
 *    freed but may still be reached by a root that a crash could bring back ("held"), and the space map's own units.
 *  - A unit that root `t` does not reach any more is given out again once root `t + holdTxgs` is durable and no reader
 *    that began before the free is still at work.
 *  - Units are handed out next-fit, front to back, so that what is written together lies together; groups take turns.
 */
import { assert } from '../../shared/assert.ts';
import { NumberList } from './number-list.ts';

export const unitsPerPage = 4096 * 8;
/** Bits are found by 32-bit arithmetic: 16 TiB. */
export const spaceUnitsMax = 2 ** 32;
/** How many roots must be durable after the one that freed a unit. */
export const holdTxgs = 2;
/** Contiguous units that one group gets before it is the next one's turn: 1 MiB. */
const turnUnits = 256;

interface GroupSpace {
  readonly first: number;
  readonly units: number;
  freeUnits: number;
  cursor: number;
  /** Units left of this turn. */
  turn: number;
}

export interface Run {
  readonly unit: number;
  readonly count: number;
}

export class Space {
  readonly totalUnits: number;
  readonly #busy: Uint32Array;
  readonly #live: Uint32Array;
  readonly #groups: readonly GroupSpace[];
  readonly #held = new Map<number, NumberList>();
  readonly #dirtyPages = new Set<number>();
  #group = 0;
  #freeUnits: number;
  #heldUnits = 0;
  #liveUnits = 0;

  /** `groupUnits`: multiples of 32. */
  constructor(groupUnits: readonly number[]) {
    let first = 0;
    this.#groups = groupUnits.map((units) => {
      assert(units > 0 && units % 32 === 0, 'a group is whole words of the bitmap');
      const group = { first, units, freeUnits: units, cursor: first, turn: turnUnits };
      first += units;
      return group;
    });
    this.totalUnits = first;
    this.#freeUnits = first;
    this.#busy = new Uint32Array(Math.ceil(first / unitsPerPage) * (unitsPerPage / 32));
    this.#live = new Uint32Array(this.#busy.length);
  }

  /** May be written now. */
  get freeUnits(): number {
    return this.#freeUnits;
  }
  get heldUnits(): number {
    return this.#heldUnits;
  }
  get liveUnits(): number {
    return this.#liveUnits;
  }
  get pages(): number {
    return this.#busy.length / (unitsPerPage / 32);
  }

  isLive(unit: number): boolean {
    return ((this.#live[unit >>> 5] ?? 0) & (1 << (unit & 31))) !== 0;
  }
  isBusy(unit: number): boolean {
    return ((this.#busy[unit >>> 5] ?? 0) & (1 << (unit & 31))) !== 0;
  }

  /** Up to `countMax` contiguous units, busy and not live yet; undefined when the pool is full. */
  alloc(countMax: number): Run | undefined {
    if (this.#freeUnits === 0) return undefined;
    let group = this.#at(this.#group);
    for (let i = 0; group.turn <= 0 || group.freeUnits === 0; i++) {
      assert(i <= 2 * this.#groups.length, 'free units are in some group');
      group.turn = turnUnits;
      this.#group = (this.#group + 1) % this.#groups.length;
      group = this.#at(this.#group);
    }
    const unit = this.#nextFree(group);
    const end = Math.min(unit + countMax, group.first + group.units);
    let next = unit;
    while (next < end && !this.isBusy(next)) {
      this.#busy[next >>> 5] = (this.#busy[next >>> 5] ?? 0) | (1 << (next & 31));
      next++;
    }
    const count = next - unit;
    group.cursor = next;
    group.freeUnits -= count;
    group.turn -= count;
    this.#freeUnits -= count;
    return { unit, count };
  }

  /** The next root reaches the unit. */
  enliven(unit: number): void {
    assert(this.isBusy(unit) && !this.isLive(unit), `unit ${unit} was allocated and is not live`);
    this.#live[unit >>> 5] = (this.#live[unit >>> 5] ?? 0) | (1 << (unit & 31));
    this.#liveUnits++;
    this.#dirtyPages.add(Math.floor(unit / unitsPerPage));
  }

  /** A live unit is not reachable from root `txg` on. */
  free(unit: number, txg: number): void {
    assert(this.isLive(unit), `unit ${unit} is freed twice`);
    this.#live[unit >>> 5] = (this.#live[unit >>> 5] ?? 0) & ~(1 << (unit & 31));
    this.#liveUnits--;
    this.#dirtyPages.add(Math.floor(unit / unitsPerPage));
    this.#hold(unit, txg);
  }

  /** The same for a unit that is not live: data that no root ever reached, or the space map's own. */
  drop(unit: number, txg: number): void {
    assert(this.isBusy(unit) && !this.isLive(unit), `unit ${unit} is busy and not live`);
    this.#hold(unit, txg);
  }

  /** Gives out again what was freed at `txgMax` or before. */
  release(txgMax: number): void {
    for (const [txg, units] of this.#held) {
      if (txg > txgMax) continue;
      this.#held.delete(txg);
      for (const unit of units.values()) {
        this.#busy[unit >>> 5] = (this.#busy[unit >>> 5] ?? 0) & ~(1 << (unit & 31));
        this.#groupOf(unit).freeUnits++;
      }
      this.#freeUnits += units.length;
      this.#heldUnits -= units.length;
    }
  }

  /** Pages whose live bits changed since the last call, in order. */
  takeDirtyPages(): readonly number[] {
    const pages = [...this.#dirtyPages].toSorted((a, b) => a - b);
    this.#dirtyPages.clear();
    return pages;
  }

  /** A copy of the live bits of one page, as it goes to disk. */
  page(index: number): Uint8Array {
    return new Uint8Array(this.#live.slice(index * 1024, (index + 1) * 1024).buffer);
  }

  /** All live bits; for the resilver. */
  liveBits(): Uint32Array {
    return this.#live.slice();
  }

  /** At import: takes one page of the map from disk. */
  loadPage(index: number, bytes: Uint8Array): void {
    const words = new Uint32Array(bytes.slice().buffer);
    for (const [i, word] of words.entries()) {
      if (word === 0) continue;
      const at = index * 1024 + i;
      const count = popcount(word);
      assert(at * 32 < this.totalUnits, 'the space map ends with the pool');
      this.#busy[at] = word;
      this.#live[at] = word;
      this.#liveUnits += count;
      this.#freeUnits -= count;
      this.#groupOf(at * 32).freeUnits -= count;
    }
  }

  /** At import: a unit of the space map itself. Answers false when the unit is in use already. */
  loadOwn(unit: number): boolean {
    if (unit >= this.totalUnits || this.isBusy(unit)) return false;
    this.#busy[unit >>> 5] = (this.#busy[unit >>> 5] ?? 0) | (1 << (unit & 31));
    this.#freeUnits--;
    this.#groupOf(unit).freeUnits--;
    return true;
  }

  #nextFree(group: GroupSpace): number {
    const end = group.first + group.units;
    for (let pass = 0; pass < 2; pass++) {
      let unit = pass === 0 ? group.cursor : group.first;
      while (unit < end) {
        const word = (this.#busy[unit >>> 5] ?? 0) | ((1 << (unit & 31)) - 1);
        const wordFirst = unit - (unit & 31);
        if (word !== -1) return wordFirst + 31 - Math.clz32(~word & -~word); // the lowest bit that is clear
        unit = wordFirst + 32;
      }
    }
    throw new RangeError('a group with free units has none');
  }

  #hold(unit: number, txg: number): void {
    let units = this.#held.get(txg);
    if (units === undefined) this.#held.set(txg, (units = new NumberList()));
    units.push(unit);
    this.#heldUnits++;
  }

  #groupOf(unit: number): GroupSpace {
    const group = this.#groups.findLast((each) => each.first <= unit);
    assert(group !== undefined, 'units begin at zero');
    return group;
  }

  #at(index: number): GroupSpace {
    const group = this.#groups[index];
    assert(group !== undefined, 'a pool has a group');
    return group;
  }
}

function popcount(word: number): number {
  let x = word - ((word >>> 1) & 0x5555_5555);
  x = (x & 0x3333_3333) + ((x >>> 2) & 0x3333_3333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
