/** One bit per unit of the pool: whether it is in use. */
import { popcount } from './presence.ts';
import { pageSegments, type Segments } from './segments.ts';

export class UnitBits {
  readonly #segments: Segments;
  #words = new Uint32Array(0);
  /** By page: where its bits begin, and words per segment. */
  #pageAt = new Uint32Array(0);
  #pageWords = new Uint32Array(0);

  constructor(segments: Segments) {
    this.#segments = segments;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Follows `segments.grow`. */
  grow(): void {
    const { pages, pageGroup } = this.#segments;
    const first = this.#pageAt.length;
    const pageAt = new Uint32Array(pages);
    const pageWords = new Uint32Array(pages);
    pageAt.set(this.#pageAt);
    pageWords.set(this.#pageWords);
    let end = this.#words.length;
    for (let page = first; page < pages; page++) {
      pageAt[page] = end;
      pageWords[page] = Math.ceil(this.#segments.groupAt(pageGroup[page] ?? 0).dataUnits / 32);
      end += (pageWords[page] ?? 0) * pageSegments;
    }
    const words = new Uint32Array(end);
    words.set(this.#words);
    this.#words = words;
    this.#pageAt = pageAt;
    this.#pageWords = pageWords;
  }

  has(id: number, unit: number): boolean {
    return ((this.#words[this.#at(id) + (unit >>> 5)] ?? 0) & (1 << (unit & 31))) !== 0;
  }

  /** Units `32 * word` and the 31 behind it. */
  word(id: number, word: number): number {
    return this.#words[this.#at(id) + word] ?? 0;
  }

  /** Answers whether the unit was not in use. */
  set(id: number, unit: number): boolean {
    const at = this.#at(id) + (unit >>> 5);
    const before = this.#words[at] ?? 0;
    this.#words[at] = before | (1 << (unit & 31));
    return (before & (1 << (unit & 31))) === 0;
  }

  /** Answers whether the unit was in use. */
  clear(id: number, unit: number): boolean {
    const at = this.#at(id) + (unit >>> 5);
    const before = this.#words[at] ?? 0;
    this.#words[at] = before & ~(1 << (unit & 31));
    return (before & (1 << (unit & 31))) !== 0;
  }

  setWord(id: number, word: number, bits: number): void {
    const at = this.#at(id) + word;
    this.#words[at] = (this.#words[at] ?? 0) | bits;
  }

  setRange(id: number, unit: number, units: number): void {
    const at = this.#at(id);
    const end = unit + units;
    for (let i = unit >>> 5; i << 5 < end; i++)
      this.#words[at + i] = (this.#words[at + i] ?? 0) | within(i, unit, end);
  }

  clearRange(id: number, unit: number, units: number): void {
    const at = this.#at(id);
    const end = unit + units;
    for (let i = unit >>> 5; i << 5 < end; i++)
      this.#words[at + i] = (this.#words[at + i] ?? 0) & ~within(i, unit, end);
  }

  /** Whether any of these units is in use. */
  any(id: number, unit: number, units: number): boolean {
    const at = this.#at(id);
    const end = unit + units;
    for (let i = unit >>> 5; i << 5 < end; i++)
      if (((this.#words[at + i] ?? 0) & within(i, unit, end)) !== 0) return true;
    return false;
  }

  /** How many of these units are in use. */
  count(id: number, unit: number, units: number): number {
    const at = this.#at(id);
    const end = unit + units;
    let count = 0;
    for (let i = unit >>> 5; i << 5 < end; i++)
      count += popcount((this.#words[at + i] ?? 0) & within(i, unit, end));
    return count;
  }

  /** Writes the offsets from `unit` of those of `units` units that are in use to `to`; answers how many. */
  list(id: number, unit: number, units: number, to: Uint8Array): number {
    const at = this.#at(id);
    const end = unit + units;
    let found = 0;
    for (let i = unit >>> 5; i << 5 < end; i++)
      for (let left = (this.#words[at + i] ?? 0) & within(i, unit, end); left !== 0; left &= left - 1)
        to[found++] = (i << 5) + 31 - Math.clz32(left & -left) - unit;
    return found;
  }

  /** Word of the bits where a segment begins. */
  #at(id: number): number {
    return (this.#pageAt[id >>> 6] ?? 0) + (id & (pageSegments - 1)) * (this.#pageWords[id >>> 6] ?? 0);
  }
}

/** Bits of a word, the units from `word * 32` on, that are in [unit, end). */
function within(word: number, unit: number, end: number): number {
  let bits = -1;
  if (word === unit >>> 5) bits &= -1 << (unit & 31);
  if (word << 5 > end - 32) bits &= ~(-1 << (end & 31));
  return bits;
}
