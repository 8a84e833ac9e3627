/**
 * Whether data that the log refers to is on the devices: looked at by place, before anything is bound to it.
 *
 * Rows that were under way at the crash may be good in one copy and not in another: all copies and the parity are
 * compared and mended, as a scrub would.
 */
import { must } from '../../../shared/assert.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import type { LoggedBlock } from '../log/replay.ts';
import { offsetOf, sectorBytes } from '../map/pointer.ts';
import { isStoredGood } from '../volume/content.ts';
import type { Zstd } from '../volume/volume-core.ts';

const sectorsPerUnit = 8;
const readUnitsMax = 256;

interface LoggedUnit {
  readonly group: number;
  readonly segment: number;
  readonly unit: number;
  /** Several when they are compressed. */
  readonly blocks: LoggedBlock[];
}

export async function areLoggedGood(
  groups: readonly SegmentGroup[],
  blocks: readonly LoggedBlock[],
  zstd: Zstd | undefined,
): Promise<boolean> {
  for (const run of runsOf(unitsOf(blocks))) {
    const [first] = run;
    if (first === undefined) continue;
    const { group, segment, unit } = first;
    const isGood = (index: number, bytes: Uint8Array, from: number) =>
      must(run[index], 'a unit of the run').blocks.every(({ block, words, at }) => {
        const stored = from + (offsetOf(words, at) % sectorsPerUnit) * sectorBytes;
        return isStoredGood(bytes, stored, block, words, at, zstd);
      });
    const { bad } = await must(groups[group], `group ${group}`).verify(segment, unit, run.length, isGood);
    if (bad.length > 0) return false;
  }
  return true;
}

/** Each unit once, in the order of places. */
function unitsOf(blocks: readonly LoggedBlock[]): readonly LoggedUnit[] {
  const units = new Map<string, LoggedUnit>();
  for (const block of blocks) {
    const { group, segment, firstUnit } = block.place;
    const unit = firstUnit + Math.floor(offsetOf(block.words, block.at) / sectorsPerUnit);
    const key = `${group}/${segment}/${unit}`;
    const known = units.get(key);
    if (known === undefined) units.set(key, { group, segment, unit, blocks: [block] });
    else known.blocks.push(block);
  }
  return [...units.values()].toSorted(
    (a, b) => a.group - b.group || a.segment - b.segment || a.unit - b.unit,
  );
}

/** Units that follow one another. */
function* runsOf(units: readonly LoggedUnit[]): Generator<readonly LoggedUnit[]> {
  let run: LoggedUnit[] = [];
  for (const each of units) {
    const last = run.at(-1);
    const follows =
      last?.group === each.group && last.segment === each.segment && last.unit + 1 === each.unit;
    if (last !== undefined && (!follows || run.length === readUnitsMax)) {
      yield run;
      run = [];
    }
    run.push(each);
  }
  yield run;
}
