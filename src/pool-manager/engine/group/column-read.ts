/**
 * Reads units of a segment: each column in pieces that fit lent memory, all at once, the check as judge of each unit where
 * it lies; what a column lacks or has wrong is sought in all other ways that the group has (recover.ts), and written back.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import { copyBytes } from '../../../shared/copy-bytes.ts';
import { uncleared } from '../../../shared/uncleared.ts';
import { chunkBytes, chunkUnits, columnOf } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import type { Member } from './member.ts';
import { type Lent, lentBytesMax } from './read-buffers.ts';
import { recover } from './recover.ts';
import type { GroupReading, UnitCheck, UnitChoice, UnitsTaken } from './segment-group.ts';

const none: readonly number[] = [];

export interface UnitRange {
  readonly segment: number;
  readonly unit: number;
  readonly count: number;
}

export async function readUnits(
  core: GroupCore,
  segment: number,
  unit: number,
  count: number,
  isGood: UnitCheck,
): Promise<GroupReading> {
  const bytes = uncleared(count * blockBytes);
  const copy: UnitCheck = (index, found, from) => {
    if (!isGood(index, found, from)) return false;
    copyBytes(found, from, blockBytes, bytes, index * blockBytes);
    return true;
  };
  const bad = await new Promise<readonly number[]>((resolve) =>
    takeUnits(core, { segment, unit, count }, copy, resolve),
  );
  for (const index of bad) bytes.fill(0, index * blockBytes, (index + 1) * blockBytes);
  return { bytes, bad };
}

/** See SegmentGroup.take. */
export function takeUnits(
  core: GroupCore,
  range: UnitRange,
  take: UnitCheck,
  done: UnitsTaken,
  isWanted?: UnitChoice,
): void {
  new Taking(core, range, take, done, isWanted).begin();
}

/** Part of a column, no longer than lent memory. */
interface Piece {
  readonly member: Member | undefined;
  readonly column: number;
  readonly from: number;
  readonly to: number;
}

/** Units that must come from elsewhere, and in a mirror whose copy was found wrong, and counted, already. */
interface Suspects {
  readonly indices: readonly number[];
  readonly asked: Member | undefined;
}

class Taking {
  readonly #core: GroupCore;
  readonly #range: UnitRange;
  readonly #take: UnitCheck;
  readonly #done: UnitsTaken;
  readonly #isWanted: UnitChoice | undefined;
  #underWay = 0;
  #suspects: Suspects[] | undefined;

  constructor(
    core: GroupCore,
    range: UnitRange,
    take: UnitCheck,
    done: UnitsTaken,
    isWanted: UnitChoice | undefined,
  ) {
    this.#core = core;
    this.#range = range;
    this.#take = take;
    this.#done = done;
    this.#isWanted = isWanted;
  }

  begin(): void {
    const { segment, unit, count } = this.#range;
    const d = this.#core.shape.dataColumns;
    this.#underWay = 1;
    const first = columnOf(unit, d);
    for (let i = 0; i < d; i++) {
      const column = (first + i) % d;
      const range = d === 1 ? undefined : rangeIn(unit, count, column, d);
      if (d > 1 && range === undefined) continue;
      const [from, to] = range ?? [unit * blockBytes, (unit + count) * blockBytes];
      const member = choose(this.#core, segment, column);
      for (let at = from; at < to; at += lentBytesMax)
        this.#ask({ member, column, from: at, to: Math.min(to, at + lentBytesMax) });
    }
    this.#end();
  }

  #ask(piece: Piece): void {
    const { member, from, to } = piece;
    if (member === undefined) return this.#judge(piece, undefined);
    this.#underWay++;
    const offsetBytes = this.#core.offsetBytes(this.#range.segment, from);
    this.#core.lend(member, offsetBytes, to - from, (lent) => {
      this.#judge(piece, lent);
      lent?.give();
      this.#end();
    });
  }

  #judge({ member, column, from, to }: Piece, lent: Lent | undefined): void {
    const { unit } = this.#range;
    const d = this.#core.shape.dataColumns;
    let wrong: number[] | undefined;
    for (let at = from; at < to; at += blockBytes) {
      const index = unitAt(at, column, d) - unit;
      if (this.#isWanted?.(index) === false) continue;
      if (lent === undefined || !this.#take(index, lent.bytes, at - from)) (wrong ??= []).push(index);
    }
    if (member !== undefined && lent !== undefined) this.#core.answered(member, wrong?.length ?? 0);
    if (wrong === undefined) return;
    const asked = d === 1 && lent !== undefined ? member : undefined;
    (this.#suspects ??= []).push({ indices: wrong, asked });
  }

  #end(): void {
    if (--this.#underWay > 0) return;
    if (this.#suspects === undefined) this.#done(none);
    else void this.#recover(this.#suspects);
  }

  async #recover(suspected: readonly Suspects[]): Promise<void> {
    const { segment, unit } = this.#range;
    const bad: number[] = [];
    for (const { indices, asked } of suspected)
      bad.push(...(await recover(this.#core, { segment, unit, suspects: indices, asked }, this.#take)));
    this.#done(bad.toSorted((a, b) => a - b));
  }
}

/** The unit of the segment that data column `column` has at this offset of its part. */
export const unitAt = (columnOffset: number, column: number, dataColumns: number): number =>
  (Math.floor(columnOffset / chunkBytes) * dataColumns + column) * chunkUnits +
  (columnOffset % chunkBytes) / blockBytes;

/** Who is asked first for a column: whoever surely has it; in a mirror one after the other. */
export function choose(core: GroupCore, segment: number, column: number): Member | undefined {
  const { isMirror } = core.shape;
  if (!isMirror) {
    return core.sourceOf(core.memberOf(segment, column), segment);
  }
  const turn = core.columns === 1 ? 0 : core.nextTurn();
  for (let i = 0; i < core.columns; i++) {
    const member = core.memberOf(segment, (turn + i) % core.columns);
    if (core.has(member, segment)) return member;
  }
  return undefined;
}

/** Which bytes of a column hold units [unit, unit + count); undefined when none does. */
export function rangeIn(
  unit: number,
  count: number,
  column: number,
  d: number,
): readonly [number, number] | undefined {
  const end = unit + count;
  const [firstChunk, lastChunk] = [Math.floor(unit / chunkUnits), Math.floor((end - 1) / chunkUnits)];
  const first = firstChunk + ((column - (firstChunk % d) + d) % d);
  const last = lastChunk - (((lastChunk % d) - column + d) % d);
  if (first > last) return undefined;
  const from =
    Math.floor(first / d) * chunkBytes + (first === firstChunk ? unit % chunkUnits : 0) * blockBytes;
  const to =
    Math.floor(last / d) * chunkBytes +
    (last === lastChunk ? ((end - 1) % chunkUnits) + 1 : chunkUnits) * blockBytes;
  return [from, to];
}
