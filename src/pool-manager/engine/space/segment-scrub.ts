/** Scrub of one segment: all copies of what is in use, and its parity, against its summary. */
import type { Appender } from './appender.ts';
import type { Rot, SegmentScrub } from './block-space.ts';
import type { SpaceTable } from './space-table.ts';
import { ownerAt } from './summary.ts';
import type { SummaryReader } from './summary-reader.ts';

/** Units that are compared at once. */
const stepUnits = 256;

/** What is not on the devices yet is left for the next round. The caller holds a pin. */
export async function scrubSegment(
  table: SpaceTable,
  appender: Appender,
  summaries: SummaryReader,
  id: number,
): Promise<SegmentScrub> {
  const { segments, units } = table;
  const bad: Rot[] = [];
  const found = { units: 0, repairedUnits: 0, bad };
  if ((segments.used[id] ?? 0) === 0 || appender.isUnwritten(id)) return found;
  const { group, dataUnits } = segments.spaceOf(id);
  const summary = await summaries.read(id);
  for (let first = 0; first < dataUnits; first += stepUnits) {
    const count = Math.min(stepUnits, dataUnits - first);
    if (!units.anyBusy(id, first, count)) continue;
    for (let unit = first; unit < first + count; unit++) if (units.isBusy(id, unit)) found.units++;
    const isGood = summaries.judge(id, summary, first);
    const verified = await group.verify(segments.numberOf(id), first, count, isGood);
    found.repairedUnits += verified.repairedUnits;
    for (const index of verified.bad)
      bad.push({
        group: segments.groupIndexOf(id),
        segment: segments.numberOf(id),
        unit: first + index,
        owner: ownerAt(summary, first + index),
      });
  }
  return found;
}
