/** Walks a view: what the layers say, and between that what the tree below them says, in order of blocks. */
import { birthOf, isMapped } from './block-pointer.ts';
import { type DeltaExtent, type View, unfold } from './delta-layer.ts';
import type { PoolCore } from './pool-core.ts';
import { type TreeVisitor, walkTree } from './tree.ts';
import type { Extent } from './volume-store.ts';

/** Gets each stretch; `words` is undefined for holes. False ends the walk. */
export type ViewVisit = (
  from: number,
  to: number,
  birth: number,
  words: Uint32Array | undefined,
  at: number,
) => boolean;

/**
 * Visits all of [from, to) that was born after `after`; below pointers that were not it does not look. What it tells is
 * the view of one instant: the layers' part is taken at the call, the tree does not change.
 */
export async function walkView(
  core: PoolCore,
  view: View,
  range: { readonly from: number; readonly to: number; readonly after: number },
  visit: ViewVisit,
): Promise<void> {
  const { layers, tree } = unfold(view);
  let changes: readonly DeltaExtent[] = [];
  for (const layer of layers) changes = overlay(changes, layer.extents(range.from, range.to));
  const merge = new Merge(changes, range.after, visit);
  await walkTree(core.nodes, core.host, tree, range.from, range.to, merge);
  merge.finish();
}

/** The walk of the tree, with the layers' changes put in where they belong. */
class Merge implements TreeVisitor {
  readonly #changes: readonly DeltaExtent[];
  readonly #after: number;
  readonly #visit: ViewVisit;
  #next = 0;
  #covered = 0;
  #ended = false;

  constructor(changes: readonly DeltaExtent[], after: number, visit: ViewVisit) {
    this.#changes = changes;
    this.#after = after;
    this.#visit = visit;
  }

  wants(words: Uint32Array, at: number): boolean {
    return birthOf(words, at) > this.#after;
  }

  visit(words: Uint32Array, at: number, from: number, to: number): boolean {
    const birth = birthOf(words, at);
    const mapped = isMapped(words, at) ? words : undefined;
    let start = Math.max(from, this.#covered);
    for (let change = this.#changes[this.#next]; change !== undefined && change.from < to;) {
      if (change.from > start) this.#tell(start, change.from, birth, mapped, at);
      this.#tellChange(change);
      start = Math.max(start, this.#covered);
      change = this.#changes[this.#next];
    }
    if (start < to) this.#tell(start, to, birth, mapped, at);
    return !this.#ended;
  }

  finish(): void {
    for (let change = this.#changes[this.#next]; change !== undefined && !this.#ended;) {
      this.#tellChange(change);
      change = this.#changes[this.#next];
    }
  }

  #tellChange(change: DeltaExtent): void {
    this.#next++;
    this.#covered = change.to;
    if (change.words === undefined) {
      this.#tell(change.from, change.to, change.birth, undefined, 0);
      return;
    }
    const mapped = isMapped(change.words, change.at) ? change.words : undefined;
    this.#tell(change.from, change.to, birthOf(change.words, change.at), mapped, change.at);
  }

  #tell(from: number, to: number, birth: number, words: Uint32Array | undefined, at: number): void {
    if (this.#ended || birth <= this.#after) return;
    this.#ended = !this.#visit(from, to, birth, words, at);
  }
}

/** Both in order and without overlap; where they meet, `top` hides `bottom`. */
function overlay(top: readonly DeltaExtent[], bottom: readonly DeltaExtent[]): readonly DeltaExtent[] {
  const both: DeltaExtent[] = [];
  let t = 0;
  let covered = 0;
  for (const under of bottom) {
    let from = Math.max(under.from, covered);
    for (let over = top[t]; over !== undefined && over.from < under.to; over = top[++t]) {
      if (over.from > from) both.push({ ...under, from, to: over.from });
      both.push(over);
      covered = over.to;
      from = Math.max(from, covered);
    }
    if (from < under.to) both.push({ ...under, from });
  }
  return [...both, ...top.slice(t)];
}

/** Collects extents, joining neighbours that are alike, up to a limit. */
export class ExtentCollector {
  readonly extents: Extent[] = [];
  /** Where the first extent that did not fit begins. */
  stoppedAt: number | undefined;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(from: number, to: number, birth: number, mapped: boolean): boolean {
    const last = this.extents.at(-1);
    if (
      last !== undefined &&
      last.birth === birth &&
      last.mapped === mapped &&
      last.block + last.count === from
    ) {
      this.extents[this.extents.length - 1] = { ...last, count: last.count + to - from };
      return true;
    }
    if (this.extents.length === this.#limit) {
      this.stoppedAt = from;
      return false;
    }
    this.extents.push({ block: from, count: to - from, birth, mapped });
    return true;
  }
}
