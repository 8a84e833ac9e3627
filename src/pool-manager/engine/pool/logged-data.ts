/**
 * Whether data that the log refers to is on the devices: looked at by place, before anything is bound to it.
 *
 * Rows that were under way at the crash may be good in one copy and not in another: all copies and the parity are
 * compared and mended, as a scrub would, whole rows at a time. What else is in such a row is nobody's: a row that was
 * sent after the root has nothing but units that were appended after it, and those are in the same group of the log, or
 * dead (what stands in the log itself gets new places, what was never committed is lost).
 */
import { sectorBytes } from '../../../shared/block-size.ts';
import { must } from '../../../shared/assert.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import type { LoggedBlock } from '../log/replay.ts';
import { offsetOf } from '../map/pointer.ts';
import { isStoredGood } from '../volume/content.ts';
import type { Zstd } from '../volume/volume-core.ts';

const sectorsPerUnit = 8;
const rowsMax = 16;

/** Rows of one segment that follow one another. */
interface LoggedRows {
  readonly group: number;
  readonly segment: number;
  readonly firstUnit: number;
  readonly units: number;
  /** By unit of the segment; several when they are compressed. */
  readonly blocks: ReadonlyMap<number, readonly LoggedBlock[]>;
}

export async function areLoggedGood(
  groups: readonly SegmentGroup[],
  blocks: readonly LoggedBlock[],
  zstd: Zstd | undefined,
): Promise<boolean> {
  for (const { group, segment, firstUnit, units, blocks: logged } of rowsOf(groups, blocks)) {
    const isGood = (index: number, bytes: Uint8Array, from: number) =>
      (logged.get(firstUnit + index) ?? []).every(({ block, words, at }) => {
        const stored = from + (offsetOf(words, at) % sectorsPerUnit) * sectorBytes;
        return isStoredGood(bytes, stored, block, words, at, zstd);
      });
    const { bad } = await must(groups[group], `group ${group}`).verify(segment, firstUnit, units, isGood);
    if (bad.length > 0) return false;
  }
  return true;
}

function* rowsOf(groups: readonly SegmentGroup[], blocks: readonly LoggedBlock[]): Generator<LoggedRows> {
  for (const { group, segment, units } of segmentsOf(blocks)) {
    const { rowUnits, segmentUnits } = must(groups[group], `group ${group}`);
    const rows = [...new Set([...units.keys()].map((unit) => Math.floor(unit / rowUnits)))].toSorted(
      (a, b) => a - b,
    );
    for (let from = 0, to = 1; from < rows.length; from = to, to++) {
      const first = must(rows[from], 'a row');
      while (to < rows.length && rows[to] === first + to - from && to - from < rowsMax) to++;
      const firstUnit = first * rowUnits;
      const end = Math.min(segmentUnits, firstUnit + (to - from) * rowUnits);
      yield { group, segment, firstUnit, units: end - firstUnit, blocks: units };
    }
  }
}

interface LoggedSegment {
  readonly group: number;
  readonly segment: number;
  readonly units: Map<number, LoggedBlock[]>;
}

function segmentsOf(blocks: readonly LoggedBlock[]): Iterable<LoggedSegment> {
  const segments = new Map<string, LoggedSegment>();
  for (const block of blocks) {
    const { group, segment, firstUnit } = block.place;
    const key = `${group}/${segment}`;
    const known = segments.get(key) ?? { group, segment, units: new Map<number, LoggedBlock[]>() };
    segments.set(key, known);
    const unit = firstUnit + Math.floor(offsetOf(block.words, block.at) / sectorsPerUnit);
    known.units.set(unit, [...(known.units.get(unit) ?? []), block]);
  }
  return segments.values();
}
