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
  const kept = ({ share, segments: least }: typeof reserve): number => {
    let perSegment = 0;
    for (const { dataUnits } of segments.groups) perSegment = Math.max(perSegment, dataUnits);
    return Math.max(Math.ceil(segments.totalUnits * share), least * perSegment);
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
      return kept(reserve);
    },
    get internalReserveUnits() {
      return kept(internal);
    },
    get cleanerReserveUnits() {
      return kept(cleaner);
    },
    get userUnits() {
      return Math.max(0, segments.totalUnits - kept(reserve) - units.busyUnits - room.systemUnits);
    },
    get userUnitsNow() {
      return Math.max(0, room.freeUnits - kept(internal));
    },
  };
  return room;
}
