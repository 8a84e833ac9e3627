/** Scrub of one segment: all copies of what is in use, and its parity, against its summary. */
import type { Appender } from './appender.ts';
import type { Rot, SegmentScrub } from './block-space.ts';
import type { SpaceTable } from './space-table.ts';
import { ownerAt } from './summary.ts';
import type { SummaryReader } from './summary-reader.ts';

/** Units that are compared at once, about: whole rows, so that all that a parity is of is judged. */
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
  const { group } = segments.spaceOf(id);
  const summary = await summaries.read(id);
  const step = Math.max(1, Math.floor(stepUnits / group.rowUnits)) * group.rowUnits;
  for (let first = 0; first < group.segmentUnits; first += step) {
    const count = Math.min(step, group.segmentUnits - first);
    const busy = summaries.countBusy(id, first, count);
    if (busy === 0) continue;
    found.units += busy;
    const isGood = summaries.judge(id, summary, first);
    const isKnown = (index: number) => summaries.isKnown(id, summary, first + index);
    const verified = await group.verify(segments.numberOf(id), first, count, isGood, isKnown);
    found.repairedUnits += verified.repairedUnits;
    for (const index of verified.bad)
      if (units.isBusy(id, first + index))
        bad.push({
          group: segments.groupIndexOf(id),
          segment: segments.numberOf(id),
          unit: first + index,
          owner: ownerAt(summary, first + index),
        });
  }
  return found;
}
