/** Summaries of segments: of those that are being written from memory, of others from the devices. */
import { blockBytes } from '../../../shared/block-size.ts';
import type { UnitCheck } from '../group/segment-group.ts';
import type { Appender } from './appender.ts';
import { segmentFlag } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import {
  hasEntry,
  isSummaryUnit,
  lifeOf,
  matchesEntry,
  newSummary,
  setEntry,
  type StoredSum,
  type Summary,
  summaryUnits,
} from './summary.ts';

export class SummaryReader {
  /** Of segments that a crash left without one: what is known of them. By segment id. */
  readonly kept = new Map<number, Summary>();
  readonly #table: SpaceTable;
  readonly #appender: Appender;
  readonly #storedSum: StoredSum;

  constructor(table: SpaceTable, appender: Appender, storedSum: StoredSum) {
    this.#table = table;
    this.#appender = appender;
    this.#storedSum = storedSum;
  }

  /** What is unreadable of it is empty. The caller holds a pin. */
  async read(id: number): Promise<Summary> {
    const { segments } = this.#table;
    const { group, dataUnits } = segments.spaceOf(id);
    const known = this.#appender.summaryOf(id) ?? this.kept.get(id);
    if (known !== undefined) return known;
    if (!segments.has(id, segmentFlag.summarized)) return newSummary(dataUnits);
    const life = this.#lifeOf(id);
    const isGood: UnitCheck = (index, bytes, from) =>
      isSummaryUnit(index, life, bytes, from, this.#storedSum);
    const count = summaryUnits(dataUnits);
    const { bytes, bad } = await group.read(segments.numberOf(id), dataUnits, count, isGood);
    const copy = bytes.slice();
    for (const index of bad) copy.fill(0, index * blockBytes, (index + 1) * blockBytes);
    return new Uint32Array(copy.buffer);
  }

  /** A unit of a segment without a summary is known from its pointer. */
  keep(id: number, unit: number, slot: number, owner: number, sumLow: number, sumHigh: number): void {
    const { segments } = this.#table;
    if (segments.has(id, segmentFlag.summarized)) return;
    let summary = this.kept.get(id);
    if (summary === undefined) this.kept.set(id, (summary = newSummary(segments.spaceOf(id).dataUnits)));
    setEntry(summary, unit, slot, owner, sumLow, sumHigh);
  }

  /** Judges units, counted from `first`: those in use, and the summary itself; what nothing is known of passes. */
  judge(id: number, summary: Summary, first: number): UnitCheck {
    const { units, segments } = this.#table;
    const { dataUnits } = segments.spaceOf(id);
    const isSummarized = segments.has(id, segmentFlag.summarized);
    const life = this.#lifeOf(id);
    return (index, bytes, from) => {
      const unit = first + index;
      if (unit < dataUnits)
        return !units.isBusy(id, unit) || matchesEntry(summary, unit, bytes, from, this.#storedSum);
      const summaryIndex = unit - dataUnits;
      if (!isSummarized || summaryIndex >= summaryUnits(dataUnits)) return true;
      return isSummaryUnit(summaryIndex, life, bytes, from, this.#storedSum);
    };
  }

  /** Whether `judge` can tell, or nobody needs the unit. */
  isKnown(id: number, summary: Summary, unit: number): boolean {
    const { units, segments } = this.#table;
    return unit >= segments.spaceOf(id).dataUnits || !units.isBusy(id, unit) || hasEntry(summary, unit);
  }

  #lifeOf(id: number): number {
    const { segments } = this.#table;
    return lifeOf(segments.spaceOf(id).group.firstTxg(segments.numberOf(id)), segments.clock[id] ?? 0);
  }

  /** Units in use, of so many from `first` on. */
  countBusy(id: number, first: number, count: number): number {
    const { dataUnits } = this.#table.segments.spaceOf(id);
    return this.#table.units.countBusy(id, first, Math.max(0, Math.min(count, dataUnits - first)));
  }
}
