/**
 * Who copies next in a pool with many replicas: a few at a time, those with the fewest good copies elsewhere first, so
 * that what is most at risk is whole again first. Each waits for one turn at a time, which bounds the queue.
 */
interface Waiting {
  readonly goodCopies: number;
  readonly run: (release: () => void) => void;
}

export class Turns {
  readonly #atOnce: number;
  #running = 0;
  /** Fewest good copies first, then in order of arrival. */
  #waiting: Waiting[] = [];

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Calls `run` at once or later; it calls `release` once, when it is done. */
  take(goodCopies: number, run: (release: () => void) => void): void {
    const behind = this.#waiting.findIndex((other) => other.goodCopies > goodCopies);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, { goodCopies, run });
    this.#next();
  }

  #next(): void {
    if (this.#running >= this.#atOnce) return;
    const first = this.#waiting.shift();
    if (!first) return;
    this.#running += 1;
    let released = false;
    first.run(() => {
      if (released) return;
      released = true;
      this.#running -= 1;
      this.#next();
    });
  }
}
