/** How a group becomes durable: with its data in the log, or with the data where it lies and the places of it in the log. */
import type { IntentLogOptions } from './intent-log-options.ts';
import { groupBytesMax, type LogRing } from './log-ring.ts';
import type { PendingGroup } from './pending-group.ts';

/** Data of a group that goes into the log itself: more takes longer than to wait for rows, and then for a flush. */
const inlineBytesMax = 512 * 1024;

const isSmall = ({ storedBytes }: PendingGroup, ring: LogRing): boolean =>
  storedBytes <= Math.min(inlineBytesMax, groupBytesMax(ring.sizeBytes) / 4);

/** Whether the ring has room for the group now. */
export const fits = (group: PendingGroup, ring: LogRing): boolean =>
  ring.fits(isSmall(group, ring) ? group.inlineLengthBytes : group.lengthBytes);

/** Lays the group out at once; resolves when it and its data are durable, and has cleared it then. */
export async function writeGroup(
  group: PendingGroup,
  ring: LogRing,
  { peek, durableTxg, flushData }: Pick<IntentLogOptions, 'peek' | 'durableTxg' | 'flushData'>,
): Promise<void> {
  const isWhole = isSmall(group, ring) && group.inline(peek);
  const log = ring.write(group.bytes, durableTxg());
  const data = group.hasData && !isWhole ? flushData() : undefined;
  try {
    await Promise.all([log, data]);
  } finally {
    group.clear();
  }
}
