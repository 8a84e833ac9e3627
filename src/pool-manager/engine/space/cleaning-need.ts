/**
 * How much is to be cleaned: it begins when free segments are few, so that as much as possible dies before it is moved.
 * The less is kept free, the emptier are the victims.
 */
import type { CleaningNeed, SpaceRoom } from './block-space.ts';

/** Cleaning begins when no more than this share of the pool is free, the reserve and what is wanted not counted. */
const pacedShare = 0.004;
/** Of what users may want at once, no more than this part of the pool counts. */
const wantedPart = 50;
/** Cleaning catches up, but does not stop users. */
const pressureMax = 4;

/** See Cleaning.need. */
export function needOf(room: SpaceRoom, wantedUnits: number): CleaningNeed {
  const pressure = pressureOf(room, wantedUnits);
  if (pressure >= 2) return 'urgent';
  if (pressure > 0) return 'paced';
  return room.reclaimableUnits > room.freeUnits + room.heldUnits ? 'idle' : 'no';
}

/** Units to move for so many appended ones, where victims have this share in use. */
export function debtOf(
  room: SpaceRoom,
  wantedUnits: number,
  usedShare: number,
  appendedUnits: number,
): number {
  const pressure = pressureOf(room, wantedUnits);
  if (pressure <= 0) return 0;
  return Math.ceil((appendedUnits * pressure * usedShare) / (1 - usedShare));
}

/**
 * How short of whole free segments the pool is: 2 where users begin to wait, 1 where as much must be won as is written,
 * 0 a little above. What is held does not count: it comes back, but until then users would wait.
 */
function pressureOf(room: SpaceRoom, wantedUnits: number): number {
  const { totalUnits, freeUnits, internalReserveUnits } = room;
  const free = freeUnits - internalReserveUnits - Math.min(wantedUnits, totalUnits / wantedPart);
  return Math.min(pressureMax, Math.max(0, 2 * (1 - free / (totalUnits * pacedShare))));
}
