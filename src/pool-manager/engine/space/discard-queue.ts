/**
 * Tells the devices which free segments hold nothing: one at a time, beside everything else, and each only as long as
 * nobody has opened it again. It is a hint: while free segments are short none is kept back for it. What is given back
 * has to be found anew by the file system, and holds up all that is written meanwhile: so it waits while much is written,
 * for much is soon opened again then, unless nobody wanted the segment for long.
 */
import { stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';

/** With more units appended between two looks much is written: 64 MiB in some seconds. */
const quietUnits = 16_384;
/** After so many looks a segment is given back whatever is written. */
const restLooks = 64;

export interface DiscardQueueOptions {
  /** Free segments are short. */
  isShort(): boolean;
  /** Units so far. */
  appendedUnits(): number;
}

export class DiscardQueue {
  readonly #table: SpaceTable;
  readonly #options: DiscardQueueOptions;
  /** Segments that have become free, each once, the oldest first, and at which look that was. */
  readonly #waiting = new Map<number, number>();
  #looks = 0;
  #isQuiet = true;
  /** At the last look. */
  #appendedUnits = 0;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(table: SpaceTable, options: DiscardQueueOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** The segment is free: nothing in it is needed by a root or a reader. */
  add(id: number): void {
    this.#waiting.delete(id);
    this.#waiting.set(id, this.#looks);
    this.#start();
  }

  /** To be called every few seconds. */
  look(): void {
    this.#looks++;
    const appended = this.#options.appendedUnits();
    this.#isQuiet = appended - this.#appendedUnits <= quietUnits;
    this.#appendedUnits = appended;
    this.#start();
  }

  /** No further one begins; resolves when none is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  #start(): void {
    if (!this.#isStopped) this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  #isDue(since: number): boolean {
    const isQuiet = this.#isQuiet && this.#options.appendedUnits() - this.#appendedUnits <= quietUnits;
    return isQuiet || this.#looks - since >= restLooks;
  }

  /** A group never rejects because of a device. Meanwhile the segment is nobody's: it can not be opened. */
  async #run(): Promise<void> {
    const { segments } = this.#table;
    for (const [id, since] of this.#waiting) {
      if (this.#isStopped || this.#options.isShort() || !this.#isDue(since)) break;
      this.#waiting.delete(id);
      if (segments.state[id] !== stateCode.free) continue;
      segments.setState(id, stateCode.held);
      await segments.spaceOf(id).group.discard(segments.numberOf(id));
      segments.setState(id, stateCode.free);
    }
  }
}
