/** Collects extents, joining neighbours that are alike, up to a limit. */
import type { Extent } from '../volume-store.ts';

export class ExtentCollector {
  readonly extents: Extent[] = [];
  /** Where the first extent that did not fit begins. */
  stoppedAt: number | undefined;
  readonly #limit: number;
  #from = 0;
  #to = -1;
  #birth = 0;
  #mapped = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False: it did not fit. */
  add(from: number, to: number, birth: number, mapped: boolean): boolean {
    if (from === this.#to && birth === this.#birth && mapped === this.#mapped) {
      this.#to = to;
      return true;
    }
    this.finish();
    if (this.extents.length === this.#limit) {
      this.stoppedAt = from;
      return false;
    }
    this.#from = from;
    this.#to = to;
    this.#birth = birth;
    this.#mapped = mapped;
    return true;
  }

  /** The last one is complete. */
  finish(): void {
    if (this.#to < 0) return;
    this.extents.push({
      block: this.#from,
      count: this.#to - this.#from,
      birth: this.#birth,
      mapped: this.#mapped,
    });
    this.#to = -1;
  }
}
