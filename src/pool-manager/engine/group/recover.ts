/**
 * Finds good copies of units that their own column lacks or has wrong.
 *
 * Neighbouring units of a column are sought together. All other columns are read at the same place, and every choice of
 * d of them computes a candidate; the check judges. So any p columns may lie or be away, in any combination. What is
 * found is written back. A column on the way from one device to another is sought on both.
 */
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { choices } from './galois.ts';
import { columnOf, columnOffsetOf } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import { isAsked } from './group-layout.ts';
import type { Member } from './member.ts';
import { reconstruct } from './reconstruct.ts';
import type { UnitCheck } from './segment-group.ts';

export interface Lost {
  readonly segment: number;
  /** Unit of index 0. */
  readonly unit: number;
  readonly suspects: readonly number[];
  /** In a mirror: whose copy was found wrong, and counted, already. */
  readonly asked: Member | undefined;
}

/** Units of one column that follow each other there. */
interface Run {
  readonly column: number;
  readonly columnOffset: number;
  readonly indices: number[];
}

/** Answers the indices of units that are lost; the others `isGood` has seen good. */
export async function recover(core: GroupCore, lost: Lost, isGood: UnitCheck): Promise<readonly number[]> {
  const bad: number[] = [];
  for (const run of runsOf(core, lost)) bad.push(...(await recoverRun(core, lost, run, isGood)));
  return bad.toSorted((a, b) => a - b);
}

function runsOf(core: GroupCore, lost: Lost): readonly Run[] {
  const d = core.shape.dataColumns;
  const open = new Map<number, Run>();
  const runs: Run[] = [];
  for (const index of lost.suspects) {
    const column = columnOf(lost.unit + index, d);
    const columnOffset = columnOffsetOf(lost.unit + index, d);
    const run = open.get(column);
    if (run !== undefined && run.columnOffset + run.indices.length * blockBytes === columnOffset) {
      run.indices.push(index);
      continue;
    }
    const begun: Run = { column, columnOffset, indices: [index] };
    open.set(column, begun);
    runs.push(begun);
  }
  return runs;
}

interface Piece {
  readonly column: number;
  readonly bytes: Uint8Array;
}

async function recoverRun(
  core: GroupCore,
  lost: Lost,
  run: Run,
  isGood: UnitCheck,
): Promise<readonly number[]> {
  const left = new Set(run.indices.keys());
  const seek = (candidate: Uint8Array) => takeGood(run, candidate, left, isGood);
  const seekInOthers = async (from: 'now' | 'former'): Promise<void> => {
    const pieces = await readOthers(core, lost.segment, run, from);
    for (const chosen of choices(pieces, core.shape.dataColumns)) {
      if (left.size === 0) return;
      const columns = chosen.map(({ column }) => column);
      const inputs = chosen.map(({ bytes }) => bytes);
      const candidate = reconstruct(core.arena, core.shape, run.column, columns, inputs);
      const found = seek(candidate);
      if (found.length > 0) await mendColumns(core, lost, run, { chosen, pieces, candidate, found });
    }
  };
  // the others first: what nobody judges must be what parity is of, and that is what they make of it
  await seekInOthers('now');
  if (left.size > 0) for (const own of await readOwn(core, lost.segment, run)) seek(own);
  if (left.size > 0 && core.hasFormer) await seekInOthers('former');
  return [...left].map((i) => must(run.indices[i], 'a unit of the run'));
}

/** Answers which units of the run are good in the candidate; they are not sought any more. */
function takeGood(run: Run, candidate: Uint8Array, left: Set<number>, isGood: UnitCheck): readonly number[] {
  const found = [...left].filter((i) =>
    isGood(must(run.indices[i], 'a unit of the run'), candidate, i * blockBytes),
  );
  for (const i of found) left.delete(i);
  return found;
}

/**
 * What the run's own device has, and the one whose place it takes: the last that may know. It is asked also when it surely
 * has it: it may have been given it by a copy just now, after the read that did not ask it.
 */
async function readOwn(core: GroupCore, segment: number, run: Run): Promise<readonly Uint8Array[]> {
  const member = core.memberOf(segment, run.column);
  const { former } = member;
  const asked = [...(former !== undefined && isAsked(former) ? [former] : []), member];
  const offsetBytes = core.offsetBytes(segment, run.columnOffset);
  const lengthBytes = run.indices.length * blockBytes;
  const found = await Promise.all(asked.map((each) => core.read(each, offsetBytes, lengthBytes)));
  return found.filter((bytes) => bytes !== undefined);
}

interface Finding {
  readonly chosen: readonly Piece[];
  readonly pieces: readonly Piece[];
  /** The run's column, computed from the chosen ones. */
  readonly candidate: Uint8Array;
  /** Units of the run that are good in it. */
  readonly found: readonly number[];
}

/**
 * Only what was judged is written: the column that was asked for, in a mirror every copy. Other columns that do not fit
 * may be the right ones (errors of two others can cancel each other); their own reads and scrubs tell.
 */
async function mendColumns(core: GroupCore, lost: Lost, run: Run, finding: Finding): Promise<void> {
  const { chosen, pieces, candidate, found } = finding;
  for (let column = 0; column < core.columns; column++) {
    if (core.shape.isMirror ? chosen.some((piece) => piece.column === column) : column !== run.column)
      continue;
    const member = core.memberOf(lost.segment, column);
    if (!core.has(member, lost.segment)) continue; // what a device missed is copied to it in order (resilver.ts)
    const piece = pieces.find((each) => each.column === column);
    const wrong = piece === undefined ? found : found.filter((i) => !isSameUnit(candidate, piece.bytes, i));
    if (piece !== undefined && member !== lost.asked) member.checksumErrors += wrong.length;
    await mend(core, lost.segment, run, { column, bytes: candidate }, wrong);
  }
}

/** What the other columns have at the same place; those that surely have it first, then whoever may. */
async function readOthers(
  core: GroupCore,
  segment: number,
  run: Run,
  from: 'now' | 'former',
): Promise<readonly Piece[]> {
  const lengthBytes = run.indices.length * blockBytes;
  const offsetBytes = core.offsetBytes(segment, run.columnOffset);
  const columns = Array.from({ length: core.columns }, (_, column) => column);
  const others = columns
    // in a mirror the copy that was asked is not known any more: it is one of the candidates again
    .filter((column) => core.shape.isMirror || column !== run.column)
    .map((column) => ({ column, member: core.memberOf(segment, column) }));
  const sure = (each: (typeof others)[number]) => Number(core.has(each.member, segment));
  const found = await Promise.all(
    others
      .toSorted((a, b) => sure(b) - sure(a) || a.column - b.column)
      .map(async ({ column, member }) => {
        const asked = from === 'former' ? (member.former ?? member) : core.sourceOf(member, segment);
        const bytes = await core.read(asked ?? member, offsetBytes, lengthBytes);
        return bytes === undefined ? [] : [{ column, bytes }];
      }),
  );
  return found.flat();
}

async function mend(
  core: GroupCore,
  segment: number,
  run: Run,
  { column, bytes }: Piece,
  units: readonly number[],
): Promise<void> {
  const member = core.memberOf(segment, column);
  for (let i = 0; i < units.length;) {
    const first = must(units[i], 'a unit');
    let count = 1;
    while (units[i + count] === first + count) count++;
    const offset = core.offsetBytes(segment, run.columnOffset + first * blockBytes);
    await core.mend(member, offset, bytes.slice(first * blockBytes, (first + count) * blockBytes));
    i += count;
  }
}

const isSameUnit = (a: Uint8Array, b: Uint8Array, unit: number): boolean =>
  Buffer.from(a.buffer, a.byteOffset + unit * blockBytes, blockBytes).equals(
    b.subarray(unit * blockBytes, (unit + 1) * blockBytes),
  );
