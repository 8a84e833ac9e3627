/** Walks a view: what the layers say, and between that what the tree below them says, in order of blocks. */
import type { EngineHost } from '../host.ts';
import { unfold, type View } from './delta-layer.ts';
import { Changes } from './layer-cursor.ts';
import type { NodeStore } from './node-store.ts';
import { birthOf, isLost, isMapped } from './pointer.ts';
import { type TreeVisitor, walkTree } from './walk.ts';

/**
 * Gets each stretch; `words` is undefined for holes, else one block of data, or a stretch of any length that is lost.
 * False ends the walk.
 */
export type ViewVisit = (
  from: number,
  to: number,
  birth: number,
  words: Uint32Array | undefined,
  at: number,
) => boolean;

/** Changed blocks that are told before the event loop gets its turn: about a millisecond. */
const changesPerTurn = 16_384;

/** Blocks [from, to), born after `after`. */
export interface WalkRange {
  readonly from: number;
  readonly to: number;
  readonly after: number;
}

/**
 * Visits all of the range that was born after `after`; below pointers that were not it does not look. What it tells is
 * the view of one instant: an open layer's part is taken at the call, the rest does not change.
 */
export async function walkView(
  nodes: NodeStore,
  host: EngineHost,
  view: View,
  range: WalkRange,
  visit: ViewVisit,
): Promise<void> {
  const { layers, tree } = unfold(view);
  const changes = await Changes.of(host, layers, range.from, range.to);
  const merge = new Merge(changes, range, visit);
  for (let from = range.from; from < range.to && !merge.ended;) {
    const to = Math.min(range.to, changes.blockAfter(from, changesPerTurn));
    await walkTree(nodes, host, tree, from, to, merge);
    merge.changesUntil(to);
    if (to < range.to) await host.pause();
    from = to;
  }
}

/** The walk of the tree, with the layers' changes put in where they belong. */
class Merge implements TreeVisitor {
  readonly #changes: Changes;
  readonly #after: number;
  readonly #visit: ViewVisit;
  readonly #to: number;
  /** Everything before was told. */
  #told: number;
  /** The visitor has had enough. */
  ended = false;

  constructor(changes: Changes, range: WalkRange, visit: ViewVisit) {
    this.#changes = changes;
    this.#after = range.after;
    this.#to = range.to;
    this.#told = range.from;
    this.#visit = visit;
  }

  wants(words: Uint32Array, at: number): boolean {
    return birthOf(words, at) > this.#after;
  }

  visit(words: Uint32Array, at: number, from: number, to: number): boolean {
    this.changesUntil(from);
    const birth = birthOf(words, at);
    const pointer = isMapped(words, at) || isLost(words, at) ? words : undefined;
    while (this.#told < to && !this.ended) {
      const start = this.#told;
      this.#changes.seek(start);
      this.#told = Math.min(this.#changes.until, this.#changes.isChanged ? this.#to : to);
      if (this.#changes.isChanged) this.#tellChange(start);
      else this.#tell(start, this.#told, birth, pointer, at);
    }
    return !this.ended;
  }

  /** What the tree has nothing to say about. */
  changesUntil(to: number): void {
    while (this.#told < to && !this.ended) {
      const start = this.#told;
      this.#changes.seek(start);
      this.#told = Math.min(this.#changes.until, this.#to);
      if (this.#changes.isChanged) this.#tellChange(start);
      else if (this.#told > to) this.#told = to;
    }
  }

  #tellChange(start: number): void {
    this.#tell(start, this.#told, this.#changes.birth, this.#changes.words, this.#changes.at);
  }

  #tell(from: number, to: number, birth: number, words: Uint32Array | undefined, at: number): void {
    if (birth > this.#after) this.ended = !this.#visit(from, to, birth, words, at);
  }
}
