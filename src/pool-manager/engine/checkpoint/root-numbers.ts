/**
 * The numbers of roots. The number of a root is that of the transaction group that ends with it; none is left out, for what
 * was freed is held for so many roots. A cut ends a group too, and the next root, whichever it is, has its number.
 */
import { assert } from '../../../shared/assert.ts';

export class RootNumbers {
  /** The open transaction group. */
  open: number;
  /** Ended by a cut; no root has it yet. */
  #cut: number | undefined;
  #isBeingMade = false;

  constructor(open: number) {
    this.open = open;
  }

  /** A cut, now: answers the group that ends. */
  cut(): number {
    assert(this.#cut === undefined, 'a root follows each cut');
    this.#cut = this.open++;
    return this.#cut;
  }

  /** The number of the root that is being made from now on. */
  take(): number {
    assert(!this.#isBeingMade, 'one root at a time');
    this.#isBeingMade = true;
    const number = this.#cut ?? this.open++;
    this.#cut = undefined;
    return number;
  }

  /** It is durable. */
  made(): void {
    this.#isBeingMade = false;
  }
}
