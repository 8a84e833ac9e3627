/**
 * Which parts of the volume a rebuild still has to copy, and from which number on (R23).
 *
 * Every block is in exactly one range: still to copy (from its own common point), being copied, or copied. A copied range that
 * skipped blocks which the source had newer (R22c) is finished only once the stream has passed the highest birth met:
 * marked earlier, it would claim to hold what never came. A finished range is exactly at the stream's number.
 */
import type { BlockRange } from '../copy.ts';
import { blocksIn, endOf, subtract, union } from '../extents.ts';
import type { CopyRangeState } from '../record.ts';
import { assert } from '../../shared/assert.ts';

/** A range to copy. */
export interface Todo extends CopyRangeState {
  /** As much of it as held one answer's worth here, or everything where little is found. */
  readonly windowBlocks: number;
  /** Part of that which one step is for, above 0 and at most 1. */
  readonly share: number;
  /** Copied in batches (batch.ts), not step by step in the order of its blocks. */
  readonly inBatches: boolean;
}

interface Copied extends CopyRangeState {
  readonly highestBirth: number;
}

/** What held an answer's worth, and a little: where there is more the source ends its answer earlier. */
const windowSlack = 1.25;
/** Where next to nothing is found the next window is so much larger. */
const windowGrowth = 4;
/** In the record; beyond it neighbours are joined at the smaller common point, which copies more but never less. */
const rangesMax = 128;

export class Ranges {
  #todo: Todo[];
  readonly #underWay = new Set<Todo>();
  #copied: Copied[] = [];
  #finished: BlockRange[] = [];

  readonly #partBlocks: number;

  /** `partBlocks`: what one answer holds; a range that is longer is copied in batches, if any is. */
  constructor(ranges: readonly CopyRangeState[], partBlocks: number, batches: boolean) {
    this.#partBlocks = partBlocks;
    this.#todo = ranges
      .filter(({ count }) => count > 0)
      .map((range) => this.#fresh(range, batches && range.count > partBlocks));
  }

  #fresh(range: CopyRangeState, inBatches: boolean): Todo {
    return { ...range, windowBlocks: 4 * this.#partBlocks, share: 1, inBatches };
  }

  /**
   * What to copy next; it is under way until `copiedTo` or `giveBack`. While there are fewer ranges than `idle` lanes, one
   * is shared out.
   */
  take(idle: number, share = 1): Todo | undefined {
    const range = this.#todo.shift();
    if (!range) return undefined;
    const parts = range.inBatches ? 1 : Math.ceil(idle / (this.#todo.length + 1));
    const part = this.#partBlocks;
    const count = Math.min(range.count, Math.ceil(range.count / parts / part) * part);
    const taken = { ...range, count, share };
    if (count < range.count)
      this.#todo.unshift({ ...range, block: range.block + count, count: range.count - count });
    this.#underWay.add(taken);
    return taken;
  }

  /** Nothing of it was copied. */
  giveBack(range: Todo): void {
    if (this.#underWay.delete(range)) this.#todo.unshift(range);
  }

  /** The same; it is not tried again in batches. */
  giveBackPlainly(range: Todo): void {
    if (this.#underWay.delete(range)) this.#todo.unshift({ ...range, inBatches: false });
  }

  /**
   * A range that was taken is copied up to `block` (exclusive): so many blocks of data, having met births up to
   * `highestBirth`.
   */
  copiedTo(range: Todo, block: number, highestBirth: number, dataBlocks: number): void {
    assert(this.#underWay.delete(range), 'only what was taken is copied');
    const count = block - range.block;
    this.#copied.push({ block: range.block, count, common: range.common, highestBirth });
    if (count === range.count) return;
    const part = this.#partBlocks;
    const perAnswer = Math.min(
      (count / dataBlocks) * part * windowSlack,
      windowGrowth * Math.max(count, part),
    );
    const windowBlocks = Math.max(Math.ceil(perAnswer), part);
    this.#todo.unshift({ ...range, block, count: range.count - count, windowBlocks });
  }

  /** The stream has come to `last`. True when nothing is left to copy or to wait for. */
  passed(last: number): boolean {
    const finished = this.#copied.filter(({ highestBirth }) => highestBirth <= last);
    if (finished.length > 0) {
      this.#finished = union([...this.#finished, ...finished]);
      this.#copied = this.#copied.filter(({ highestBirth }) => highestBirth > last);
    }
    return this.#isDone;
  }

  get #isDone(): boolean {
    return this.#todo.length === 0 && this.#underWay.size === 0 && this.#copied.length === 0;
  }

  /** All was finished, but the content of these was proved wrong: they are wanted again, whatever their birth. */
  again(wrong: readonly BlockRange[]): void {
    assert(this.#isDone, 'only a finished copy is proved');
    const ranges = union(wrong);
    this.#finished = this.#finished.flatMap((range) => subtract(range, ranges));
    this.#todo = ranges.map(({ block, count }) => this.#fresh({ block, count, common: 0 }, false));
  }

  /** Blocks copied or finished. */
  get blocksDone(): number {
    return blocksIn([...this.#copied, ...this.#finished]);
  }

  /** For the record, at the stream's number `last`. */
  state(last: number): CopyRangeState[] {
    const all = [
      ...this.#todo,
      ...this.#underWay,
      ...this.#copied.map(({ block, count, common }) => ({ block, count, common })),
      ...this.#finished.map(({ block, count }) => ({ block, count, common: last })),
    ].toSorted((a, b) => a.block - b.block);
    let joined = joinWhere(all, (a, b) => a.common === b.common);
    while (joined.length > rangesMax) {
      let index = 0;
      joined = joinWhere(joined, () => index++ % 2 === 0);
    }
    return joined;
  }
}

function joinWhere(
  ranges: readonly CopyRangeState[],
  joins: (a: CopyRangeState, b: CopyRangeState) => boolean,
): CopyRangeState[] {
  const joined: CopyRangeState[] = [];
  for (const range of ranges) {
    const before = joined.at(-1);
    if (before && joins(before, range)) {
      joined[joined.length - 1] = {
        block: before.block,
        count: endOf(range) - before.block,
        common: Math.min(before.common, range.common),
      };
    } else joined.push({ block: range.block, count: range.count, common: range.common });
  }
  return joined;
}
