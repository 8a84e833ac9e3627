/** First in, first out, at constant cost. Its users bound it. */
export class Queue<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.size === 0) return undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out those of which `leaves` says so, wherever they stand; answers them in order. */
  takeOut(leaves: (item: T) => boolean): readonly T[] {
    const out: T[] = [];
    const items = this.#items.slice(this.#head);
    this.#items = items.filter((item) => {
      const goes = leaves(item);
      if (goes) out.push(item);
      return !goes;
    });
    this.#head = 0;
    return out;
  }
}
