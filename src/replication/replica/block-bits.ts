/** Which blocks of a large range have something: one bit each. */
import type { BlockRange } from '../copy.ts';
import { clip, endOf } from '../extents.ts';

export class BlockBits {
  readonly #of: BlockRange;
  readonly #bits: Uint8Array;

  constructor(of: BlockRange) {
    this.#of = of;
    this.#bits = new Uint8Array(Math.ceil(of.count / 8));
  }

  /** What is outside does not count. */
  set(range: BlockRange): void {
    const inside = clip(range, this.#of.block, endOf(this.#of));
    if (!inside) return;
    const from = inside.block - this.#of.block;
    for (let bit = from; bit < from + inside.count; bit++)
      this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }

  /** The parts of a range inside that are set, ascending. */
  setIn({ block, count }: BlockRange): BlockRange[] {
    const found: BlockRange[] = [];
    for (let at = block, run = 0; at <= block + count; at++) {
      if (at < block + count && this.#has(at)) run += 1;
      else {
        if (run > 0) found.push({ block: at - run, count: run });
        run = 0;
      }
    }
    return found;
  }

  #has(block: number): boolean {
    const bit = block - this.#of.block;
    return ((this.#bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}
