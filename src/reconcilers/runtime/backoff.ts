/** Growing, jittered, bounded delays. Pure: randomness is handed in. */

export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** A number in [0, 1). */
export type Random = () => number;

/** Delay before attempt `failures` + 1: doubles from firstMs to maxMs, minus up to a half so that many do not come at once. */
export function backoffMs(failures: number, { firstMs, maxMs }: BackoffLimits, random: Random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(0, failures - 1), 52));
  return full * (1 - random() / 2);
}

/** Counts failures in a row of one thing. */
export class Backoff {
  #failures = 0;
  readonly #limits: BackoffLimits;
  readonly #random: Random;

  constructor(limits: BackoffLimits, random: Random) {
    this.#limits = limits;
    this.#random = random;
  }
  get failures(): number {
    return this.#failures;
  }
  /** One more failure; the answer is how long to wait before the next attempt. */
  failed(): number {
    this.#failures++;
    return backoffMs(this.#failures, this.#limits, this.#random);
  }
  succeeded(): void {
    this.#failures = 0;
  }
}
