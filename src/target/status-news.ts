/** Tells who listens when the state of a volume is another one: once per turn of the loop, and not of counters. */
import { stateOf, type VolumeStatus } from '../replication/status.ts';
import type { Clock } from '../shared/clock.ts';

export class StatusNews {
  readonly #clock: Clock;
  readonly #status: () => VolumeStatus;
  readonly #listeners = new Set<(status: VolumeStatus) => void>();
  #told = '';
  #telling = false;

  constructor(clock: Clock, status: () => VolumeStatus) {
    this.#clock = clock;
    this.#status = status;
  }

  /** The answer ends it. */
  listen(listener: (status: VolumeStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    this.#clock.after(0, () => {
      this.#telling = false;
      this.#tell();
    });
  }

  #tell(): void {
    const status = this.#status();
    const told = stateOf(status);
    if (told === this.#told) return;
    this.#told = told;
    for (const listener of this.#listeners) listener(status);
  }
}
