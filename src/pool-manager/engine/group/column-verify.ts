/**
 * Scrub: units are read and judged, what is wrong is sought elsewhere; then parity, or the other copies, must be what the
 * data makes them. The rows around the units take part, since parity is of whole rows; nobody judges what is dead there.
 */
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { readUnits } from './column-read.ts';
import { chunkBytes, rowOf } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import { reconstruct } from './reconstruct.ts';
import type { GroupVerification, UnitCheck } from './segment-group.ts';

export async function verifyUnits(
  core: GroupCore,
  segment: number,
  unit: number,
  count: number,
  isGood: UnitCheck,
): Promise<GroupVerification> {
  const before = errorsOf(core);
  const { bad } = await readUnits(core, segment, unit, count, isGood);
  const readRepairs = errorsOf(core) - before;
  // without a judge for every unit of a row its parity says nothing
  if (bad.length > 0) return { bad, repairedUnits: readRepairs };
  const d = core.shape.dataColumns;
  const from = core.shape.isMirror ? unit * blockBytes : rowOf(unit, d) * chunkBytes;
  const to = core.shape.isMirror
    ? (unit + count) * blockBytes
    : (rowOf(unit + count - 1, d) + 1) * chunkBytes;
  const pieces = await Promise.all(
    core.members.map(async (_, column) => {
      const member = core.memberOf(segment, column);
      if (!core.has(member, segment)) return undefined;
      return await core.read(member, core.offsetBytes(segment, from), to - from);
    }),
  );
  const repaired = core.shape.isMirror
    ? await compareCopies(core, { segment, from, pieces }, isGood)
    : await compareParity(core, { segment, from, pieces });
  return { bad, repairedUnits: readRepairs + repaired };
}

const errorsOf = (core: GroupCore): number =>
  core.members.reduce((sum, { checksumErrors }) => sum + checksumErrors, 0);

interface Window {
  readonly segment: number;
  /** Offset in the column. */
  readonly from: number;
  /** By column; undefined: not there, or not readable. */
  readonly pieces: readonly (Uint8Array | undefined)[];
}

async function compareCopies(core: GroupCore, window: Window, isGood: UnitCheck): Promise<number> {
  const { pieces } = window;
  const length = pieces.find((piece) => piece !== undefined)?.byteLength ?? 0;
  let repaired = 0;
  for (let at = 0; at < length; at += blockBytes) {
    const good = pieces.find((piece) => piece !== undefined && isGood(at / blockBytes, piece, at));
    if (good === undefined) continue; // it was good a moment ago: the medium is failing, the next pass tells
    for (const [column, piece] of pieces.entries())
      repaired += await mendUnlessSame(core, window, { column, piece, right: good, at });
  }
  return repaired;
}

async function compareParity(core: GroupCore, window: Window): Promise<number> {
  const { dataColumns, parityColumns } = core.shape;
  const sources = Array.from({ length: dataColumns }, (_, k) => k);
  const data = window.pieces.slice(0, dataColumns);
  if (data.includes(undefined)) return 0; // a column is away: its data was judged by way of the parity
  const inputs = data.map((piece) => must(piece, 'a data column'));
  let repaired = 0;
  for (let column = dataColumns; column < dataColumns + parityColumns; column++) {
    if (!core.has(core.memberOf(window.segment, column), window.segment)) continue;
    const right = reconstruct(core.arena, core.shape, column, sources, inputs);
    for (let at = 0; at < right.byteLength; at += blockBytes)
      repaired += await mendUnlessSame(core, window, { column, piece: window.pieces[column], right, at });
  }
  return repaired;
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
