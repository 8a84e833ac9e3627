/**
 * Readers at work, by the transaction group that was open when they began. What group `t` freed is not given out again
 * while a reader is at work that began before group `t + 2` was open: until then the trees before `t` could be found.
 */
export class Pins {
  readonly #readers = new Map<number, number>();
  #openTxg: () => number;

  constructor(openTxg: () => number) {
    this.#openTxg = openTxg;
  }

  /** The lowest group with a reader; Infinity without any. */
  get oldestTxg(): number {
    let oldest = Infinity;
    for (const txg of this.#readers.keys()) oldest = Math.min(oldest, txg);
    return oldest;
  }

  async hold<T>(read: () => Promise<T>): Promise<T> {
    const txg = this.#openTxg();
    this.#readers.set(txg, (this.#readers.get(txg) ?? 0) + 1);
    try {
      return await read();
    } finally {
      const left = (this.#readers.get(txg) ?? 0) - 1;
      if (left === 0) this.#readers.delete(txg);
      else this.#readers.set(txg, left);
    }
  }
}
