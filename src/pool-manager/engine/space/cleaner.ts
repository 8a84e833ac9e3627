/**
 * Moves what is in use of the emptiest segments together, so that they become free as a whole.
 *
 *  - A victim is moved piece by piece, in order, into a segment of what was moved once, or more often. A piece that does
 *    not fit is split there: nothing is padded but the last few units.
 *  - Only segments without pending blocks are moved: what only the log knows stays where the log says.
 *  - Each unit is checked by its summary first, and mended by its group. A segment in which no copy of a unit can be had
 *    stays where it is, and that is reported: what can not be read now may be there the next time, or may be mended in
 *    its place from another replica. To move on without it would make an error of a moment one for ever.
 *  - Cleaning goes with writing: `debt` units for so many appended. It begins when free segments are few, so that as much
 *    as possible dies before it is moved.
 */
import { assert } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import type { Appender } from './appender.ts';
import type { Cleaning, CleaningNeed, Rot, SpaceOptions, SpaceRoom } from './block-space.ts';
import { nextGroup } from './group-turn.ts';
import { finishSegment, type OpenSegment, openSegment } from './open-segment.ts';
import { heatCode, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import { copyEntry, hasEntry, ownerAt, setPackedEntry, type Summary } from './summary.ts';
import type { SummaryReader } from './summary-reader.ts';
import { chooseVictims, isVictim } from './victims.ts';

/** Units read together: what is live is found in windows of 64 KiB. */
const windowUnits = 16;
/** Length of a victim that is read and moved in one step. */
const stepUnits = 512;
/** A gap below this part of a segment is padded instead of filled with a part of a batch: splitting costs memory. */
const gapPart = 1 / 85;
/** What a checkpoint may open beside those that its nodes fill: one of nodes, one of items, one for either. */
const checkpointSegments = 3;
/** Cleaning begins when no more than this share of the pool is free, the reserve not counted. */
const pacedShare = 0.015;
const wantedPart = 50;
/** Cleaning catches up, but does not stop users. */
const pressureMax = 4;
/** Segments with more in use than this are left alone: in idle time, and at all. */
const usedShareMax = { idle: 0.95, ever: 0.98 };

interface Victim {
  readonly id: number;
  readonly summary: Summary;
  /** Everything below has been moved. */
  cursor: number;
}

/** Windows of a victim, as they were read. */
interface Reading {
  readonly first: number;
  readonly bytes: Uint8Array;
  readonly bad: ReadonlySet<number>;
}

export class Cleaner implements Cleaning {
  wantedUnits = 0;
  pendingUnits = 0;
  movedUnits = 0;
  readonly #table: SpaceTable;
  readonly #appender: Appender;
  readonly #summaries: SummaryReader;
  readonly #room: SpaceRoom;
  readonly #options: SpaceOptions;
  /** While nothing may move: until when. */
  readonly #isHeldUp: () => Promise<void> | undefined;
  /** Where moved units go, by heat. */
  readonly #targets: (OpenSegment | undefined)[] = [];
  #victim: Victim | undefined;
  #candidates: number[] = [];
  /** Segments with units of which no good copy was found; until they are free, or the pool is opened again. */
  readonly #stuck = new Set<number>();
  /** Share in use of the segments that are cleaned lately. */
  #usedShare = 0.5;
  readonly #ranks = new Uint8Array(256);

  constructor(
    table: SpaceTable,
    appender: Appender,
    summaries: SummaryReader,
    room: SpaceRoom,
    options: SpaceOptions,
    isHeldUp: () => Promise<void> | undefined,
  ) {
    this.#isHeldUp = isHeldUp;
    this.#table = table;
    this.#appender = appender;
    this.#summaries = summaries;
    this.#room = room;
    this.#options = options;
  }

  get need(): CleaningNeed {
    const pressure = this.#pressure();
    if (pressure >= 2) return 'urgent';
    if (pressure > 0) return 'paced';
    const { freeUnits, heldUnits, reclaimableUnits } = this.#room;
    return reclaimableUnits > freeUnits + heldUnits ? 'idle' : 'no';
  }

  debt(appendedUnits: number): number {
    const pressure = this.#pressure();
    if (pressure <= 0) return 0;
    return Math.ceil((appendedUnits * pressure * this.#usedShare) / (1 - this.#usedShare));
  }

  async clean(unitsMax: number): Promise<number> {
    let moved = 0;
    while (moved < unitsMax) {
      const victim = (this.#victim ??= await this.#nextVictim());
      if (victim === undefined) break;
      const count = await this.#step(victim);
      if (count < 0) break;
      moved += count;
      this.movedUnits += count;
    }
    return moved;
  }

  seal(): void {
    for (const target of this.#targets)
      if (target !== undefined) {
        target.writer.seal();
        if (target.writer.units >= target.dataUnits) this.#finish(target);
      }
  }

  /** The segment is free: whatever is known of it is of the past. */
  forget(id: number): void {
    this.#stuck.delete(id);
    if (this.#victim?.id === id) this.#victim = undefined;
  }

  /**
   * How short of whole free segments the pool is: 2 where users begin to wait, 1 where as much must be won as is written,
   * 0 a little above. The less is kept free, the emptier are the victims. What is held does not count: it comes back, but
   * until then users would wait.
   */
  #pressure(): number {
    const { totalUnits, freeUnits, internalReserveUnits } = this.#room;
    const wanted = Math.min(this.wantedUnits, totalUnits / wantedPart);
    const free = freeUnits - internalReserveUnits - wanted;
    return Math.min(pressureMax, Math.max(0, 2 * (1 - free / (totalUnits * pacedShare))));
  }

  async #nextVictim(): Promise<Victim | undefined> {
    const { segments, clock } = this.#table;
    for (let pass = 0; pass < 2; pass++) {
      for (let id = this.#candidates.shift(); id !== undefined; id = this.#candidates.shift()) {
        if (!this.#isVictim(id)) continue;
        const summary = await this.#summaries.read(id);
        if (!this.#isVictim(id)) continue;
        const used = (segments.used[id] ?? 0) / segments.spaceOf(id).dataUnits;
        this.#usedShare += (Math.min(0.95, used) - this.#usedShare) / 8;
        return { id, summary, cursor: 0 };
      }
      this.#candidates = chooseVictims(
        segments,
        clock,
        usedShareMax[this.need === 'idle' ? 'idle' : 'ever'],
        (id) => this.#isVictim(id),
      );
    }
    return undefined;
  }

  /** Moves the next part of a victim; answers how many units, or -1 when there is no room for it. */
  async #step(victim: Victim): Promise<number> {
    const { id } = victim;
    const bases = this.#basesFrom(id, victim.cursor);
    const [begin] = bases;
    if (begin === undefined || !this.#isVictim(id)) {
      this.#victim = undefined;
      return 0;
    }
    let end = begin;
    for (const base of bases) {
      const pieceEnd = this.#endOf(id, base);
      if (end > begin && pieceEnd > begin + stepUnits) break;
      end = pieceEnd;
    }
    const readings = await this.#read(victim, begin, end);
    for (let until = this.#isHeldUp(); until !== undefined; until = this.#isHeldUp()) await until;
    if (!this.#isVictim(id)) {
      this.#victim = undefined;
      return 0;
    }
    if (this.#isRotten(victim, readings)) {
      this.#victim = undefined;
      return 0;
    }
    const moved = this.#moveAll(victim, end, readings);
    await Promise.all(this.#targets.map((target) => this.#ready(target)));
    return moved;
  }

  /** What is on its way to the devices, or grows, is not moved. */
  #isVictim(id: number): boolean {
    const { segments, units } = this.#table;
    if (this.#stuck.has(id)) return false;
    if (!isVictim(segments, units, id) || this.#appender.isUnwritten(id)) return false;
    return !this.#table.anyGrowing(id);
  }

  /** Bases of the pieces that begin at or behind a unit, in order. */
  #basesFrom(id: number, unit: number): number[] {
    const { batches } = this.#table;
    const bases = Array.from({ length: batches.pieces(id) }, (_, piece) => batches.baseAt(id, piece));
    return bases.filter((base) => base >= unit);
  }

  /** Where the piece with this base ends. */
  #endOf(id: number, base: number): number {
    const { batches } = this.#table;
    return base + batches.unitsAt(id, batches.pieceAt(id, base));
  }

  /** Reads those windows from `begin` to `end` that have something in use, neighbours together. */
  async #read(victim: Victim, begin: number, end: number): Promise<readonly Reading[]> {
    const { segments, units } = this.#table;
    const { group } = segments.spaceOf(victim.id);
    const runs: { first: number; end: number }[] = [];
    for (let at = begin; at < end; at = at - (at % windowUnits) + windowUnits) {
      const windowEnd = Math.min(end, at - (at % windowUnits) + windowUnits);
      if (!units.anyBusy(victim.id, at, windowEnd - at)) continue;
      const last = runs.at(-1);
      if (last?.end === at) last.end = windowEnd;
      else runs.push({ first: at, end: windowEnd });
    }
    const segment = segments.numberOf(victim.id);
    return await Promise.all(
      runs.map(async ({ first, end: runEnd }) => {
        const isGood = this.#summaries.judge(victim.id, victim.summary, first);
        const { bytes, bad } = await group.read(segment, first, runEnd - first, isGood);
        return { first, bytes, bad: new Set(bad) };
      }),
    );
  }

  /** Moves all pieces of the victim up to `end`. No await: what is in use now is what moves. */
  #moveAll(victim: Victim, end: number, readings: readonly Reading[]): number {
    let moved = 0;
    const pieces = this.#basesFrom(victim.id, victim.cursor)
      .map((base) => ({ base, end: this.#endOf(victim.id, base) }))
      .filter((piece) => piece.end <= end)
      .map(({ base, end: pieceEnd }) => ({
        base,
        count: this.#table.units.countBusy(victim.id, base, pieceEnd - base),
      }))
      .toSorted((a, b) => b.count - a.count);
    while (pieces.length > 0) {
      const target = this.#target(victim.id);
      if (target === undefined) return moved > 0 ? moved : -1;
      const room = target.dataUnits - target.writer.units;
      const at = nextPiece(pieces, room);
      const piece = pieces[at] ?? { base: 0, count: 0 };
      const { prefix, count, isWhole } = this.#movePart(victim, piece.base, target, readings);
      if (isWhole) pieces.splice(at, 1);
      else pieces[at] = { base: piece.base + prefix, count: piece.count - count };
      moved += count;
    }
    victim.cursor = end;
    return moved;
  }

  /** Moves as much of the piece as the target has room for. */
  #movePart(
    victim: Victim,
    base: number,
    target: OpenSegment,
    readings: readonly Reading[],
  ): { readonly prefix: number; readonly count: number; readonly isWhole: boolean } {
    const { batches, units } = this.#table;
    const piece = batches.pieceAt(victim.id, base);
    const all = batches.unitsAt(victim.id, piece);
    const room = target.dataUnits - target.writer.units;
    let count = units.listBusy(victim.id, base, all, this.#ranks);
    let prefix = all;
    if (count > room) {
      count = room;
      prefix = (this.#ranks[room - 1] ?? 0) + 1;
    }
    const to = target.writer.units;
    for (let i = 0; i < count; i++) this.#copy(victim, base + (this.#ranks[i] ?? 0), target, readings);
    this.#table.move(victim.id, piece, prefix, this.#ranks, count, target.id, to);
    if (target.dataUnits - target.writer.units < gapUnits(target)) this.#finish(target);
    return { prefix, count, isWhole: prefix === all };
  }

  #copy(victim: Victim, unit: number, target: OpenSegment, readings: readonly Reading[]): void {
    const reading = readings.find(
      ({ first, bytes }) => unit >= first && unit < first + bytes.byteLength / blockBytes,
    );
    if (reading === undefined) throw new RangeError(`unit ${unit} was read`);
    const from = (unit - reading.first) * blockBytes;
    assert(!reading.bad.has(unit - reading.first), 'what has no good copy is not moved');
    const to = target.writer.append(reading.bytes, from);
    if (hasEntry(victim.summary, unit)) copyEntry(victim.summary, unit, target.summary, to);
    else setPackedEntry(target.summary, to, reading.bytes, from, this.#options.storedSum);
  }

  /** Reports units in use that no copy is good of, and leaves the segment alone from now on. */
  #isRotten(victim: Victim, readings: readonly Reading[]): boolean {
    let isRotten = false;
    for (const { first, bad } of readings)
      for (const index of bad) {
        if (!this.#table.units.anyBusy(victim.id, first + index, 1)) continue;
        this.#report(victim, first + index);
        isRotten = true;
      }
    if (isRotten) this.#stuck.add(victim.id);
    return isRotten;
  }

  #report(victim: Victim, unit: number): void {
    const { segments } = this.#table;
    const rot: Rot = {
      group: segments.groupIndexOf(victim.id),
      segment: segments.numberOf(victim.id),
      unit,
      owner: ownerAt(victim.summary, unit),
    };
    this.#options.onRot?.(rot);
  }

  /** The segment that takes what leaves this victim; undefined when those that are free are kept for checkpoints. */
  #target(victim: number): OpenSegment | undefined {
    const { segments } = this.#table;
    const heat = (segments.heat[victim] ?? 0) < heatCode.movedOnce ? heatCode.movedOnce : heatCode.movedMore;
    const known = this.#targets[heat];
    if (known !== undefined) return known;
    const { internalReserveUnits, cleanerReserveUnits } = this.#room;
    const { dataUnits } = segments.spaceOf(victim);
    const keptUnits = Math.max(
      internalReserveUnits - cleanerReserveUnits,
      this.pendingUnits + checkpointSegments * dataUnits,
    );
    const isShort = segments.unitsIn(stateCode.free) <= keptUnits;
    if (isShort) return this.#targets.find((target) => target !== undefined);
    const index = nextGroup(
      segments.groups,
      (each) => (segments.groups[each]?.inState[stateCode.free] ?? 0) > 0,
    );
    const target = openSegment(this.#table, segments.groupAt(index), heat);
    this.#targets[heat] = target;
    this.#appender.watch(target);
    return target;
  }

  #finish(target: OpenSegment): void {
    this.#targets[this.#targets.indexOf(target)] = undefined;
    finishSegment(this.#table, target, this.#options.storedSum);
    this.#appender.unwatch(target);
  }

  async #ready(target: OpenSegment | undefined): Promise<void> {
    if (target !== undefined) await this.#table.segments.groupAt(target.group).group.ready();
  }
}

/**
 * Which of the pieces, largest first, goes next: the largest that fits, so that small ones are left to fill the ends of
 * segments. When none fits, the smallest is divided: the fewer pieces a batch is in, the less memory it takes.
 */
function nextPiece(pieces: readonly { readonly count: number }[], room: number): number {
  const fitting = pieces.findIndex(({ count }) => count <= room);
  return fitting < 0 ? pieces.length - 1 : fitting;
}

const gapUnits = ({ dataUnits }: OpenSegment): number => Math.max(1, Math.floor(dataUnits * gapPart));
