/**
 * Blocks at hand, by name, plain, up to a number of bytes. A name never gets another content, so nothing has to be told
 * when blocks change. What is read once does not push out what is read again and again: a block is kept when it is asked
 * for a second time. Each that is taken is checked like one that was read from a device.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import { copyBytes } from '../../../shared/copy-bytes.ts';
import { verifyUnit } from '../checksum.ts';
import { NameIndex, nameMark } from '../map/name-index.ts';
import { saltHigh, saltLow } from '../map/owner.ts';
import { checksumWord } from '../map/pointer.ts';

/** Blocks that are allocated together. */
const chunkBlocks = 64;
/** Names that are remembered as asked for, for each block that fits. */
const askedPerBlock = 4;
/** Where a name may be remembered: so two that are asked for in turns do not push each other out. */
const bucketSlots = 4;

export class BlockCache {
  readonly #index: NameIndex;
  readonly #chunks: Uint8Array[] = [];
  /** Marks of names that were asked for, each in the bucket that its mark says; the newest stay, in their order. */
  readonly #asked: Uint32Array;

  /** `bytesMax`: room for one block at least. */
  constructor(bytesMax: number) {
    const blocks = Math.max(1, Math.floor(bytesMax / blockBytes));
    this.#index = new NameIndex(blocks);
    this.#asked = new Uint32Array(2 ** Math.ceil(Math.log2(blocks * askedPerBlock)));
  }

  /** The content of the block that the pointer at `words[at…]` names to `into[intoAt…]`; false when it is not at hand. */
  take(words: Uint32Array, at: number, block: number, into: Uint8Array, intoAt: number): boolean {
    const entry = this.#index.find(words, at);
    const chunk = entry < 0 ? undefined : this.#chunks[Math.floor(entry / chunkBlocks)];
    if (chunk === undefined) return false;
    const from = (entry % chunkBlocks) * blockBytes;
    if (!verifyUnit(chunk, from, saltLow(block), saltHigh(block), words, at + checksumWord)) return false;
    copyBytes(chunk, from, blockBytes, into, intoAt);
    return true;
  }

  /** What was just read and found good of a block that was not at hand. */
  offer(words: Uint32Array, at: number, content: Uint8Array, from: number): void {
    if (!this.#wasAsked(nameMark(words, at))) return;
    const known = this.#index.find(words, at); // two reads at once, or memory that failed its check
    const entry = known >= 0 ? known : this.#index.claim(words, at);
    const number = Math.floor(entry / chunkBlocks);
    const left = this.#index.capacity - number * chunkBlocks;
    this.#chunks[number] ??= new Uint8Array(Math.min(chunkBlocks, left) * blockBytes);
    copyBytes(content, from, blockBytes, this.#chunks[number], (entry % chunkBlocks) * blockBytes);
  }

  /** Whether the name was asked for lately; it is remembered if it was not. */
  #wasAsked(mark: number): boolean {
    const first = mark & (this.#asked.length - 1) & ~(bucketSlots - 1);
    for (let slot = first; slot < first + bucketSlots; slot++) if (this.#asked[slot] === mark) return true;
    this.#asked.copyWithin(first + 1, first, first + bucketSlots - 1);
    this.#asked[first] = mark;
    return false;
  }
}
