/**
 * Tells the devices which free segments hold nothing: one at a time, beside everything else, and each only as long as
 * nobody has opened it again. It is a hint: while free segments are short none is kept back for it.
 */
import { stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';

export class DiscardQueue {
  readonly #table: SpaceTable;
  readonly #isShort: () => boolean;
  /** Segments that have become free, each once. */
  readonly #waiting = new Set<number>();
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(table: SpaceTable, isShort: () => boolean) {
    this.#table = table;
    this.#isShort = isShort;
  }

  /** The segment is free: nothing in it is needed by a root or a reader. */
  add(id: number): void {
    this.#waiting.add(id);
    if (!this.#isStopped) this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** No further one begins; resolves when none is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** A group never rejects because of a device. Meanwhile the segment is nobody's: it can not be opened. */
  async #run(): Promise<void> {
    const { segments } = this.#table;
    for (const id of this.#waiting) {
      if (this.#isStopped || this.#isShort()) break;
      this.#waiting.delete(id);
      if (segments.state[id] !== stateCode.free) continue;
      segments.setState(id, stateCode.held);
      await segments.spaceOf(id).group.discard(segments.numberOf(id));
      segments.setState(id, stateCode.free);
    }
  }
}
