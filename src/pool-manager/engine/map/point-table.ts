/**
 * Pointers by block number: open addressing over typed arrays, 48 bytes per block with the index, no object per block.
 *
 * Entries lie in chunks and stay where they are; the index is in up to 64 parts that grow one at a time, so that no
 * insertion stops the loop for longer than a part takes to move.
 */
import { pointerWords } from './pointer.ts';

const chunkEntries = 8_192;
const chunkShift = 13;
const partBits = 6;
/** Points from which on the index is in parts. */
const splitAt = 4_096;
const absent = -1;

interface Chunk {
  readonly words: Uint32Array;
  /** Block of each entry, or -1. */
  readonly blocks: Float64Array;
}

interface Part {
  /** Entry + 1; 0 is empty. */
  slots: Uint32Array;
  used: number;
}

export class PointTable {
  readonly #chunks: Chunk[] = [];
  #parts: Part[] = [newPart(64)];
  #entries = 0;
  #points = 0;

  /** How many blocks have a pointer. */
  get size(): number {
    return this.#points;
  }

  /** Entries so far, those that were removed included. */
  get entries(): number {
    return this.#entries;
  }

  /** The entry of a block, or -1. */
  find(block: number): number {
    const hashed = hash(block);
    const { slots } = this.#part(hashed);
    const mask = slots.length - 1;
    for (let slot = hashed & mask; ; slot = (slot + 1) & mask) {
      const entry = (slots[slot] ?? 0) - 1;
      if (entry < 0 || this.blockOf(entry) === block) return entry;
    }
  }

  /** A new entry for a block that has none; the caller fills its pointer in. */
  add(block: number): number {
    const entry = this.#entries++;
    this.#room(entry);
    const chunk = this.#chunks[entry >>> chunkShift];
    if (chunk !== undefined) chunk.blocks[entry & (chunkEntries - 1)] = block;
    this.#points++;
    if (this.#parts.length === 1 && this.#points > splitAt) this.#split();
    else this.#insert(this.#part(hash(block)), entry, hash(block));
    return entry;
  }

  remove(entry: number): void {
    const block = this.blockOf(entry);
    const { slots } = this.#part(hash(block));
    const mask = slots.length - 1;
    let hole = hash(block) & mask;
    while (slots[hole] !== entry + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const other = (slots[slot] ?? 0) - 1;
      if (other < 0) break;
      const home = hash(this.blockOf(other)) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = other + 1;
      hole = slot;
    }
    slots[hole] = 0;
    this.#part(hash(block)).used--;
    this.#points--;
    const chunk = this.#chunks[entry >>> chunkShift];
    if (chunk !== undefined) chunk.blocks[entry & (chunkEntries - 1)] = absent;
  }

  /** The block of an entry, or -1 if it was removed. */
  blockOf(entry: number): number {
    return this.#chunks[entry >>> chunkShift]?.blocks[entry & (chunkEntries - 1)] ?? absent;
  }

  /** Where the pointer of an entry is: in these words … */
  wordsOf(entry: number): Uint32Array {
    return this.#chunks[entry >>> chunkShift]?.words ?? nothing;
  }

  /** … from here on. */
  atOf(entry: number): number {
    return (entry & (chunkEntries - 1)) * pointerWords;
  }

  /** The first chunk begins small: most volumes change little. */
  #room(entry: number): void {
    const chunk = this.#chunks[entry >>> chunkShift];
    const within = entry & (chunkEntries - 1);
    if (chunk !== undefined && within < chunk.blocks.length) return;
    const length = entry >= chunkEntries ? chunkEntries : Math.max(32, within * 2);
    const grown = { words: new Uint32Array(length * pointerWords), blocks: new Float64Array(length) };
    if (chunk !== undefined) {
      grown.words.set(chunk.words);
      grown.blocks.set(chunk.blocks);
    }
    this.#chunks[entry >>> chunkShift] = grown;
  }

  #part(hashed: number): Part {
    const parts = this.#parts;
    return (parts.length === 1 ? parts[0] : parts[hashed >>> (32 - partBits)]) ?? emptyPart;
  }

  #insert(part: Part, entry: number, hashed: number): void {
    if (++part.used * 5 > part.slots.length * 3) this.#grow(part);
    put(part.slots, entry, hashed);
  }

  #grow(part: Part): void {
    const old = part.slots;
    part.slots = new Uint32Array(old.length * 2);
    for (const taken of old) if (taken !== 0) put(part.slots, taken - 1, hash(this.blockOf(taken - 1)));
  }

  /** One part becomes 64; the newest entry goes in with the rest. */
  #split(): void {
    this.#parts = Array.from({ length: 2 ** partBits }, () => newPart(256));
    for (let entry = 0; entry < this.#entries; entry++) {
      const block = this.blockOf(entry);
      if (block !== absent) this.#insert(this.#part(hash(block)), entry, hash(block));
    }
  }
}

const nothing = new Uint32Array(0);
const newPart = (length: number): Part => ({ slots: new Uint32Array(length), used: 0 });
const emptyPart = newPart(1);

function put(slots: Uint32Array, entry: number, hashed: number): void {
  const mask = slots.length - 1;
  let slot = hashed & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = entry + 1;
}

/** The upper bits choose the part, the lower ones the slot. */
function hash(block: number): number {
  let mixed = Math.imul(block | 0, 0x9e37_79b1) ^ Math.imul((block / 2 ** 32) | 0, 0x85eb_ca6b);
  mixed ^= mixed >>> 16;
  return Math.imul(mixed, 0x7feb_352d) >>> 0;
}
