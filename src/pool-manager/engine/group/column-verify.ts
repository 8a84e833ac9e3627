/**
 * Scrub: units are read and judged, what is wrong is sought elsewhere; then the other copies, or parity, must be what the
 * data makes them.
 *
 * Parity that does not fit is written anew only where all the data it is of has been judged. Where some was not, that may
 * be what is rotten, and the parity is what it can be had back from.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import { readUnits, unitAt } from './column-read.ts';
import { chunkBytes, rowOf } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import { reconstruct } from './reconstruct.ts';
import type { GroupVerification, UnitCheck } from './segment-group.ts';

export interface VerifiedUnits {
  readonly segment: number;
  readonly unit: number;
  readonly count: number;
  readonly isKnown: (index: number) => boolean;
}

export async function verifyUnits(
  core: GroupCore,
  units: VerifiedUnits,
  isGood: UnitCheck,
): Promise<GroupVerification> {
  const { segment, unit, count } = units;
  const before = errorsOf(core);
  const { bytes, bad } = await readUnits(core, segment, unit, count, isGood);
  const readRepairs = errorsOf(core) - before;
  const { dataColumns: d, isMirror } = core.shape;
  const from = isMirror ? unit * blockBytes : rowOf(unit, d) * chunkBytes;
  const to = isMirror ? (unit + count) * blockBytes : (rowOf(unit + count - 1, d) + 1) * chunkBytes;
  const pieces = await Promise.all(
    core.members.map(async (_, column) => {
      const member = core.memberOf(segment, column);
      if (!core.has(member, segment)) return undefined;
      return await core.read(member, core.offsetBytes(segment, from), to - from);
    }),
  );
  const window: Window = { segment, from, lengthBytes: to - from, pieces };
  const isBad = new Set(bad);
  const repaired = isMirror
    ? await compareCopies(core, window, isGood, units.isKnown)
    : await compareParity(core, window, {
        unit,
        count,
        bytes,
        isFound: (index) => index >= 0 && index < count && !isBad.has(index),
        isKnown: units.isKnown,
      });
  return { bad, repairedUnits: readRepairs + repaired };
}

const errorsOf = (core: GroupCore): number =>
  core.members.reduce((sum, { checksumErrors }) => sum + checksumErrors, 0);

interface Window {
  readonly segment: number;
  /** Offset in the column. */
  readonly from: number;
  readonly lengthBytes: number;
  /** By column; undefined: not there, or not readable. */
  readonly pieces: readonly (Uint8Array | undefined)[];
}

/** Of a unit that nobody can judge any copy may be the right one. */
async function compareCopies(
  core: GroupCore,
  window: Window,
  isGood: UnitCheck,
  isKnown: (index: number) => boolean,
): Promise<number> {
  const { pieces } = window;
  const length = pieces.find((piece) => piece !== undefined)?.byteLength ?? 0;
  let repaired = 0;
  for (let at = 0; at < length; at += blockBytes) {
    if (!core.options.readOnly && !isKnown(at / blockBytes)) continue;
    const good = pieces.find((piece) => piece !== undefined && isGood(at / blockBytes, piece, at));
    if (good === undefined) continue; // it was good a moment ago: the medium is failing, the next pass tells
    for (const [column, piece] of pieces.entries())
      repaired += await mendUnlessSame(core, window, { column, piece, right: good, at });
  }
  return repaired;
}

/** What was read and judged before, by index from `unit` on. */
interface Read {
  readonly unit: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly isFound: (index: number) => boolean;
  readonly isKnown: (index: number) => boolean;
}

/**
 * Of a column that is away the data is what was found by way of the others: with two parities they must agree on it, or
 * the second one would not bring it back.
 */
async function compareParity(core: GroupCore, window: Window, read: Read): Promise<number> {
  const { dataColumns, parityColumns } = core.shape;
  const sources = Array.from({ length: dataColumns }, (_, k) => k);
  const inputs = sources.map((k) => window.pieces[k] ?? pieceOf(window, read, k, dataColumns));
  const indexOf = (at: number, k: number) => unitAt(window.from + at, k, dataColumns) - read.unit;
  const isKnown = (index: number) => read.isFound(index) && read.isKnown(index);
  const isThere = (at: number) =>
    sources.every((k) => window.pieces[k] !== undefined || isKnown(indexOf(at, k)));
  const isJudged = (at: number) => sources.every((k) => isKnown(indexOf(at, k)));
  let repaired = 0;
  for (let column = dataColumns; column < dataColumns + parityColumns; column++) {
    if (!core.has(core.memberOf(window.segment, column), window.segment)) continue;
    const right = reconstruct(core.arena, core.shape, column, sources, inputs);
    for (let at = 0; at < right.byteLength; at += blockBytes)
      // a check that writes nothing is told of any difference
      if (isThere(at) && (core.options.readOnly || isJudged(at)))
        repaired += await mendUnlessSame(core, window, { column, piece: window.pieces[column], right, at });
  }
  return repaired;
}

/** A column's piece of the window, as far as it was read. */
function pieceOf({ from, lengthBytes }: Window, read: Read, column: number, dataColumns: number): Uint8Array {
  const piece = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += blockBytes) {
    const index = unitAt(from + at, column, dataColumns) - read.unit;
    if (index >= 0 && index < read.count)
      piece.set(read.bytes.subarray(index * blockBytes, (index + 1) * blockBytes), at);
  }
  return piece;
}

interface Comparison {
  readonly column: number;
  readonly piece: Uint8Array | undefined;
  readonly right: Uint8Array;
  readonly at: number;
}

async function mendUnlessSame(
  core: GroupCore,
  window: Window,
  { column, piece, right, at }: Comparison,
): Promise<number> {
  const expected = right.subarray(at, at + blockBytes);
  if (
    piece !== undefined &&
    Buffer.from(expected.buffer, expected.byteOffset, blockBytes).equals(piece.subarray(at, at + blockBytes))
  )
    return 0;
  const member = core.memberOf(window.segment, column);
  if (!core.has(member, window.segment)) return 0;
  if (piece !== undefined) member.checksumErrors++;
  await core.mend(member, core.offsetBytes(window.segment, window.from + at), expected);
  return 1;
}
