/**
 * Whether more can be taken in now, and whether waiting would bring it.
 *
 * Waiting helps while changes wait to be built, while something deleted is left, or while cleaning and the roots to come
 * bring what users may have in the long run. It is given up when several checkpoints in a row brought nothing: then the
 * write is refused, and the user hears that the pool is full.
 */
import type { BlockSpace } from '../space/block-space.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { EngineLimits } from './engine-limits.ts';
import type { PoolAdmission } from './pool-admission.ts';

/** What `room` promises: a write of 4 MiB, with the nodes above it, nine on each of seven levels. */
const roomUnits = 1_024 + 64;
/** What a volume that was answered before takes beside it until it asks again: a MiB, in single blocks with a node for each. */
const besideUnits = 512;
/** No more than this part of the pool is to be free beyond what one write takes. */
const besidePart = 100;
/** What a root frees may be used two roots later; before that it may have to be cleaned. */
const fruitlessMax = 6;
/** What was emptied is held for two roots. */
const fruitlessBesideMax = 3;

/** What waiting must bring: anything where little is left, a part of what is missing where most writes go through. */
const gainMin = (availableUnits: number, wantedUnits: number): number =>
  availableUnits < roomUnits / 2 ? 1 : (wantedUnits - availableUnits) / 4;

export class RoomJudge {
  readonly #space: BlockSpace;
  readonly #limits: EngineLimits;
  readonly #admission: PoolAdmission;
  readonly #checkpoints: Checkpoints;
  readonly #hasWork: () => boolean;
  readonly #notedUnits: () => number;
  readonly #volumes: () => number;
  /** Checkpoints in a row, since somebody began to wait, that brought no more room. */
  #fruitless = 0;
  /** Of these, roots of the table that were made while trees were built: they do not count, and few are tried. */
  #fruitlessBeside = 0;
  #bestUnits = -Infinity;
  /** What was noted, and what was to come, when waiting was given up. */
  #givenUp = { notedUnits: -1, coming: -Infinity };

  constructor(
    parts: { readonly space: BlockSpace; readonly limits: EngineLimits },
    admission: PoolAdmission,
    checkpoints: Checkpoints,
    hasWork: () => boolean,
    notedUnits: () => number,
    volumes: () => number,
  ) {
    this.#space = parts.space;
    this.#limits = parts.limits;
    this.#admission = admission;
    this.#checkpoints = checkpoints;
    this.#hasWork = hasWork;
    this.#notedUnits = notedUnits;
    this.#volumes = volumes;
  }

  /**
   * What is to be free, nodes to be built not counted, before somebody is told to write: his write, and what may be taken
   * between the answer and that: by the other volumes, each of which may have been answered before, and by a checkpoint that opens a segment. What was
   * answered is on its way; refused now it would have that replica left out, of a pool that is not full at all.
   */
  get wantedUnits(): number {
    const { segmentUnits, totalUnits } = this.#space.room;
    const others = Math.max(0, this.#volumes() - 1);
    return roomUnits + Math.min(Math.floor(totalUnits / besidePart), segmentUnits + others * besideUnits);
  }

  /** `soon`: a checkpoint is on its way. */
  state(): 'open' | 'soon' {
    const { deltasPending, nodesPending, availableUnits, readOnly } = this.#admission;
    if (readOnly !== undefined) return 'open';
    if (deltasPending > 2 * this.#limits.deltasMax) return this.#soon();
    const { wantedUnits } = this;
    if (availableUnits >= wantedUnits) return this.#open();
    /** What there may be in the end, and what a checkpoint may find to be free besides. */
    const coming = this.#space.room.userUnits - nodesPending;
    const gain = coming - availableUnits + nodesPending + deltasPending;
    if (!this.#hasWork() && gain < gainMin(availableUnits, wantedUnits)) return this.#open();
    const notedUnits = this.#notedUnits();
    if (notedUnits === this.#givenUp.notedUnits && coming <= this.#givenUp.coming) return 'open';
    if (this.#fruitless < fruitlessMax) return this.#soon();
    this.#givenUp = { notedUnits, coming }; // until something is written or freed
    return this.#open();
  }

  /**
   * A checkpoint has ended; `isBeside`: another one is under way that will free what it replaces. What the cleaner has
   * emptied is room that came: while it works, more is taken for what it moves than two roots have given back yet.
   */
  checkpointed(isBeside: boolean): void {
    const units = this.#admission.comingUnits + this.#space.room.userUnits;
    const hasBrought = units > this.#bestUnits;
    if (hasBrought) this.#fruitless = 0;
    else if (!isBeside) this.#fruitless++;
    this.#fruitlessBeside = isBeside && !hasBrought ? this.#fruitlessBeside + 1 : 0;
    this.#bestUnits = Math.max(this.#bestUnits, units);
  }

  /** Nobody waits any more. */
  #open(): 'open' {
    this.#fruitless = 0;
    this.#bestUnits = -Infinity;
    return 'open';
  }

  /**
   * One that is under way may have been cut already: the next one looks again. As long as roots of the table bring more
   * room, nothing is built before its time.
   */
  #soon(): 'soon' {
    const isWholeNeeded =
      this.#fruitless > 0 || this.#hasWork() || this.#admission.deltasPending > 2 * this.#limits.deltasMax;
    if (isWholeNeeded) this.#checkpoints.want();
    const helps = this.#checkpoints.isBeside ? this.#fruitlessBeside < fruitlessBesideMax : !isWholeNeeded;
    if (helps) this.#checkpoints.wantTable();
    return 'soon';
  }
}
