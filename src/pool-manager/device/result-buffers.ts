import { uncleared } from '../../shared/uncleared.ts';

/**
 * Memory for what is read and given away. It is not cleared first, since all of it is overwritten or never seen; short
 * pieces are cut from slabs, so that the collector has fewer things to look after. A piece that is kept keeps its slab.
 */
const slabBytes = 128 * 1024;
/** Longer ones have memory of their own. */
const pieceBytesMax = 16 * 1024;

export class ResultBuffers {
  #slab: Uint8Array = new Uint8Array(0);
  #used = 0;

  take(lengthBytes: number): Uint8Array {
    if (lengthBytes > pieceBytesMax) return uncleared(lengthBytes);
    if (this.#used + lengthBytes > this.#slab.byteLength) {
      this.#slab = uncleared(slabBytes);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += lengthBytes;
    return this.#slab.subarray(from, from + lengthBytes);
  }
}
