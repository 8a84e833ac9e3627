/** Which groups of blocks a rebuild has touched: their content is compared with the source's before it counts (R25). */
import type { BlockRange } from '../copy.ts';

export class Groups {
  readonly #groupBlocks: number;
  /** That count: what is compared may be smaller than what was touched. */
  #blocks: number;
  #touched: Uint8Array;

  constructor(options: { readonly blocks: number; readonly groupBlocks: number }) {
    this.#groupBlocks = options.groupBlocks;
    this.#blocks = options.blocks;
    this.#touched = new Uint8Array(Math.ceil(options.blocks / options.groupBlocks));
  }

  /** The next state to be compared has so many blocks. */
  cover(blocks: number): void {
    this.#blocks = blocks;
    const groups = Math.ceil(blocks / this.#groupBlocks);
    if (groups <= this.#touched.length) return;
    const touched = new Uint8Array(groups);
    touched.set(this.#touched);
    this.#touched = touched;
  }

  /** All that was touched so far is compared. */
  clear(): void {
    this.#touched.fill(0);
  }

  touch(range: BlockRange): void {
    if (range.count <= 0) return;
    const first = Math.floor(range.block / this.#groupBlocks);
    this.#touched.fill(1, first, Math.floor((range.block + range.count - 1) / this.#groupBlocks) + 1);
  }

  /** The touched groups from `index` on, at most `limit`, and where to go on (undefined: that was all). */
  from(index: number, limit: number): { readonly groups: BlockRange[]; readonly next: number | undefined } {
    const groups: BlockRange[] = [];
    const end = Math.ceil(this.#blocks / this.#groupBlocks);
    for (let i = index; i < end; i++) {
      if (this.#touched[i] !== 1) continue;
      if (groups.length === limit) return { groups, next: i };
      const block = i * this.#groupBlocks;
      groups.push({ block, count: Math.min(this.#groupBlocks, this.#blocks - block) });
    }
    return { groups, next: undefined };
  }
}
