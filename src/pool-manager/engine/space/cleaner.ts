/**
 * Moves what is in use of the emptiest segments together, so that they become free as a whole.
 *
 *  - A victim is moved piece by piece, in order, into a segment of what was moved once, or more often. A piece that does
 *    not fit is split there: nothing is padded but the last few units. The next parts are read meanwhile.
 *  - Only segments without pending blocks are moved: what only the log knows stays where the log says.
 *  - Each unit is checked by its summary first, and mended by its group. A segment in which no copy of a unit can be had
 *    stays where it is, and that is reported: what can not be read now may be there the next time, or may be mended in
 *    its place from another replica. To move on without it would make an error of a moment one for ever.
 *  - Cleaning goes with writing: `debt` units for so many appended (cleaning-need.ts).
 */
import { assert } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import type { Appender } from './appender.ts';
import type { Cleaning, CleaningNeed, SpaceOptions, SpaceRoom } from './block-space.ts';
import { debtOf, needOf } from './cleaning-need.ts';
import { MoveTargets } from './move-targets.ts';
import type { OpenSegment } from './open-segment.ts';
import { heatCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import { copyEntry, hasEntry, ownerAt, setPackedEntry } from './summary.ts';
import type { SummaryReader } from './summary-reader.ts';
import { partUnits, type VictimPart, VictimReader } from './victim-reader.ts';
import { isVictim } from './victims.ts';

/** Parts that are being read, or are moved: what the devices have under way, and 2 MiB of memory each. */
const partsAhead = 3;
/** Segments with more in use than this are left alone: in idle time, and at all. */
const usedShareMax = { idle: 0.95, ever: 0.98 };

/** What is left to be moved of a part: a piece, by its base, and how many of its units are in use. */
interface Moving {
  readonly base: number;
  readonly count: number;
}

export class Cleaner implements Cleaning {
  wantedUnits = 0;
  pendingUnits = 0;
  readonly moved = { data: 0, metadata: 0 };
  readonly #table: SpaceTable;
  readonly #appender: Appender;
  readonly #room: SpaceRoom;
  readonly #options: SpaceOptions;
  /** While nothing may move: until when. */
  readonly #isHeldUp: () => Promise<void> | undefined;
  readonly #reader: VictimReader;
  readonly #targets: MoveTargets;
  /** Segments with units of which no good copy was found; until they are free, or the pool is opened again. */
  readonly #stuck = new Set<number>();
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
    this.#room = room;
    this.#options = options;
    this.#reader = new VictimReader(table, summaries, (id) => this.#isVictim(id));
    this.#targets = new MoveTargets(table, appender, room, options.storedSum);
  }

  get need(): CleaningNeed {
    return needOf(this.#room, this.wantedUnits);
  }

  debt(appendedUnits: number): number {
    return debtOf(this.#room, this.wantedUnits, this.#reader.usedShare, appendedUnits);
  }

  async clean(unitsMax: number): Promise<number> {
    let moved = 0;
    const parts: Promise<VictimPart | undefined>[] = [];
    for (let hasRoom = true; hasRoom;) {
      while (parts.length < partsAhead && moved + (parts.length * partUnits) / 2 < unitsMax) {
        const part = this.#reader.next(usedShareMax[this.need === 'idle' ? 'idle' : 'ever']);
        part.catch(() => undefined); // told when it is its turn
        parts.push(part);
      }
      const part = await parts.shift();
      if (part === undefined) break;
      const count = await this.#step(part);
      hasRoom = count >= 0;
      moved += Math.max(0, count);
    }
    if (parts.length > 0) await this.#giveUp(parts);
    return moved;
  }

  seal(): void {
    this.#targets.seal();
  }

  /** The segment is free: whatever is known of it is of the past. */
  forget(id: number): void {
    this.#stuck.delete(id);
    this.#reader.forget(id);
  }

  /** What was read ahead has no room, or there was nothing to read. */
  async #giveUp(parts: readonly Promise<VictimPart | undefined>[]): Promise<void> {
    for (const reading of parts) {
      const part = await reading;
      if (part !== undefined) this.#reader.give(part);
    }
    this.#reader.startOver();
  }

  /** Moves a part of a victim; answers how many units, or -1 when there is no room for it. */
  async #step(part: VictimPart): Promise<number> {
    for (let until = this.#isHeldUp(); until !== undefined; until = this.#isHeldUp()) await until;
    const { id } = part.victim;
    const moved = this.#isVictim(id) && !this.#isRotten(part) ? this.#moveAll(part) : 0;
    this.#reader.give(part);
    if (moved < 0) this.#reader.startOver();
    else this.moved[this.#table.segments.heat[id] === heatCode.metadata ? 'metadata' : 'data'] += moved;
    await this.#targets.ready();
    return moved;
  }

  /** What is on its way to the devices, or grows, is not moved. */
  #isVictim(id: number): boolean {
    const { segments, units } = this.#table;
    if (this.#stuck.has(id) || this.#table.isLogged(id)) return false;
    if (!isVictim(segments, units, id) || this.#appender.isUnwritten(id)) return false;
    return !this.#table.anyGrowing(id);
  }

  /** Moves all pieces of the part. No await: what is in use now is what moves. */
  #moveAll(part: VictimPart): number {
    const { id } = part.victim;
    let moved = 0;
    const pieces = this.#piecesOf(part);
    while (pieces.length > 0) {
      const target = this.#targets.of(id, this.pendingUnits);
      if (target === undefined) return moved > 0 ? moved : -1;
      const room = target.dataUnits - target.writer.units;
      const at = nextPiece(pieces, room);
      const piece = pieces[at] ?? { base: 0, count: 0 };
      const { prefix, count, isWhole } = this.#movePart(part, piece.base, target);
      if (isWhole) pieces.splice(at, 1);
      else pieces[at] = { base: piece.base + prefix, count: piece.count - count };
      moved += count;
    }
    return moved;
  }

  /** The largest first. */
  #piecesOf({ victim: { id }, begin, end }: VictimPart): Moving[] {
    const { batches, units } = this.#table;
    const pieces: Moving[] = [];
    for (let piece = 0; piece < batches.pieces(id); piece++) {
      const base = batches.baseAt(id, piece);
      const count = batches.unitsAt(id, piece);
      if (base >= begin && base + count <= end)
        pieces.push({ base, count: units.countBusy(id, base, count) });
    }
    return pieces.toSorted((a, b) => b.count - a.count);
  }

  /** Moves as much of the piece as the target has room for. */
  #movePart(
    part: VictimPart,
    base: number,
    target: OpenSegment,
  ): { readonly prefix: number; readonly count: number; readonly isWhole: boolean } {
    const { batches, units } = this.#table;
    const { id } = part.victim;
    const piece = batches.pieceAt(id, base);
    const all = batches.unitsAt(id, piece);
    const room = target.dataUnits - target.writer.units;
    let count = units.listBusy(id, base, all, this.#ranks);
    let prefix = all;
    if (count > room) {
      count = room;
      prefix = (this.#ranks[room - 1] ?? 0) + 1;
    }
    const to = target.writer.units;
    for (let i = 0; i < count; i++) this.#copy(part, base + (this.#ranks[i] ?? 0), target);
    this.#table.move(id, piece, prefix, this.#ranks, count, target.id, to);
    this.#targets.appended(target);
    return { prefix, count, isWhole: prefix === all };
  }

  #copy({ victim: { summary }, begin, bytes, bad }: VictimPart, unit: number, target: OpenSegment): void {
    const from = (unit - begin) * blockBytes;
    assert(bad.length === 0 || !bad.includes(unit - begin), 'what has no good copy is not moved');
    const to = target.writer.append(bytes, from);
    if (hasEntry(summary, unit)) copyEntry(summary, unit, target.summary, to);
    else setPackedEntry(target.summary, to, bytes, from, this.#options.storedSum);
  }

  /** Reports units in use that no copy is good of, and leaves the segment alone from now on. */
  #isRotten({ victim, begin, bad }: VictimPart): boolean {
    const { segments, units } = this.#table;
    const rotten = bad.map((index) => begin + index).filter((unit) => units.isBusy(victim.id, unit));
    for (const unit of rotten)
      this.#options.onRot?.({
        group: segments.groupIndexOf(victim.id),
        segment: segments.numberOf(victim.id),
        unit,
        owner: ownerAt(victim.summary, unit),
      });
    if (rotten.length > 0) this.#stuck.add(victim.id);
    return rotten.length > 0;
  }
}

/**
 * Which of the pieces, largest first, goes next: the largest that fits, so that small ones are left to fill the ends of
 * segments. When none fits, the smallest is divided: the fewer pieces a batch is in, the less memory it takes.
 */
function nextPiece(pieces: readonly Moving[], room: number): number {
  const fitting = pieces.findIndex(({ count }) => count <= room);
  return fitting < 0 ? pieces.length - 1 : fitting;
}
