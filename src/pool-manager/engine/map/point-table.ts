/**
 * Pointers by block number: open addressing over typed arrays, 56 bytes per block with the index, no object per block.
 *
 * Entries, a pointer and its block side by side, lie in chunks and stay where they are. The index is in up to 64 parts
 * that grow one at a time, so that no insertion stops the loop for longer than a part takes to move. It has the hash of
 * each block beside its entry: whoever looks for another one passes by without a look at the entry, and a part that grows
 * asks none.
 */
import { pointerWords } from './pointer.ts';

const chunkEntries = 8_192;
const chunkShift = 13;
/** A pointer, and the low and high half of the block number. */
const entryWords = pointerWords + 2;
const lowWord = pointerWords;
const highWord = pointerWords + 1;
const two32 = 2 ** 32;
/** Upper half of the block number of an entry that was removed: no block has it. */
const removed = 0xffff_ffff;
const partBits = 6;
/** Points from which on the index is in parts. */
const splitAt = 4_096;
const absent = -1;

interface Part {
  /** Two for each place, a power of two of them: entry + 1, 0 is empty; and the hash of its block. */
  slots: Int32Array;
  used: number;
}

export class PointTable {
  readonly #chunks: Uint32Array[] = [];
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
    return (slots[this.#slotOf(slots, hashed, block)] ?? 0) - 1;
  }

  /** The entry of a block: a new one, `size` grows then, if it had none. The caller fills its pointer in. */
  put(block: number): number {
    const hashed = hash(block);
    const part = this.#part(hashed);
    const at = this.#slotOf(part.slots, hashed, block);
    const known = (part.slots[at] ?? 0) - 1;
    if (known >= 0) return known;
    const entry = this.#add(block);
    part.slots[at] = entry + 1;
    part.slots[at + 1] = hashed;
    part.used++;
    if (this.#parts.length === 1 && part.used > splitAt) this.#parts = split(part);
    else if (part.used * 6 > part.slots.length * 2) grow(part);
    return entry;
  }

  remove(entry: number): void {
    const block = this.blockOf(entry);
    const hashed = hash(block);
    const part = this.#part(hashed);
    takeOut(part.slots, this.#slotOf(part.slots, hashed, block));
    part.used--;
    this.#points--;
    this.wordsOf(entry)[this.atOf(entry) + highWord] = removed;
  }

  /** The block of an entry, or -1 if it was removed. */
  blockOf(entry: number): number {
    const words = this.wordsOf(entry);
    const at = this.atOf(entry);
    const high = words[at + highWord] ?? 0;
    const low = words[at + lowWord] ?? 0;
    if (high === 0) return low;
    return high === removed ? absent : high * two32 + low;
  }

  /** Where the pointer of an entry is: in these words … */
  wordsOf(entry: number): Uint32Array {
    return this.#chunks[entry >>> chunkShift] ?? nothing;
  }

  /** … from here on. */
  atOf(entry: number): number {
    return (entry & (chunkEntries - 1)) * entryWords;
  }

  #part(hashed: number): Part {
    const parts = this.#parts;
    return (parts.length === 1 ? parts[0] : parts[hashed >>> (32 - partBits)]) ?? emptyPart;
  }

  /** Where a block stands in the slots of its part, or would stand. */
  #slotOf(slots: Int32Array, hashed: number, block: number): number {
    const mask = slots.length - 2;
    for (let at = (hashed << 1) & mask; ; at = (at + 2) & mask) {
      const taken = slots[at] ?? 0;
      if (taken === 0 || (slots[at + 1] === hashed && this.blockOf(taken - 1) === block)) return at;
    }
  }

  #add(block: number): number {
    const entry = this.#entries++;
    const words = this.#room(entry);
    const at = this.atOf(entry);
    words[at + lowWord] = block;
    words[at + highWord] = Math.floor(block / two32);
    this.#points++;
    return entry;
  }

  /** The words of an entry. The first chunk begins small: most volumes change little. */
  #room(entry: number): Uint32Array {
    const chunk = this.#chunks[entry >>> chunkShift];
    const end = this.atOf(entry) + entryWords;
    if (chunk !== undefined && end <= chunk.length) return chunk;
    const length = entry >= chunkEntries ? chunkEntries : Math.max(32, entry * 2);
    const grown = new Uint32Array(length * entryWords);
    if (chunk !== undefined) grown.set(chunk);
    this.#chunks[entry >>> chunkShift] = grown;
    return grown;
  }
}

const nothing = new Uint32Array(0);
const newPart = (places: number): Part => ({ slots: new Int32Array(places * 2), used: 0 });
const emptyPart = newPart(1);

/** Twice the places. */
function grow(part: Part): void {
  const old = part.slots;
  part.slots = new Int32Array(old.length * 2);
  for (let at = 0; at < old.length; at += 2) putIn(part.slots, old[at] ?? 0, old[at + 1] ?? 0);
}

/** One part as 64. */
function split({ slots }: Part): Part[] {
  const parts = Array.from({ length: 2 ** partBits }, () => newPart(256));
  for (let at = 0; at < slots.length; at += 2) {
    const part = parts[(slots[at + 1] ?? 0) >>> (32 - partBits)] ?? emptyPart;
    if (putIn(part.slots, slots[at] ?? 0, slots[at + 1] ?? 0)) part.used++;
  }
  return parts;
}

/** False for a slot that is empty. */
function putIn(slots: Int32Array, taken: number, hashed: number): boolean {
  if (taken === 0) return false;
  const mask = slots.length - 2;
  let at = (hashed << 1) & mask;
  while (slots[at] !== 0) at = (at + 2) & mask;
  slots[at] = taken;
  slots[at + 1] = hashed;
  return true;
}

/** What was put behind it, and would have stood there or before, moves up. */
function takeOut(slots: Int32Array, from: number): void {
  const mask = slots.length - 2;
  let hole = from;
  for (let at = (hole + 2) & mask; slots[at] !== 0; at = (at + 2) & mask) {
    const home = ((slots[at + 1] ?? 0) << 1) & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    slots[hole] = slots[at] ?? 0;
    slots[hole + 1] = slots[at + 1] ?? 0;
    hole = at;
  }
  slots[hole] = 0;
}

/** The upper bits choose the part, the lower ones the place. */
function hash(block: number): number {
  let mixed = Math.imul(block | 0, 0x9e37_79b1) ^ Math.imul((block / two32) | 0, 0x85eb_ca6b);
  mixed ^= mixed >>> 16;
  return Math.imul(mixed, 0x7feb_352d);
}
