/** Byte slots of one size, given and taken back one by one: typed memory for what there are millions of. */
import { assert } from '../../../shared/assert.ts';

const slotsPerChunkLog2 = 12;
const slotsPerChunk = 2 ** slotsPerChunkLog2;
const noSlot = 0xffff_ffff;

export class SlotPool {
  readonly slotBytes: number;
  readonly #chunks: Uint8Array[] = [];
  readonly #views: Uint32Array[] = [];
  /** Free slots form a chain: the first word of each is the next one. */
  #free = noSlot;
  #next = 0;
  #taken = 0;

  /** `slotBytes`: a multiple of 4. */
  constructor(slotBytes: number) {
    assert(slotBytes > 0 && slotBytes % 4 === 0, 'slots are whole words');
    this.slotBytes = slotBytes;
  }

  get taken(): number {
    return this.#taken;
  }

  get bytes(): number {
    return this.#chunks.length * slotsPerChunk * this.slotBytes;
  }

  /** A slot whose content is whatever it was. */
  take(): number {
    this.#taken++;
    if (this.#free !== noSlot) {
      const slot = this.#free;
      this.#free = this.#view(slot)[this.#word(slot)] ?? noSlot;
      return slot;
    }
    if (this.#next === this.#chunks.length * slotsPerChunk) {
      const chunk = new Uint8Array(slotsPerChunk * this.slotBytes);
      this.#chunks.push(chunk);
      this.#views.push(new Uint32Array(chunk.buffer));
    }
    return this.#next++;
  }

  give(slot: number): void {
    assert(slot < this.#next, 'the slot was taken');
    this.#view(slot)[this.#word(slot)] = this.#free;
    this.#free = slot;
    this.#taken--;
  }

  /** The bytes that the slot is part of; it begins at `offset(slot)`. */
  chunk(slot: number): Uint8Array {
    const chunk = this.#chunks[slot >>> slotsPerChunkLog2];
    assert(chunk !== undefined, 'the slot was taken');
    return chunk;
  }

  offset(slot: number): number {
    return (slot & (slotsPerChunk - 1)) * this.slotBytes;
  }

  #view(slot: number): Uint32Array {
    const view = this.#views[slot >>> slotsPerChunkLog2];
    assert(view !== undefined, 'the slot was taken');
    return view;
  }

  #word(slot: number): number {
    return ((slot & (slotsPerChunk - 1)) * this.slotBytes) >>> 2;
  }
}
