/**
 * Which names are at hand: name → entry of a cache, so many at most. Second chance: an entry that was looked for since the
 * hand passed stays. All in typed arrays that are made once.
 */

/** Batch high and offset: what of word 1 is the name. */
const nameMask = 0x7_ffff;

export class NameIndex {
  readonly capacity: number;
  readonly #mask: number;
  /** Hash of the name → entry + 1; 0 is empty. */
  readonly #table: Uint32Array;
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #looked: Uint8Array;
  /** Entries that were given up. */
  readonly #spare: number[] = [];
  #used = 0;
  #hand = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    const slots = 2 ** Math.ceil(Math.log2(capacity * 1.5));
    this.#mask = slots - 1;
    this.#table = new Uint32Array(slots);
    this.#low = new Uint32Array(capacity);
    this.#high = new Uint32Array(capacity);
    this.#looked = new Uint8Array(capacity);
  }

  /** The entry of the name that the pointer at `words[at…]` has, or -1. */
  find(words: Uint32Array, at: number): number {
    const low = words[at] ?? 0;
    const high = (words[at + 1] ?? 0) & nameMask;
    for (let slot = hash(low, high) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = (this.#table[slot] ?? 0) - 1;
      if (entry < 0) return -1;
      if (this.#low[entry] !== low || this.#high[entry] !== high) continue;
      this.#looked[entry] = 1;
      return entry;
    }
  }

  /** An entry for a name that has none: a new one, the next by number, or that of a name nobody looked for lately. */
  claim(words: Uint32Array, at: number): number {
    const entry = this.#free();
    const low = words[at] ?? 0;
    const high = (words[at + 1] ?? 0) & nameMask;
    this.#low[entry] = low;
    this.#high[entry] = high;
    this.#looked[entry] = 0;
    let slot = hash(low, high) & this.#mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#table[slot] = entry + 1;
    return entry;
  }

  /** Nobody will look for the name any more, if it is here. */
  forget(words: Uint32Array, at: number): void {
    const entry = this.find(words, at);
    if (entry < 0) return;
    this.#remove(entry);
    this.#spare.push(entry);
  }

  #free(): number {
    const spare = this.#spare.pop();
    if (spare !== undefined) return spare;
    if (this.#used < this.capacity) return this.#used++;
    while (this.#looked[this.#hand] === 1) {
      this.#looked[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % this.capacity;
    }
    const entry = this.#hand;
    this.#hand = (this.#hand + 1) % this.capacity;
    this.#remove(entry);
    return entry;
  }

  /** Out of the table; what came after it in a run of full slots moves up. */
  #remove(entry: number): void {
    let hole = hash(this.#low[entry] ?? 0, this.#high[entry] ?? 0) & this.#mask;
    while (this.#table[hole] !== entry + 1) hole = (hole + 1) & this.#mask;
    for (let slot = (hole + 1) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const other = (this.#table[slot] ?? 0) - 1;
      if (other < 0) break;
      const home = hash(this.#low[other] ?? 0, this.#high[other] ?? 0) & this.#mask;
      if (((slot - home) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      this.#table[hole] = other + 1;
      hole = slot;
    }
    this.#table[hole] = 0;
  }
}

function hash(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}

/** A number from the name, of 32 bits, never 0: nearly always another one for another name. */
export function nameMark(words: Uint32Array, at: number): number {
  const low = words[at] ?? 0;
  return Math.imul(hash(low, (words[at + 1] ?? 0) & nameMask), 0xc2b2_ae35) >>> 0 || 1;
}
