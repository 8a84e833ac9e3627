/**
 * Whose turn is it to take a batch: groups get batches in proportion to their free segments, and one that is behind with
 * its writes is passed over while another is not. So a slow group gets less, without a clock.
 */
import { assert } from '../../../shared/assert.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import { type GroupSpace, stateCode } from './segments.ts';

/** What decides of a group. */
export interface Taker extends Pick<GroupSpace, 'inState' | 'dataUnits' | 'credit'> {
  readonly group: Pick<SegmentGroup, 'isBusy'>;
}

/** Index of the group; `canTake`: it has an open segment for this stream, or a free one. */
export function nextGroup(groups: readonly Taker[], canTake: (index: number) => boolean): number {
  if (groups.length === 1) return 0;
  let best = -1;
  let bestIsBusy = true;
  let total = 0;
  for (const [index, space] of groups.entries()) {
    if (!canTake(index)) continue;
    const weight = freeOf(space);
    space.credit += weight;
    total += weight;
    const isBusy = space.group.isBusy;
    const isBetter =
      best < 0 || (isBusy === bestIsBusy ? space.credit > (groups[best]?.credit ?? 0) : bestIsBusy);
    if (!isBetter) continue;
    best = index;
    bestIsBusy = isBusy;
  }
  const chosen = groups[best];
  assert(chosen !== undefined, 'admission keeps a segment for everybody who appends');
  chosen.credit = Math.max(-total, chosen.credit - total);
  return best;
}

/** Data units in free segments, and one so that a full group is not starved of what it can take. */
const freeOf = ({ inState, dataUnits }: Taker): number => (inState[stateCode.free] ?? 0) * dataUnits + 1;
