/** A list of whole numbers up to 2^53 that grows by doubling: eight bytes each, no objects. */
export class NumberList {
  #values = new Float64Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** Valid until the next push. */
  values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
