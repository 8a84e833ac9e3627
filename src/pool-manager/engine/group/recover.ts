/**
 * Finds good copies of units that their own column lacks or has wrong.
 *
 * Neighbouring units of a column are sought together. All other columns are read at the same place, and every choice of
 * d of them computes a candidate; the check judges. So any p columns may lie or be away, in any combination. What is
 * found is written back.
 */
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { choices } from './galois.ts';
import { columnOf, columnOffsetOf } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
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
  const pieces = await readOthers(core, lost.segment, run);
  const left = new Set(run.indices.keys());
  for (const chosen of choices(pieces, core.shape.dataColumns)) {
    if (left.size === 0) break;
    const columns = chosen.map(({ column }) => column);
    const inputs = chosen.map(({ bytes }) => bytes);
    const candidate = reconstruct(core.arena, core.shape, run.column, columns, inputs);
    const found: number[] = [];
    for (const i of left) {
      const index = must(run.indices[i], 'a unit of the run');
      if (isGood(index, candidate, i * blockBytes)) found.push(i);
    }
    if (found.length === 0) continue;
    for (const i of found) left.delete(i);
    await mendColumns(core, lost, run, { chosen, pieces, candidate, found });
  }
  return [...left].map((i) => must(run.indices[i], 'a unit of the run'));
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
async function readOthers(core: GroupCore, segment: number, run: Run): Promise<readonly Piece[]> {
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
        const bytes = await core.read(member, offsetBytes, lengthBytes);
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
