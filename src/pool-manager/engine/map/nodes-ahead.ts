/** Reads the nodes that building will come to, many at once and by place, when one of them is not at hand. */
import { NodeBatch } from './node-batch.ts';
import type { NodeStore } from './node-store.ts';
import { nodeId } from './owner.ts';
import { isMapped, pointersPerNode, pointerWords } from './pointer.ts';
import { slotSpan } from './radix.ts';
import { lowerBound } from './sort-blocks.ts';

/** Leaves that are looked at for one batch, those at hand included. */
const looksMax = 2_048;

export class NodesAhead {
  readonly #nodes: NodeStore;
  /** Blocks that will be changed, in order. */
  readonly #blocks: Float64Array;
  readonly #batch: NodeBatch;
  #hasUpper = false;

  constructor(nodes: NodeStore, blocks: Float64Array) {
    this.#nodes = nodes;
    this.#blocks = blocks;
    this.#batch = new NodeBatch(Math.min(nodes.batchMax, Math.max(1, blocks.length)));
  }

  /**
   * Level by level: what is below a node is known when it is there. `open` are nodes that are being changed, by level,
   * `first` their first blocks; `point`: how many of the changes are done.
   */
  async read(
    root: Uint32Array,
    levels: number,
    open: readonly (Uint32Array | undefined)[],
    first: readonly number[],
    point: number,
  ): Promise<void> {
    for (let pass = 0; pass < levels; pass++) {
      this.#collect(root, levels, open, first, point);
      if (this.#batch.length === 0) return;
      await this.#nodes.loadAll(this.#batch);
      if (!this.#hasUpper) return;
    }
  }

  #collect(
    root: Uint32Array,
    levels: number,
    open: readonly (Uint32Array | undefined)[],
    first: readonly number[],
    point: number,
  ): void {
    this.#batch.clear();
    this.#hasUpper = false;
    let next = point;
    for (let looks = 0; looks < looksMax && next < this.#blocks.length && !this.#batch.isFull; looks++) {
      const block = this.#blocks[next] ?? 0;
      let words = root;
      let at = 0;
      let level = levels;
      for (; level > 0 && isMapped(words, at); level--) {
        const start = first[level] ?? 0;
        const isOpen = open[level] !== undefined && block >= start && block - start < slotSpan(level + 1);
        const node = isOpen ? open[level] : this.#nodes.peek(words, at);
        if (node === undefined) {
          this.#batch.add(words, at, nodeId(level, block));
          this.#hasUpper ||= level > 1;
          break;
        }
        words = node;
        at = (Math.floor(block / slotSpan(level)) % pointersPerNode) * pointerWords;
      }
      // on to the first change behind the node that is missing, or behind this leaf
      const span = slotSpan(Math.max(1, level) + 1);
      const end = block - (block % span) + span;
      // a block is changed once: no more of them lie before `end` than there are blocks
      next = lowerBound(this.#blocks, end, next + 1, Math.min(next + end - block, this.#blocks.length));
    }
  }
}
