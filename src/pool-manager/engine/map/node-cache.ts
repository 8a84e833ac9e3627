/**
 * Nodes at hand, by name, up to a number of bytes. Second chance: a node that was looked at since the hand passed stays.
 *
 * Keys, marks and the nodes themselves are in typed arrays that are made once. What `find` answers is a view of the
 * cache: good until the next `keep`, so nobody holds it over an await.
 */
import { nodeWords } from './pointer.ts';

/** A node with its bookkeeping and its view. */
const bytesPerNode = nodeWords * 4 + 160;
/** Nodes that are allocated together. */
const nodesPerChunk = 64;
/** Batch high and offset: what of word 1 is the name. */
const nameMask = 0x7_ffff;

export class NodeCache {
  readonly #capacity: number;
  readonly #mask: number;
  /** Hash of the name → entry + 1; 0 is empty. */
  readonly #table: Uint32Array;
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #looked: Uint8Array;
  /** One view per entry, into chunks. */
  readonly #nodes: Uint32Array[] = [];
  #used = 0;
  #hand = 0;

  constructor(bytesMax: number) {
    this.#capacity = Math.max(64, Math.floor(bytesMax / bytesPerNode));
    const slots = 2 ** Math.ceil(Math.log2(this.#capacity * 1.5));
    this.#mask = slots - 1;
    this.#table = new Uint32Array(slots);
    this.#low = new Uint32Array(this.#capacity);
    this.#high = new Uint32Array(this.#capacity);
    this.#looked = new Uint8Array(this.#capacity);
  }

  get capacity(): number {
    return this.#capacity;
  }

  find(words: Uint32Array, at: number): Uint32Array | undefined {
    const low = words[at] ?? 0;
    const high = (words[at + 1] ?? 0) & nameMask;
    for (let slot = hash(low, high) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = (this.#table[slot] ?? 0) - 1;
      if (entry < 0) return undefined;
      if (this.#low[entry] !== low || this.#high[entry] !== high) continue;
      this.#looked[entry] = 1;
      return this.#nodes[entry];
    }
  }

  /** Copies the node in. The name is not in the cache, or has the same node. */
  keep(words: Uint32Array, at: number, node: Uint32Array): void {
    if (this.find(words, at) !== undefined) return;
    const entry = this.#free();
    const low = words[at] ?? 0;
    const high = (words[at + 1] ?? 0) & nameMask;
    this.#low[entry] = low;
    this.#high[entry] = high;
    this.#looked[entry] = 0;
    this.#nodes[entry]?.set(node);
    let slot = hash(low, high) & this.#mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#table[slot] = entry + 1;
  }

  /** An entry without a node: a new one, or that of a node nobody looked at lately. */
  #free(): number {
    if (this.#used < this.#capacity) {
      if (this.#used === this.#nodes.length) this.#grow();
      return this.#used++;
    }
    while (this.#looked[this.#hand] === 1) {
      this.#looked[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % this.#capacity;
    }
    const entry = this.#hand;
    this.#hand = (this.#hand + 1) % this.#capacity;
    this.#remove(entry);
    return entry;
  }

  #grow(): void {
    const chunk = new Uint32Array(Math.min(nodesPerChunk, this.#capacity - this.#used) * nodeWords);
    for (let from = 0; from < chunk.length; from += nodeWords)
      this.#nodes.push(chunk.subarray(from, from + nodeWords));
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
