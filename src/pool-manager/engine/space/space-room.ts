/** How much room there is, for admission. All in units of data; what keeps a full pool working is counted in segments. */
import type { SpaceRoom } from './block-space.ts';
import type { OpenSegment } from './open-segment.ts';
import { type Segments, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import type { UnitMap } from './unit-map.ts';

/** Kept from users, of that for checkpoints and the cleaner, of that for the cleaner alone: shares, and segments at least. */
const reserve = { share: 0.07, segments: 20 };
const internal = { share: 0.01, segments: 10 };
const cleaner = { share: 0.003, segments: 4 };

/**
 * For what is on its way, this part of what is kept from users alone. No more: the cleaner goes on until 0.4 % and 2 %, what
 * users may want next, are free beside the internal reserve, and where that can not be had it would never rest.
 */
const latePart = 8;

interface Reserves {
  readonly segment: number;
  readonly reserve: number;
  readonly internal: number;
  readonly cleaner: number;
}

/** What is kept of so many units in all. */
function reservesOf({ totalUnits, groups }: Segments): Reserves {
  const perSegment = Math.max(0, ...groups.map(({ dataUnits }) => dataUnits));
  const kept = ({ share, segments }: typeof reserve) =>
    Math.max(Math.ceil(totalUnits * share), segments * perSegment);
  return { segment: perSegment, reserve: kept(reserve), internal: kept(internal), cleaner: kept(cleaner) };
}

/** A class and no literal with getters: users are asked for with every write, and V8 looks those up by hash. */
export class TableRoom implements SpaceRoom {
  readonly #table: SpaceTable;
  readonly #segments: Segments;
  readonly #units: UnitMap;
  readonly #openSegments: () => Iterable<OpenSegment>;
  #knownUnits = -1;
  #known: Reserves = { segment: 0, reserve: 0, internal: 0, cleaner: 0 };

  constructor(table: SpaceTable, openSegments: () => Iterable<OpenSegment>) {
    this.#table = table;
    this.#segments = table.segments;
    this.#units = table.units;
    this.#openSegments = openSegments;
  }

  get totalUnits(): number {
    return this.#segments.totalUnits;
  }
  get freeUnits(): number {
    return this.#segments.unitsIn(stateCode.free) + this.#openRoom();
  }
  get heldUnits(): number {
    return this.#segments.unitsIn(stateCode.held);
  }
  get heldNewlyUnits(): number {
    return this.#table.heldNewlyUnits;
  }
  get reclaimableUnits(): number {
    const inClosed = this.#segments.unitsIn(stateCode.closed);
    const written = inClosed + this.#segments.unitsIn(stateCode.open) - this.#openRoom();
    return Math.max(0, written - this.#units.busyUnits);
  }
  get busyUnits(): number {
    return this.#units.busyUnits;
  }
  get liveUnits(): number {
    return this.#units.liveUnits;
  }
  get systemUnits(): number {
    return this.#segments.unitsIn(stateCode.system);
  }
  get segmentUnits(): number {
    return this.#reserves().segment;
  }
  get reserveUnits(): number {
    return this.#reserves().reserve;
  }
  get internalReserveUnits(): number {
    return this.#reserves().internal;
  }
  get cleanerReserveUnits(): number {
    return this.#reserves().cleaner;
  }
  get lateReserveUnits(): number {
    return Math.floor((this.reserveUnits - this.internalReserveUnits) / latePart);
  }
  get userUnits(): number {
    return Math.max(0, this.#unitsBeside(this.reserveUnits));
  }
  get lateUnits(): number {
    return this.#unitsBeside(this.reserveUnits - this.lateReserveUnits);
  }
  get userUnitsNow(): number {
    return Math.max(0, this.freeUnits - this.internalReserveUnits);
  }
  get userUnitsAtLeast(): number {
    const inFree = this.#segments.unitsIn(stateCode.free) - this.internalReserveUnits;
    return Math.max(0, Math.min(this.userUnits, inFree));
  }

  #unitsBeside(keptUnits: number): number {
    return this.#segments.totalUnits - keptUnits - this.busyUnits - this.systemUnits;
  }

  #reserves(): Reserves {
    const { totalUnits } = this.#segments;
    if (totalUnits !== this.#knownUnits) {
      this.#knownUnits = totalUnits;
      this.#known = reservesOf(this.#segments);
    }
    return this.#known;
  }

  #openRoom(): number {
    let sum = 0;
    for (const open of this.#openSegments())
      if (!open.isFinished) sum += Math.max(0, open.dataUnits - open.writer.units);
    return sum;
  }
}
