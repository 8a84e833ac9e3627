/**
 * When the cleaner works: beside writes in proportion to them, without pause while users wait for room, and a little when
 * nothing else is going on, reads included. Never two slices at once.
 */
import type { Cleaning, SpaceRoom } from '../space/block-space.ts';

const sliceUnits = 512;
const heldPart = 512;
/** So much may be owed before writers wait: 8 MiB, or this part of a small pool. */
const debtUnitsMax = 2_048;
const debtPart = 256;

/** Who reads more than this while one slice is moved has the devices: idle cleaning waits for the next quiet moment. */
const idleReadsMax = 8;

export type CleaningReason = 'write' | 'wait' | 'idle';

export interface CleanerPaceOptions {
  readonly cleaning: Cleaning;
  readonly room: SpaceRoom;
  /** Keeps what is read from being given out anew. */
  pin<T>(run: () => Promise<T>): Promise<T>;
  /** Units that were appended so far. */
  appendedUnits(): number;
  /** Reads that were asked for so far. */
  reads(): number;
  /** The last durable root. */
  durableTxg(): number;
  /** What was emptied waits for roots; where nothing could be moved even so, for a whole one. */
  wantRoot(kind: 'table' | 'whole'): void;
  pause(): Promise<void>;
  /** Something was cleaned. */
  onProgress(): void;
  onFailure(error: Error): void;
}

export class CleanerPace {
  readonly #options: CleanerPaceOptions;
  #seenUnits = 0;
  #debtUnits = 0;
  /** The last durable root when nothing could be moved: only another one brings more. How often in a row that was so. */
  #fruitlessTxg = -1;
  #fruitless = 0;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: CleanerPaceOptions) {
    this.#options = options;
  }

  /** Something was appended, freed or released; or users wait for room; or nobody else wants the devices. */
  kick(why: CleaningReason = 'write'): void {
    if (this.#isStopped || this.#running !== undefined) return;
    const { need } = this.#options.cleaning;
    if (why === 'wait' ? this.#options.room.reclaimableUnits === 0 : need === 'no') return;
    if (why === 'write' && need === 'idle') return;
    if (why === 'wait' && this.#fruitlessTxg === this.#options.durableTxg()) return;
    this.#running = this.#run(why).then(
      () => {
        this.#running = undefined;
        this.#options.onProgress();
      },
      (error: unknown) => {
        this.#running = undefined;
        this.#isStopped = true;
        this.#options.onFailure(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  /** Writers are ahead of the cleaner: they wait a little now, lest they wait long when nothing is free any more. */
  get isBehind(): boolean {
    if (this.#running === undefined) return false;
    const { cleaning, room } = this.#options;
    const debtMax = Math.min(debtUnitsMax, room.totalUnits / debtPart);
    return this.#debtUnits + cleaning.debt(this.#options.appendedUnits() - this.#seenUnits) > debtMax;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(why: CleaningReason): Promise<void> {
    await this.#options.pause(); // not within the write that needs it
    for (let first = true; !this.#isStopped; first = false) {
      const isIdle = why === 'idle' && (first || this.#options.appendedUnits() === this.#seenUnits);
      const units = why === 'wait' && first ? sliceUnits : this.#due(isIdle);
      if (units === 0) return;
      const before = this.#options.reads();
      const moved = await this.#options.pin(() => this.#options.cleaning.clean(units));
      this.#debtUnits = Math.max(0, this.#debtUnits - moved);
      this.#options.onProgress();
      if (moved === 0) {
        this.#options.wantRoot(++this.#fruitless === 1 ? 'table' : 'whole');
        this.#fruitlessTxg = this.#options.durableTxg();
        return;
      }
      this.#fruitless = 0;
      if (isIdle && this.#options.reads() - before > idleReadsMax) return;
      if (this.#isMuchHeld()) this.#options.wantRoot('table');
      await this.#options.pause();
    }
  }

  /**
   * What was emptied comes back two roots later: while users write, those should not be far. What a root that is being
   * written has does not count; what was emptied meanwhile does, so that the next one may follow at once.
   */
  #isMuchHeld(): boolean {
    const { cleaning, room } = this.#options;
    const isUsed = ['paced', 'urgent'].includes(cleaning.need);
    return isUsed && room.heldNewlyUnits > room.totalUnits / heldPart;
  }

  /** How many units the next slice moves; 0: none now. */
  #due(isIdle: boolean): number {
    const { cleaning } = this.#options;
    const appended = this.#options.appendedUnits();
    this.#debtUnits += cleaning.debt(appended - this.#seenUnits);
    this.#seenUnits = appended;
    switch (cleaning.need) {
      case 'no':
        this.#debtUnits = 0;
        return 0;
      case 'idle':
        this.#debtUnits = 0;
        return isIdle ? sliceUnits : 0;
      case 'paced':
        return isIdle ? sliceUnits : Math.min(sliceUnits, Math.ceil(this.#debtUnits));
      case 'urgent':
        return sliceUnits;
    }
  }
}
