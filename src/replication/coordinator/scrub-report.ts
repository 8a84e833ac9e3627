/** What a scrub tells of itself, and how a range that differs is cut into parts that are small enough to be named. */
import type { BlockRange } from '../copy.ts';
import type { ScrubStatus } from '../status.ts';

/** What differs is looked at in parts of this many blocks, and written anew as such. */
export const partBlocks = 64;
/** Ranges in one question. */
export const rangesAtOnce = 16;

export class ScrubReport {
  readonly #changed: () => void;
  /** The first blocks that are left. */
  #why = '';
  #status: ScrubStatus = { state: 'idle', percent: 0, different: 0, mended: 0, left: 0, message: '' };

  /** `changed`: it says something else than before. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get status(): ScrubStatus {
    return this.#status;
  }

  begin(): void {
    this.#why = '';
    this.show({ state: 'running', percent: 0, different: 0, mended: 0, left: 0, message: '' });
  }

  /** `waits`: for what; undefined: it goes on. */
  waiting(waits: string | undefined): void {
    this.show({ message: waits ?? this.#why });
  }

  differs(): void {
    this.show({ different: this.#status.different + 1 });
  }

  mended({ count }: BlockRange): void {
    this.show({ mended: this.#status.mended + count });
  }

  /** `of`: what the blocks are of, with a space behind it; empty: the volume. */
  leave({ block, count }: BlockRange, why: string, of = ''): void {
    if (this.#why === '') this.#why = `${of}blocks ${block} to ${block + count - 1}: ${why}`;
    this.show({ left: this.#status.left + count, message: this.#why });
  }

  show(news: Partial<ScrubStatus>): void {
    const before = JSON.stringify(this.#status);
    this.#status = { ...this.#status, ...news };
    if (JSON.stringify(this.#status) !== before) this.#changed();
  }
}

export function parts({ block, count }: BlockRange): BlockRange[] {
  return Array.from({ length: Math.ceil(count / partBlocks) }, (_, i) => ({
    block: block + i * partBlocks,
    count: Math.min(partBlocks, count - i * partBlocks),
  }));
}
