/**
 * Guesses which write a flush will follow: as many came between the last two flushes as since the last one. Who writes and
 * flushes in turns, as journals of databases and file systems do, has waited for the disk by the time the flush comes.
 * A guess costs a commit, and there is one for each flush at most.
 */

/** Longer runs end where they like. */
const writesMax = 64;

export class FlushForecast {
  #writes = 0;
  /** Between the last two flushes; 0: not known. */
  #usual = 0;

  /** Answers whether a flush is to be expected behind this write. */
  wrote(): boolean {
    this.#writes += 1;
    return this.#writes === this.#usual;
  }

  flushed(): void {
    if (this.#writes === 0) return;
    this.#usual = this.#writes <= writesMax ? this.#writes : 0;
    this.#writes = 0;
  }
}
