/**
 * Strings of 32-bit words that grow and shrink, one by owner, in a few large chunks. What is given back is compacted
 * away: beyond two chunks, at most a sixteenth of the memory lies idle, whatever came before.
 *
 * In a chunk each string stands behind its owner and its length. It is alive if that is where its owner has it.
 */
import { assert } from '../../../shared/assert.ts';

const headerWords = 2;
const chunkWordsLog2 = 17;
const chunkWordsMax = 2 ** chunkWordsLog2;
const chunkWordsMin = 2 ** 12;
const idlePart = 1 / 16;

interface Chunk {
  words: Uint32Array;
  bytes: Uint8Array;
  /** Words that were given out, and those of them that came back. */
  end: number;
  idle: number;
}

export class WordHeap {
  readonly #chunks: Chunk[] = [];
  /** Chunks of which nothing is in use. */
  readonly #empty: number[] = [];
  #open = -1;
  #idleWords = 0;
  #usedWords = 0;
  /** By owner: chunk and word; 0 when it has nothing. */
  #at = new Uint32Array(0);
  #length = new Uint32Array(0);

  get bytes(): number {
    const chunks = this.#chunks.reduce((sum, { words }) => sum + words.byteLength, 0);
    return chunks + this.#at.byteLength + this.#length.byteLength;
  }

  /** So many owners, from 0 on. */
  grow(owners: number): void {
    const at = new Uint32Array(owners);
    const length = new Uint32Array(owners);
    at.set(this.#at);
    length.set(this.#length);
    this.#at = at;
    this.#length = length;
  }

  /** The words that the owner's are among, from `wordAt(owner)` on; good until the next `resize`. */
  words(owner: number): Uint32Array {
    return this.#chunk((this.#at[owner] ?? 0) >>> chunkWordsLog2).words;
  }

  /** The same as bytes. */
  bytesOf(owner: number): Uint8Array {
    return this.#chunk((this.#at[owner] ?? 0) >>> chunkWordsLog2).bytes;
  }

  wordAt(owner: number): number {
    return (this.#at[owner] ?? 0) & (chunkWordsMax - 1);
  }

  /** Gives the owner so many words, or at most an eighth more; what is in the first ones stays. 0: it has none. */
  resize(owner: number, words: number): void {
    const old = this.#length[owner] ?? 0;
    if (words <= old && words >= old - (old >>> 3)) return;
    const oldAt = this.#at[owner] ?? 0;
    if (words > 0) {
      const to = this.#take(owner, words);
      const kept = Math.min(old, words);
      if (kept > 0) {
        const from = oldAt & (chunkWordsMax - 1);
        const source = this.#chunk(oldAt >>> chunkWordsLog2).words.subarray(from, from + kept);
        this.#chunk(to >>> chunkWordsLog2).words.set(source, to & (chunkWordsMax - 1));
      }
      this.#at[owner] = to;
    }
    this.#length[owner] = words;
    if (old === 0) return;
    const chunk = this.#chunk(oldAt >>> chunkWordsLog2);
    chunk.idle += old + headerWords;
    this.#idleWords += old + headerWords;
    if (this.#idleWords > chunkWordsMax && this.#idleWords > this.#usedWords * idlePart) this.#compact();
  }

  /** Where words for the owner begin. */
  #take(owner: number, words: number): number {
    assert(words + headerWords < chunkWordsMax, 'what one owner has fits a chunk');
    let chunk = this.#chunks[this.#open];
    if (chunk === undefined || chunk.end + headerWords + words > chunk.words.length)
      chunk = this.#begin(words + headerWords);
    const at = chunk.end;
    chunk.words[at] = owner;
    chunk.words[at + 1] = words;
    chunk.end += headerWords + words;
    this.#usedWords += headerWords + words;
    return this.#open * chunkWordsMax + at + headerWords;
  }

  /** Opens a chunk with room for so many words. */
  #begin(words: number): Chunk {
    const empty = this.#empty.findIndex((index) => this.#chunk(index).words.length >= words);
    if (empty >= 0) {
      this.#open = this.#empty.splice(empty, 1)[0] ?? -1;
      return this.#chunk(this.#open);
    }
    const wanted = Math.max(words, this.#usedWords >>> 3, chunkWordsMin);
    const all = new Uint32Array(Math.min(chunkWordsMax, wanted));
    const chunk = { words: all, bytes: new Uint8Array(all.buffer), end: 0, idle: 0 };
    this.#open = this.#chunks.push(chunk) - 1;
    assert(this.#open < 2 ** (32 - chunkWordsLog2), 'chunks are numbered in 15 bits');
    return chunk;
  }

  /** What is alive in the chunk with most that is idle goes elsewhere. */
  #compact(): void {
    let worst = -1;
    for (const [index, { idle }] of this.#chunks.entries())
      if (index !== this.#open && idle > (this.#chunks[worst]?.idle ?? 0)) worst = index;
    const chunk = this.#chunks[worst];
    if (chunk === undefined) return;
    for (let at = 0; at < chunk.end;) {
      const owner = chunk.words[at] ?? 0;
      const words = chunk.words[at + 1] ?? 0;
      const begin = at + headerWords;
      at = begin + words;
      if (this.#at[owner] !== worst * chunkWordsMax + begin || this.#length[owner] !== words) continue;
      const to = this.#take(owner, words);
      this.#chunk(to >>> chunkWordsLog2).words.set(chunk.words.subarray(begin, at), to & (chunkWordsMax - 1));
      this.#at[owner] = to;
    }
    this.#usedWords -= chunk.end;
    this.#idleWords -= chunk.idle;
    chunk.end = 0;
    chunk.idle = 0;
    this.#empty.push(worst);
  }

  #chunk(index: number): Chunk {
    const chunk = this.#chunks[index];
    assert(chunk !== undefined, 'an owner with words');
    return chunk;
  }
}
