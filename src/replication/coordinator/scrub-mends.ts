/** What a scrub has written anew, one range after the other. */
import type { BlockRange } from '../copy.ts';
import type { ScrubReport } from './scrub-report.ts';

/** Writes the blocks anew as the replica `from` has them, whatever is written meanwhile; `done` tells whether it could. */
export type Mend = (range: BlockRange, from: string, done: (mended: boolean) => void) => void;

/** Ranges that wait for being written anew; a replica with more differences has to be replaced. */
const mendsMax = 1_024;

export class Mends {
  readonly #mend: Mend;
  readonly #report: ScrubReport;
  readonly #onMended: (range: BlockRange) => void;
  #waiting: { readonly range: BlockRange; readonly from: string }[] = [];
  #mending = false;

  constructor(mend: Mend, report: ScrubReport, onMended: (range: BlockRange) => void) {
    this.#mend = mend;
    this.#report = report;
    this.#onMended = onMended;
  }

  get isBusy(): boolean {
    return this.#mending || this.#waiting.length > 0;
  }

  put(range: BlockRange, from: string): void {
    if (this.#waiting.length >= mendsMax) return this.#report.leave(range, 'differs like too many others');
    this.#waiting.push({ range, from });
    this.#next();
  }

  #next(): void {
    const next = this.#waiting[0];
    if (!next || this.#mending) return;
    this.#mending = true;
    this.#mend(next.range, next.from, (mended) => {
      this.#mending = false;
      this.#waiting.shift();
      if (mended) {
        this.#onMended(next.range);
        this.#report.mended(next.range);
      } else this.#report.leave(next.range, 'differs, and could not be written anew');
      this.#next();
    });
  }
}
