/**
 * Readers at work, by the transaction group that was open when they began. What group `t` freed is not given out again
 * while a reader is at work that began before group `t + 2` was open: until then the trees before `t` could be found.
 */
import { assert } from '../../shared/assert.ts';

interface Group {
  readonly txg: number;
  readers: number;
}

export class Pins {
  /** Groups with readers, the oldest first: there are two or three. */
  readonly #groups: Group[] = [];
  readonly #openTxg: () => number;

  constructor(openTxg: () => number) {
    this.#openTxg = openTxg;
  }

  /** The lowest group with a reader; Infinity without any. */
  get oldestTxg(): number {
    return this.#groups[0]?.txg ?? Infinity;
  }

  /** A reader begins: answers what it gives to `end`. */
  begin(): number {
    const txg = this.#openTxg();
    const newest = this.#groups.at(-1);
    assert(newest === undefined || newest.txg <= txg, 'transaction groups go up');
    if (newest?.txg === txg) newest.readers++;
    else this.#groups.push({ txg, readers: 1 });
    return txg;
  }

  end(txg: number): void {
    const index = this.#groups.findIndex((group) => group.txg === txg);
    const group = this.#groups[index];
    assert(group !== undefined, 'a reader ends once');
    if (--group.readers === 0) this.#groups.splice(index, 1);
  }

  async hold<T>(read: () => Promise<T>): Promise<T> {
    const txg = this.begin();
    try {
      return await read();
    } finally {
      this.end(txg);
    }
  }
}
