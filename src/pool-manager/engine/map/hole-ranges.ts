/** Stretches of unmapped blocks in order, without overlap; the newest wins. */

/** A stretch of unmapped blocks with one birth. */
export interface HoleRange {
  readonly from: number;
  readonly to: number;
  readonly birth: number;
}

export class HoleRanges {
  readonly #ranges: HoleRange[] = [];

  get length(): number {
    return this.#ranges.length;
  }
  get all(): readonly HoleRange[] {
    return this.#ranges;
  }

  /** What was there below gives way; neighbours of the same birth become one, so that an unmap in pieces stays one. */
  put(range: HoleRange): void {
    let { from, to } = range;
    let first = this.indexAfter(from);
    const before = this.#ranges[first - 1];
    if (before !== undefined && before.to === from && before.birth === range.birth) {
      ({ from } = before);
      first--;
    }
    let end = first;
    while ((this.#ranges[end]?.from ?? Infinity) < to) end++;
    const after = this.#ranges[end];
    if (after !== undefined && after.from === to && after.birth === range.birth) {
      ({ to } = after);
      end++;
    }
    const pieces: HoleRange[] = [];
    const [head, tail] = [this.#ranges[first], this.#ranges[end - 1]];
    if (head !== undefined && first < end && head.from < from) pieces.push({ ...head, to: from });
    pieces.push({ from, to, birth: range.birth });
    if (tail !== undefined && first < end && tail.to > to) pieces.push({ ...tail, from: to });
    this.#ranges.splice(first, end - first, ...pieces);
  }

  /** The range that covers a block. */
  at(block: number): HoleRange | undefined {
    if (this.#ranges.length === 0) return undefined;
    const range = this.#ranges[this.indexAfter(block)];
    return range !== undefined && range.from <= block ? range : undefined;
  }

  /** Index of the first range that ends behind a block. */
  indexAfter(block: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.to ?? Infinity) <= block) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
