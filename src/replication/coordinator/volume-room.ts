/** The room of a volume, which is that of the fullest pool of its replicas in sync. */
import type { PoolRoom } from '../messages.ts';
import { isInSync, isNearlyFull, type Member } from './member.ts';

/** A pool of a replica in sync is nearly full; its writes are not refused yet. */
export const isRoomLow = (members: readonly Member[]): boolean =>
  members.some((member) => isInSync(member) && isNearlyFull(member));

/** What may still be written to the fullest pool of those in sync that say it; below `lowBytes` space is low. */
export function roomLeft(members: readonly Member[]): PoolRoom | undefined {
  const rooms = members.flatMap((member) => (isInSync(member) && member.room) || []);
  if (rooms.length === 0) return undefined;
  const { freeBytes, lowBytes } = rooms.reduce((a, b) => (b.freeBytes < a.freeBytes ? b : a));
  return { freeBytes: Math.max(0, freeBytes - lowBytes), lowBytes };
}
