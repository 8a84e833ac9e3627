/**
 * Nodes at hand, by name, up to a number of bytes. What `find` answers is a view of the cache: good until the next `keep`,
 * so nobody holds it over an await.
 */
import { NameIndex } from './name-index.ts';
import { nodeWords } from './pointer.ts';

/** A node with its bookkeeping and its view. */
const bytesPerNode = nodeWords * 4 + 160;
/** Nodes that are allocated together. */
const nodesPerChunk = 64;

export class NodeCache {
  readonly #index: NameIndex;
  /** One view per entry, into chunks. */
  readonly #nodes: Uint32Array[] = [];

  constructor(bytesMax: number) {
    this.#index = new NameIndex(Math.max(64, Math.floor(bytesMax / bytesPerNode)));
  }

  get capacity(): number {
    return this.#index.capacity;
  }

  find(words: Uint32Array, at: number): Uint32Array | undefined {
    const entry = this.#index.find(words, at);
    return entry < 0 ? undefined : this.#nodes[entry];
  }

  /** Copies the node in. The name is not in the cache, or has the same node. */
  keep(words: Uint32Array, at: number, node: Uint32Array): void {
    if (this.#index.find(words, at) >= 0) return;
    const entry = this.#index.claim(words, at);
    if (entry === this.#nodes.length) this.#grow();
    this.#nodes[entry]?.set(node);
  }

  /** The node was replaced: its memory serves another one. */
  forget(words: Uint32Array, at: number): void {
    this.#index.forget(words, at);
  }

  #grow(): void {
    const left = this.#index.capacity - this.#nodes.length;
    const chunk = new Uint32Array(Math.min(nodesPerChunk, left) * nodeWords);
    for (let from = 0; from < chunk.length; from += nodeWords)
      this.#nodes.push(chunk.subarray(from, from + nodeWords));
  }
}
