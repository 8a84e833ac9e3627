import type { TargetMessage } from '../../replication/messages.ts';
import type { ReadAsked } from '../../replication/read-frame.ts';
import type { Fence } from '../../replication/record.ts';

/** A request to read as a message, which nobody here needs as bytes. */
export const askedAsMessage = (
  fence: Fence,
  { readId, after, block, count, map }: ReadAsked,
): TargetMessage => ({
  ...fence,
  type: 'read',
  readId,
  after,
  block,
  count,
  ...(map ? { map } : {}),
});
