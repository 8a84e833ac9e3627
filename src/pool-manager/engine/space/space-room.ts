/** How much room there is, for admission. All in units of data; what keeps a full pool working is counted in segments. */
import type { SpaceRoom } from './block-space.ts';
import type { OpenSegment } from './open-segment.ts';
import { stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';

/** Kept from users, of that for checkpoints and the cleaner, of that for the cleaner alone: shares, and segments at least. */
const reserve = { share: 0.07, segments: 20 };
const internal = { share: 0.01, segments: 10 };
const cleaner = { share: 0.003, segments: 4 };

export function spaceRoom(table: SpaceTable, openSegments: () => Iterable<OpenSegment>): SpaceRoom {
  const { segments, units } = table;
  const kept = ({ share, segments: least }: typeof reserve, totalUnits: number): number => {
    let perSegment = 0;
    for (const { dataUnits } of segments.groups) perSegment = Math.max(perSegment, dataUnits);
    return Math.max(Math.ceil(totalUnits * share), least * perSegment);
  };
  /** What is kept of so many units in all: asked for with every write. */
  let known = { totalUnits: -1, reserve: 0, internal: 0, cleaner: 0 };
  const reserves = () => {
    const { totalUnits } = segments;
    if (totalUnits !== known.totalUnits)
      known = {
        totalUnits,
        reserve: kept(reserve, totalUnits),
        internal: kept(internal, totalUnits),
        cleaner: kept(cleaner, totalUnits),
      };
    return known;
  };
  const openRoom = (): number => {
    let sum = 0;
    for (const open of openSegments())
      if (!open.isFinished) sum += Math.max(0, open.dataUnits - open.writer.units);
    return sum;
  };
  const room: SpaceRoom = {
    get totalUnits() {
      return segments.totalUnits;
    },
    get freeUnits() {
      return segments.unitsIn(stateCode.free) + openRoom();
    },
    get heldUnits() {
      return segments.unitsIn(stateCode.held);
    },
    get reclaimableUnits() {
      const written = segments.unitsIn(stateCode.closed) + segments.unitsIn(stateCode.open) - openRoom();
      return Math.max(0, written - units.busyUnits);
    },
    get busyUnits() {
      return units.busyUnits;
    },
    get liveUnits() {
      return units.liveUnits;
    },
    get systemUnits() {
      return segments.unitsIn(stateCode.system);
    },
    get reserveUnits() {
      return reserves().reserve;
    },
    get internalReserveUnits() {
      return reserves().internal;
    },
    get cleanerReserveUnits() {
      return reserves().cleaner;
    },
    get userUnits() {
      const { totalUnits, reserve: keptUnits } = reserves();
      return Math.max(0, totalUnits - keptUnits - units.busyUnits - room.systemUnits);
    },
    get userUnitsNow() {
      return Math.max(0, room.freeUnits - reserves().internal);
    },
    get userUnitsAtLeast() {
      return Math.max(0, Math.min(room.userUnits, segments.unitsIn(stateCode.free) - reserves().internal));
    },
  };
  return room;
}
