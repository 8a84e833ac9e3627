/**
 * Reads units of a segment: each column in one piece, the check as judge; what a column lacks or has wrong is sought in
 * all other ways that the group has (recover.ts), and written back.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import { chunkBytes, chunkUnits, columnOf, columnOffsetOf } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import type { Member } from './member.ts';
import { recover } from './recover.ts';
import type { GroupReading, UnitCheck } from './segment-group.ts';

const none: readonly number[] = [];

export async function readUnits(
  core: GroupCore,
  segment: number,
  unit: number,
  count: number,
  isGood: UnitCheck,
): Promise<GroupReading> {
  const d = core.shape.dataColumns;
  const bytes =
    d === 1
      ? await readOne(core, segment, unit * blockBytes, count * blockBytes, isGood)
      : await readRows(core, segment, unit, count, isGood);
  if (bytes.suspects.length === 0) return { bytes: bytes.bytes, bad: none };
  const bad = await recover(core, { segment, unit, ...bytes }, isGood);
  return { bytes: bytes.bytes, bad };
}

interface Suspected {
  readonly bytes: Uint8Array;
  /** Indices of units that must come from elsewhere, in order. */
  readonly suspects: readonly number[];
  readonly asked: Member | undefined;
}

/** The one data column in one piece, from the copy whose turn it is. */
async function readOne(
  core: GroupCore,
  segment: number,
  columnOffset: number,
  lengthBytes: number,
  isGood: UnitCheck,
): Promise<Suspected> {
  const member = choose(core, segment, 0);
  const found =
    member === undefined
      ? undefined
      : await core.read(member, core.offsetBytes(segment, columnOffset), lengthBytes);
  const count = lengthBytes / blockBytes;
  if (member === undefined || found === undefined)
    return {
      bytes: new Uint8Array(lengthBytes),
      suspects: Array.from({ length: count }, (_, i) => i),
      asked: undefined,
    };
  let suspects: number[] | undefined;
  for (let i = 0; i < count; i++) if (!isGood(i, found, i * blockBytes)) (suspects ??= []).push(i);
  core.answered(member, suspects?.length ?? 0);
  return { bytes: found, suspects: suspects ?? none, asked: member };
}

/** Who is asked first for a column: whoever surely has it; in a mirror one after the other. */
export function choose(core: GroupCore, segment: number, column: number): Member | undefined {
  const { isMirror } = core.shape;
  if (!isMirror) {
    const member = core.memberOf(segment, column);
    return core.has(member, segment) ? member : undefined;
  }
  const turn = core.columns === 1 ? 0 : core.nextTurn();
  for (let i = 0; i < core.columns; i++) {
    const member = core.memberOf(segment, (turn + i) % core.columns);
    if (core.has(member, segment)) return member;
  }
  return undefined;
}

/** Units that run through the columns: from each column the piece that has some of them. */
async function readRows(
  core: GroupCore,
  segment: number,
  unit: number,
  count: number,
  isGood: UnitCheck,
): Promise<Suspected> {
  const d = core.shape.dataColumns;
  const pieces = await Promise.all(
    Array.from({ length: d }, async (_, column) => {
      const range = rangeIn(unit, count, column, d);
      if (range === undefined) return undefined;
      const member = choose(core, segment, column);
      if (member === undefined) return undefined;
      const [from, to] = range;
      const bytes = await core.read(member, core.offsetBytes(segment, from), to - from);
      return bytes === undefined ? undefined : { bytes, from, member, wrong: 0 };
    }),
  );
  const bytes = uncleared(count * blockBytes);
  const suspects: number[] = [];
  for (let index = 0; index < count; index++) {
    const piece = pieces[columnOf(unit + index, d)];
    const at = index * blockBytes;
    if (piece === undefined) {
      bytes.fill(0, at, at + blockBytes);
      suspects.push(index);
      continue;
    }
    const from = columnOffsetOf(unit + index, d) - piece.from;
    bytes.set(piece.bytes.subarray(from, from + blockBytes), at);
    if (isGood(index, bytes, at)) continue;
    piece.wrong++;
    suspects.push(index);
  }
  for (const piece of pieces) if (piece !== undefined) core.answered(piece.member, piece.wrong);
  return { bytes, suspects, asked: undefined };
}

/** Memory that is overwritten as a whole. No Buffer: its `slice` is a view. */
const uncleared = (lengthBytes: number): Uint8Array =>
  new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer, 0, lengthBytes);

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
