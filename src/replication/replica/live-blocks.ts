/** Blocks that live entries wrote while something is copied: what is copied must leave them alone (R22b). */
import type { BlockRange } from '../copy.ts';
import { union } from '../extents.ts';

/** Separate ranges that are kept apart; beyond it nothing is known any more. */
export const liveMax = 2_048;

export class LiveBlocks {
  #ranges: BlockRange[] = [];
  /** Behind it they stand as they came. */
  #normal = 0;
  #isTooMuch = false;

  /** So many that what was copied can not be told from them: it is copied again. */
  get isTooMuch(): boolean {
    return this.#isTooMuch;
  }

  add(ranges: readonly BlockRange[]): void {
    if (this.#isTooMuch) return;
    this.#ranges.push(...ranges);
    if (this.#ranges.length - this.#normal <= liveMax) return;
    this.#isTooMuch = this.list.length > liveMax;
  }

  /** Ascending, without overlaps. */
  get list(): readonly BlockRange[] {
    if (this.#normal < this.#ranges.length) this.#ranges = union(this.#ranges);
    this.#normal = this.#ranges.length;
    return this.#ranges;
  }
}
