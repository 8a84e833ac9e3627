/**
 * What is known of each segment, in typed arrays by segment id. Ids are given in pages of 64 segments of one group, so
 * that they stay when groups grow; on disk a segment is (group, number).
 */
import { assert } from '../../../shared/assert.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import { basesMax } from './batch-table.ts';

export const pageSegments = 64;
/** The last units of a segment say whose the others are, 255 per unit (summary.ts). */
export const entriesPerSummaryUnit = 255;

/** On disk and in memory. `absent`: the group ends before. */
export const stateCode = { free: 0, open: 1, closed: 2, held: 3, system: 4, absent: 5 } as const;
export type StateCode = (typeof stateCode)[keyof typeof stateCode];
const states = Object.keys(stateCode).length;

/** Who appends to a segment; the numbers are those on disk. */
export const heatCode = { data: 0, metadata: 1, movedOnce: 2, movedMore: 3 } as const;
export type Heat = keyof typeof heatCode;

/** Bits of `flags`. */
export const segmentFlag = { counts: 1, pending: 2, summarized: 4 } as const;

export interface GroupSpace {
  group: SegmentGroup;
  /** Units of a segment that names can have: whole rows. */
  readonly dataUnits: number;
  /** Page ids, in order of the segments in them. */
  readonly pages: number[];
  /** Segments in each state. */
  readonly inState: Uint32Array;
  /** Where the search for a free segment goes on. */
  cursor: number;
  /** Its claim on the next batch (group-turn.ts). */
  credit: number;
}

export const dataUnitsOf = (group: Pick<SegmentGroup, 'segmentUnits' | 'rowUnits'>): number => {
  const units = group.segmentUnits - Math.ceil(group.segmentUnits / (entriesPerSummaryUnit + 1));
  return units - (units % group.rowUnits);
};

export class Segments {
  readonly groups: GroupSpace[] = [];
  /** By page: its group, and the number of its first segment there. */
  readonly pageGroup: number[] = [];
  readonly pageFirst: number[] = [];
  state = new Uint8Array(0);
  heat = new Uint8Array(0);
  flags = new Uint8Array(0);
  /** Units in use. */
  used = new Uint16Array(0);
  /** When it was closed, by the clock of appended units. */
  clock = new Uint32Array(0);
  /** The last checkpoint that took something from it. */
  emptied = new Uint32Array(0);

  get ids(): number {
    return this.state.length;
  }

  get pages(): number {
    return this.pageGroup.length;
  }

  /** Takes in what groups have become. */
  grow(groups: readonly SegmentGroup[]): void {
    for (const [index, group] of groups.entries()) {
      const known = (this.groups[index] ??= newGroup(group));
      assert(known.dataUnits === dataUnitsOf(group), 'segments of a group keep their size');
      known.group = group;
      while (known.pages.length * pageSegments < group.segments) {
        known.pages.push(this.pageGroup.length);
        this.pageGroup.push(index);
        this.pageFirst.push((known.pages.length - 1) * pageSegments);
      }
    }
    this.#resize(this.pageGroup.length * pageSegments);
    for (const { group, pages, inState } of this.groups)
      for (const page of pages)
        for (let id = page * pageSegments; id < (page + 1) * pageSegments; id++)
          if (this.state[id] === stateCode.absent && this.numberOf(id) < group.segments) {
            this.state[id] = stateCode.free;
            bump(inState, stateCode.free, 1);
          }
  }

  id(group: number, segment: number): number {
    const space = this.groupAt(group);
    const page = space.pages[Math.floor(segment / pageSegments)];
    assert(page !== undefined && segment < space.group.segments, `group ${group} has segment ${segment}`);
    return page * pageSegments + (segment % pageSegments);
  }

  groupAt(index: number): GroupSpace {
    const group = this.groups[index];
    assert(group !== undefined, `the pool has group ${index}`);
    return group;
  }

  groupIndexOf(id: number): number {
    return this.pageGroup[id >>> 6] ?? 0;
  }

  spaceOf(id: number): GroupSpace {
    return this.groupAt(this.groupIndexOf(id));
  }

  numberOf(id: number): number {
    return (this.pageFirst[id >>> 6] ?? 0) + (id & (pageSegments - 1));
  }

  setState(id: number, state: StateCode): void {
    const { inState } = this.spaceOf(id);
    bump(inState, this.state[id] ?? 0, -1);
    bump(inState, state, 1);
    this.state[id] = state;
  }

  has(id: number, flag: number): boolean {
    return ((this.flags[id] ?? 0) & flag) !== 0;
  }

  setFlag(id: number, flag: number, on: boolean): void {
    const flags = this.flags[id] ?? 0;
    this.flags[id] = on ? flags | flag : flags & ~flag;
  }

  /** Units that all segments in this state can hold. */
  unitsIn(state: StateCode): number {
    let units = 0;
    for (const group of this.groups) units += (group.inState[state] ?? 0) * group.dataUnits;
    return units;
  }

  countIn(state: StateCode): number {
    let count = 0;
    for (const group of this.groups) count += group.inState[state] ?? 0;
    return count;
  }

  get totalUnits(): number {
    let units = 0;
    for (const { group, dataUnits } of this.groups) units += group.segments * dataUnits;
    return units;
  }

  #resize(ids: number): void {
    const first = this.ids;
    this.state = extend(new Uint8Array(ids), this.state).fill(stateCode.absent, first);
    this.heat = extend(new Uint8Array(ids), this.heat);
    this.flags = extend(new Uint8Array(ids), this.flags);
    this.used = extend(new Uint16Array(ids), this.used);
    this.clock = extend(new Uint32Array(ids), this.clock);
    this.emptied = extend(new Uint32Array(ids), this.emptied);
  }
}

function newGroup(group: SegmentGroup): GroupSpace {
  const dataUnits = dataUnitsOf(group);
  assert(dataUnits > 0 && dataUnits < basesMax, 'units of a segment are numbered in 15 bits');
  return { group, dataUnits, pages: [], inState: new Uint32Array(states), cursor: 0, credit: 0 };
}

function extend<T extends Uint8Array | Uint16Array | Uint32Array>(to: T, from: T): T {
  to.set(from);
  return to;
}

function bump(counts: Uint32Array, at: number, by: number): void {
  counts[at] = (counts[at] ?? 0) + by;
}
