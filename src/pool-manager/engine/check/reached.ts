/** Which units have been reached, how many blocks in each, and by whom: four to five bytes of memory per unit in use. */
import { plainSectors } from '../map/pointer.ts';
import type { Place } from '../map/map-space.ts';

interface SegmentReach {
  /** Blocks that were reached, by unit. */
  readonly blocks: Uint8Array;
  /** Whose the unit is, when one block fills it; 0 when not reached or shared. */
  readonly owners: Uint32Array;
  /** Owner by sector, where units have several blocks. */
  readonly sectors: Map<number, number>;
}

const sectorsPerUnit = 8;

export class Reached {
  readonly #segments = new Map<number, SegmentReach>();
  readonly #unitsOf: (group: number) => number;
  units = 0;
  /** What the pointers to them say they occupy. */
  sectors = 0;

  constructor(unitsOf: (group: number) => number) {
    this.#unitsOf = unitsOf;
  }

  /**
   * A pointer to `sectors` sectors at this place, of the volumes that descend from `family`, for block or node `owner`.
   * `first` time, `again` for the same, or `other`: it was reached as something else before.
   */
  note(place: Place, sectors: number, family: number, owner: number): 'first' | 'again' | 'other' {
    const reach = this.#segment(place.group, place.segment);
    const tag = tagOf(family, owner);
    const outcome =
      sectors === plainSectors ? this.#whole(reach, place.unit, tag) : this.#part(reach, place, sectors, tag);
    if (outcome === 'first') this.sectors += sectors;
    return outcome;
  }

  blocks(group: number, segment: number, unit: number): number {
    return this.#segments.get(keyOf(group, segment))?.blocks[unit] ?? 0;
  }

  #whole({ blocks, owners }: SegmentReach, unit: number, tag: number): 'first' | 'again' | 'other' {
    if (blocks[unit] !== 0) return owners[unit] === tag ? 'again' : 'other';
    owners[unit] = tag;
    blocks[unit] = 1;
    this.units++;
    return 'first';
  }

  #part(
    { blocks, owners, sectors }: SegmentReach,
    { unit, sectorInUnit }: Place,
    count: number,
    tag: number,
  ): 'first' | 'again' | 'other' {
    if (owners[unit] !== 0) return 'other';
    const from = unit * sectorsPerUnit + sectorInUnit;
    // The first sector says which block, so that two that begin at different sectors differ.
    const own = tagOf(tag, sectorInUnit);
    const before = sectors.get(from);
    if (before === own) return 'again';
    for (let sector = from; sector < from + count; sector++) {
      if (sectors.has(sector)) return 'other';
      sectors.set(sector, own);
    }
    if (blocks[unit] === 0) this.units++;
    blocks[unit] = (blocks[unit] ?? 0) + 1;
    return 'first';
  }

  #segment(group: number, segment: number): SegmentReach {
    const key = keyOf(group, segment);
    let reach = this.#segments.get(key);
    if (reach === undefined) {
      const units = this.#unitsOf(group);
      reach = { blocks: new Uint8Array(units), owners: new Uint32Array(units), sectors: new Map() };
      this.#segments.set(key, reach);
    }
    return reach;
  }
}

const keyOf = (group: number, segment: number): number => group * 2 ** 32 + segment;

/** 32 bits that are never 0. Two owners have the same one once in four thousand million. */
function tagOf(family: number, owner: number): number {
  let tag = Math.imul(family + 1, 0x9e37_79b1) ^ Math.imul(owner >>> 0, 0x85eb_ca6b);
  tag ^= Math.imul(Math.floor(owner / 2 ** 32) + 0x27d4, 0xc2b2_ae35);
  tag = Math.imul(tag ^ (tag >>> 15), 0x2c1b_3c6d);
  return (tag ^ (tag >>> 13)) >>> 0 || 1;
}
