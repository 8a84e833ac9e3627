/**
 * Reads what will be moved: victims part by part, whole pieces of batches, several parts ahead of the mover. Only what is
 * in use is taken, checked by the victim's summary where it was read to, into memory that is used again and again.
 */
import { OneByOne } from '../../../shared/one-by-one.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { copyBytes } from '../../../shared/copy-bytes.ts';
import type { UnitCheck } from '../group/segment-group.ts';
import { heatCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import type { Summary } from './summary.ts';
import type { SummaryReader } from './summary-reader.ts';
import { ageOf, chooseVictims } from './victims.ts';

/** Units read together: what is live is found in windows of 64 KiB. */
const windowUnits = 16;
/** Length of a victim that is read and moved in one step. */
export const partUnits = 512;

export interface Victim {
  readonly id: number;
  readonly summary: Summary;
  /** Everything below has been asked for. */
  readTo: number;
  /** Asked for, and not given back. */
  partsOut: number;
}

/** Pieces of a victim from unit `begin` to `end`, as they were read. */
export interface VictimPart {
  readonly victim: Victim;
  readonly begin: number;
  readonly end: number;
  /** From `begin` on; what was not in use is anything. */
  readonly bytes: Uint8Array;
  /** Units, counted from `begin`, of which no copy was good. */
  readonly bad: readonly number[];
}

type Planned = Pick<VictimPart, 'victim' | 'begin' | 'end'>;

export class VictimReader {
  readonly #table: SpaceTable;
  readonly #summaries: SummaryReader;
  readonly #isAllowed: (id: number) => boolean;
  /** Share in use of the segments that are cleaned lately. */
  usedShare = 0.5;
  /** By the clock of appended units, as old as what users wrote is when it is cleaned. */
  #usualAge = 0;
  #candidates: number[] = [];
  #current: Victim | undefined;
  /** Of which something was asked for and is not moved. */
  readonly #underWay = new Set<Victim>();
  readonly #planning = new OneByOne();
  readonly #buffers: Uint8Array[] = [];

  /** `isAllowed`: whether a segment may be emptied now. */
  constructor(table: SpaceTable, summaries: SummaryReader, isAllowed: (id: number) => boolean) {
    this.#table = table;
    this.#summaries = summaries;
    this.#isAllowed = isAllowed;
  }

  /**
   * The next part of the best victim that has at most this share in use; undefined: there is none. Parts are answered in
   * the order in which they were asked for, and go back by `give`. The caller holds a pin meanwhile.
   */
  async next(usedShareMax: number): Promise<VictimPart | undefined> {
    const plan = await this.#planning.run(() => this.#plan(usedShareMax));
    return plan === undefined ? undefined : await this.#read(plan);
  }

  /** The part was moved, or will not be. */
  give({ victim, bytes }: VictimPart): void {
    this.#buffers.push(bytes);
    if (--victim.partsOut === 0 && victim !== this.#current) this.#underWay.delete(victim);
  }

  /** Parts that were given back unmoved are asked for again. */
  startOver(): void {
    this.#current = undefined;
    this.#underWay.clear();
  }

  /** The segment is free. */
  forget(id: number): void {
    if (this.#current?.id === id) this.#current = undefined;
    for (const victim of this.#underWay) if (victim.id === id) this.#underWay.delete(victim);
  }

  async #plan(usedShareMax: number): Promise<Planned | undefined> {
    for (;;) {
      const victim = (this.#current ??= await this.#nextVictim(usedShareMax));
      if (victim === undefined) return undefined;
      const range = this.#isAllowed(victim.id) ? this.#rangeFrom(victim.id, victim.readTo) : undefined;
      if (range !== undefined) {
        victim.readTo = range.end;
        victim.partsOut++;
        return { victim, ...range };
      }
      this.#current = undefined;
      if (victim.partsOut === 0) this.#underWay.delete(victim);
    }
  }

  /** Whole pieces that begin at or behind a unit; undefined: there are none. */
  #rangeFrom(id: number, unit: number): { readonly begin: number; readonly end: number } | undefined {
    const { batches } = this.#table;
    let begin = -1;
    let end = -1;
    for (let piece = 0; piece < batches.pieces(id); piece++) {
      const base = batches.baseAt(id, piece);
      if (base < unit) continue;
      if (begin < 0) begin = base;
      const pieceEnd = base + batches.unitsAt(id, piece);
      if (pieceEnd > begin + partUnits) break;
      end = pieceEnd;
    }
    return begin < 0 ? undefined : { begin, end };
  }

  async #nextVictim(usedShareMax: number): Promise<Victim | undefined> {
    const { segments, clock } = this.#table;
    const isFree = (id: number) =>
      this.#isAllowed(id) && ![...this.#underWay].some((victim) => victim.id === id);
    for (let pass = 0; pass < 2; pass++) {
      for (let id = this.#candidates.shift(); id !== undefined; id = this.#candidates.shift()) {
        if (!isFree(id)) continue;
        const summary = await this.#summaries.read(id);
        if (!isFree(id)) continue;
        const used = (segments.used[id] ?? 0) / segments.spaceOf(id).dataUnits;
        this.usedShare += (Math.min(0.95, used) - this.usedShare) / 8;
        if (segments.heat[id] !== heatCode.metadata)
          this.#usualAge += (ageOf(segments, clock, id) - this.#usualAge) / 8;
        const victim = { id, summary, readTo: 0, partsOut: 0 };
        this.#underWay.add(victim);
        return victim;
      }
      this.#candidates = chooseVictims(segments, clock, this.#usualAge, usedShareMax, isFree);
    }
    return undefined;
  }

  /** Those windows that have something in use, neighbours together. */
  async #read({ victim, begin, end }: Planned): Promise<VictimPart> {
    const { units } = this.#table;
    const bytes = this.#buffers.pop() ?? new Uint8Array(partUnits * blockBytes);
    const bad: number[] = [];
    const runs: Promise<void>[] = [];
    for (let at = begin; at < end;) {
      let to = at;
      while (to < end && units.anyBusy(victim.id, to, windowEnd(to, end) - to)) to = windowEnd(to, end);
      if (to > at) runs.push(this.#readRun(victim, begin, at, to - at, bytes, bad));
      at = to > at ? to : windowEnd(at, end);
    }
    await Promise.all(runs);
    return { victim, begin, end, bytes, bad };
  }

  async #readRun(
    { id, summary }: Victim,
    begin: number,
    first: number,
    count: number,
    bytes: Uint8Array,
    bad: number[],
  ): Promise<void> {
    const { segments, units } = this.#table;
    const isGood = this.#summaries.judge(id, summary, first);
    const take: UnitCheck = (index, found, from) => {
      if (!isGood(index, found, from)) return false;
      if (units.isBusy(id, first + index))
        copyBytes(found, from, blockBytes, bytes, (first + index - begin) * blockBytes);
      return true;
    };
    const { group } = segments.spaceOf(id);
    const missing = await new Promise<readonly number[]>((resolve) =>
      group.take(segments.numberOf(id), first, count, take, resolve),
    );
    for (const index of missing) bad.push(first + index - begin);
  }
}

const windowEnd = (unit: number, end: number): number =>
  Math.min(end, unit - (unit % windowUnits) + windowUnits);
