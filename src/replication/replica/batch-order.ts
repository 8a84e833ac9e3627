/** In which order a batch copies (batch.ts). Columns of numbers: many replicas may have a long one at once. */
import type { BlockRange, Extent } from '../copy.ts';
import { orderOfBirth } from './birth-order.ts';

export class BatchOrder {
  #blocks = new Float64Array(0);
  #counts = new Uint32Array(0);
  #births = new Float64Array(0);

  get length(): number {
    return this.#blocks.length;
  }

  /** Of all of it. */
  get blocks(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** What the source was asked for and has. */
  add(extents: readonly Extent[]): void {
    const { length } = this;
    this.#grow(length + extents.length);
    extents.forEach(({ block, count, birth }, index) => {
      this.#blocks[length + index] = block;
      this.#counts[length + index] = count;
      this.#births[length + index] = birth;
    });
  }

  /** No more comes: what was added is put into the order of its births, these behind it. */
  close(last: readonly Extent[]): void {
    const order = orderOfBirth(this.#births);
    this.#blocks = Float64Array.from(order, (index) => this.#blocks[index] ?? 0);
    this.#counts = Uint32Array.from(order, (index) => this.#counts[index] ?? 0);
    this.add(last);
    this.#births = new Float64Array(0);
  }

  at(index: number): BlockRange | undefined {
    const [block, count] = [this.#blocks[index], this.#counts[index]];
    return block === undefined || count === undefined ? undefined : { block, count };
  }

  #grow(length: number): void {
    const [blocks, counts, births] = [this.#blocks, this.#counts, this.#births];
    this.#blocks = new Float64Array(length);
    this.#counts = new Uint32Array(length);
    this.#births = new Float64Array(length);
    this.#blocks.set(blocks);
    this.#counts.set(counts);
    this.#births.set(births);
  }
}
