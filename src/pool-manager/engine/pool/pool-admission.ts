/**
 * Keeps users from taking what the pool needs to go on.
 *
 * A write is taken in only while its blocks, and all nodes that building the unbuilt layers may write, fit beside the
 * reserve. The reserve is what unmap, delete, records, checkpoints and the cleaner live on when users' space is gone;
 * these are never asked for admission.
 *
 * What is told as writable ends before what is admitted: a write that a target has numbered can not be taken back, and
 * were it refused all behind it, unmaps too, would wait for ever. So what was on its way when targets heard that there
 * is no more gets a part of what users are kept from, as long as it fits beside the internal reserve.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import type { SpaceRoom } from '../space/block-space.ts';
import type { Admission, Coming } from '../volume/volume-core.ts';
import { NoSpaceError } from '../volume-store.ts';

export interface AdmissionOptions {
  /** GUID, for messages. */
  readonly pool: string;
  readonly room: SpaceRoom;
  /** No user may write when more than this part is in use, in per cent; 100: never. */
  roThresholdPercent(): number;
  /** Changes in unbuilt layers have become more. */
  onDeltas(deltas: number): void;
}

export class PoolAdmission implements Admission {
  /** Nodes that building all layers may write. */
  nodesPending = 0;
  /** Changes in layers that are not built. */
  deltasPending = 0;
  /** While the log is replayed: all of it was admitted once. */
  isReplaying = false;
  /** Why nobody may write; undefined: they may. */
  readOnly: string | undefined;
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Units that users have, full or free. */
  get totalUnits(): number {
    const { totalUnits, reserveUnits } = this.#options.room;
    return Math.max(0, totalUnits - reserveUnits);
  }

  get usedUnits(): number {
    return Math.min(this.totalUnits, this.#options.room.busyUnits);
  }

  /** Units that users may still fill, cleaned for them if need be. */
  get writableUnits(): number {
    if (this.readOnly !== undefined) return 0;
    const units = Math.min(this.totalUnits - this.usedUnits, this.#belowThreshold());
    return Math.max(0, units - this.nodesPending);
  }

  /** Units that users may fill now, before anything is cleaned or released. */
  get availableUnits(): number {
    return this.#unitsWith(0);
  }

  /** The same when two more roots have freed what is held. */
  get comingUnits(): number {
    return this.#unitsWith(this.#options.room.heldUnits);
  }

  admit(dataUnits: number, nodeUnits: number, coming: Coming): void {
    if (this.isReplaying) return;
    const { pool } = this.#options;
    if (this.readOnly !== undefined) throw new NoSpaceError(`pool ${pool} is read-only: ${this.readOnly}`);
    const askedUnits = dataUnits + nodeUnits;
    const atLeast = Math.min(this.#options.room.userUnitsAtLeast, this.#belowThreshold());
    if (atLeast - this.nodesPending >= askedUnits) return;
    const units = coming === 'numbered' ? this.#lateUnits() : this.availableUnits;
    if (units >= askedUnits) return;
    const freeBytes = Math.max(0, units) * blockBytes;
    throw new NoSpaceError(`pool ${pool} is full: ${dataUnits * blockBytes} bytes asked, ${freeBytes} left`);
  }

  pend(nodeUnits: number, deltas: number): void {
    this.nodesPending += nodeUnits;
    this.deltasPending += deltas;
    if (deltas > 0) this.#options.onDeltas(this.deltasPending);
  }

  /** More is in use than users may fill. */
  get isAboveThreshold(): boolean {
    return this.#belowThreshold() < 0;
  }

  /** Units that users may fill when so many more are released. */
  #unitsWith(releasedUnits: number): number {
    const { userUnits, userUnitsNow } = this.#options.room;
    return Math.min(userUnits, userUnitsNow + releasedUnits, this.#belowThreshold()) - this.nodesPending;
  }

  /** For what is on its way. */
  #lateUnits(): number {
    const { lateReserveUnits, lateUnits, userUnitsNow } = this.#options.room;
    return Math.min(lateUnits, userUnitsNow, this.#belowThreshold() + lateReserveUnits) - this.nodesPending;
  }

  #belowThreshold(): number {
    const roThresholdPercent = this.#options.roThresholdPercent();
    if (roThresholdPercent >= 100) return Infinity;
    return Math.floor((this.totalUnits * roThresholdPercent) / 100) - this.usedUnits;
  }
}
