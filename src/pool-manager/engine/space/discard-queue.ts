/**
 * Segments that wait for the devices to hear that they hold nothing, before they are opened again. Only a hint is lost
 * when that is skipped: so it is while free segments are short, and for what would make the queue too long.
 */
import type { SpaceTable } from './space-table.ts';

const waitingMax = 1_024;

export class DiscardQueue {
  readonly #table: SpaceTable;
  readonly #waiting: number[] = [];
  #running: Promise<void> | undefined;

  constructor(table: SpaceTable) {
    this.#table = table;
  }

  /** The segment holds nothing that a root or a reader needs. `isShort`: whoever waits for segments comes first. */
  release(id: number, isShort: boolean): void {
    this.#table.held.delete(id);
    if (isShort || this.#waiting.length >= waitingMax) {
      this.#table.makeFree(id);
      return;
    }
    this.#waiting.push(id);
    this.#running ??= this.#run();
  }

  /** Free segments have become short. */
  skip(): void {
    for (const id of this.#waiting.splice(0)) this.#table.makeFree(id);
  }

  /** No further one begins; resolves when none is under way. */
  async stop(): Promise<void> {
    this.skip();
    await this.#running;
  }

  /** One at a time; a group never rejects because of a device. */
  async #run(): Promise<void> {
    for (let id = this.#waiting.shift(); id !== undefined; id = this.#waiting.shift()) {
      const { segments } = this.#table;
      await segments.spaceOf(id).group.discard(segments.numberOf(id));
      this.#table.makeFree(id);
    }
    this.#running = undefined;
  }
}
