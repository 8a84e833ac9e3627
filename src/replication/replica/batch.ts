/**
 * Copies a large range in the order in which its blocks were written, whatever their place in the volume: what was written
 * one after the other lies so at the source, which reads it at once, and does so here afterwards.
 *
 * First a list: what of ours was born after the common point, and what of the source's. It is made in parts, since users'
 * writes wait while either end works on one. What is the same on both need not be copied (one number is one entry: R9), so a
 * batch that was interrupted goes on where it was. Then steps: blocks of the list, and those where we alone hold something
 * (R20), but for what live entries write meanwhile (R22b). The range is copied when all of it is.
 */
import {
  dataBytes,
  listBlocksMax,
  partOfCopied,
  type BlockRange,
  type CopyReply,
  type CopyRequest,
  type Extent,
} from '../copy.ts';
import { blocksIn, clip, endOf, subtract, union, within, without } from '../extents.ts';
import type { Outcome } from '../store.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { BatchOrder } from './batch-order.ts';
import { BlockBits } from './block-bits.ts';
import type { CopierOptions, StepOutcome } from './copier.ts';
import { areInside, isFull, store } from './copy-store.ts';
import type { Todo } from './ranges.ts';

/** `plainly`: this range is copied without a list. */
export type ListOutcome = StepOutcome | { readonly outcome: 'plainly' };

type Listed = Extract<CopyReply, { type: 'list' }>;
type Blocks = Extract<CopyReply, { type: 'blocks' }>;

const strange: StepOutcome = { outcome: 'failed', message: 'the source answered something else' };
const again: StepOutcome = { outcome: 'again' };

export class Batch {
  readonly range: Todo;
  readonly #o: CopierOptions;
  /** Of the range, what live entries have written since the attach. */
  readonly #live: BlockBits;
  /** Of the range, what the list is about ends here. */
  upper: number;
  highestBirth = 0;
  dataBlocks = 0;
  /** What is to be copied: what the source has, in the order in which it was written, then what is ours alone. */
  readonly #order = new BatchOrder();
  readonly #alone: Extent[] = [];
  #index = 0;
  #within = 0;
  /** Blocks of the list, and those that are dealt with. */
  #blocks = 0;
  #blocksDone = 0;
  #underWay = 0;
  #isListed = false;
  #isOver = false;

  constructor(options: CopierOptions, range: Todo) {
    this.#o = options;
    this.range = range;
    const count = Math.min(range.count, listBlocksMax);
    this.upper = range.block + count;
    this.#live = new BlockBits({ block: range.block, count });
  }

  get hasMore(): boolean {
    return this.#isListed && this.#index < this.#order.length;
  }

  get isDone(): boolean {
    return this.#isListed && this.#index === this.#order.length && this.#underWay === 0;
  }

  /** As many blocks of the range as the part of the list that is done says. */
  get rangeDone(): number {
    if (!this.#isListed || this.#blocks === 0) return 0;
    return Math.floor(((this.upper - this.range.block) * this.#blocksDone) / this.#blocks);
  }

  wrote(range: BlockRange): void {
    if (!this.#isOver) this.#live.set(range);
  }

  /** Nothing is stored any more. */
  end(): void {
    this.#isOver = true;
  }

  list(done: (outcome: ListOutcome) => void): void {
    this.#listFrom(this.range.block, done);
  }

  #listFrom(block: number, done: (outcome: ListOutcome) => void): void {
    const { effects, timing, firstLive, snapshot, fence, attachId, source } = this.#o;
    const { common: after } = this.range;
    effects.births(after, { block, count: this.upper - block }, timing.listPartMax, (ours) => {
      if (!ours.ok) return done({ outcome: 'failed', message: ours.message });
      const isLive = ({ birth }: Extent) => snapshot === undefined && birth >= firstLive;
      for (const extent of ours.value.extents) if (isLive(extent)) this.#live.set(extent);
      const own = ours.value.extents.filter((extent) => !isLive(extent));
      const asked = { block, count: ours.value.next - block };
      source.ask({ ...fence, attachId, firstLive, snapshot, type: 'list', after, ...asked }, (reply) => {
        if (this.#isOver) return done(again);
        if (reply.ok && reply.value.type === 'refused') return done({ outcome: 'plainly' });
        const outcome = withReply(reply, 'list', (list) => this.#take(own, list, asked));
        if (outcome.outcome !== 'copied' || this.#isListed) return done(outcome);
        this.#listFrom(outcome.next, done);
      });
    });
  }

  /** Copies so much of what is left; there is some. */
  step(bytesMax: number, done: (outcome: StepOutcome) => void): void {
    const { fence, attachId, firstLive, snapshot, source } = this.#o;
    const ranges = this.#next(Math.max(1, Math.floor(bytesMax / blockBytes)));
    this.#underWay += 1;
    const finish = (outcome: StepOutcome) => {
      this.#underWay -= 1;
      done(outcome);
    };
    if (ranges.length === 0) return finish(dealtWith(this.upper));
    const request: CopyRequest = { ...fence, attachId, firstLive, snapshot, type: 'gather', ranges };
    source.ask(request, (reply) => {
      if (this.#isOver) return finish(again);
      finish(withReply(reply, 'blocks', (found) => this.#store(ranges, found)));
    });
  }

  /** A part of the list; the last one when there is no more, or enough. */
  #take(own: readonly Extent[], list: Listed, asked: BlockRange): ListOutcome {
    const { common } = this.range;
    const { block } = asked;
    const { extents, next, highestBirth } = list;
    const { firstLive, onStored, timing } = this.#o;
    const births = extents.every(({ birth }) => birth > common && birth < firstLive);
    if (next <= block || next > endOf(asked) || !births || !areInside(extents, block, next)) return strange;
    const ours = within(own, [{ block, count: next - block }], partOf);
    const same = sameIn(ours, extents);
    const left = without(extents, same, partOf);
    const [holes, rest] = longHoles(left, timing.copyBytesMax / blockBytes);
    this.#alone.push(...without(ours, extents, partOf));
    if (blocksIn(this.#alone) > timing.listMax) return { outcome: 'plainly' };
    const gone = holes.map(({ block: at, count, birth }) => ({ block: at, count, birth, data: undefined }));
    const pieces = gone.flatMap((hole) => without([hole], this.#live.setIn(hole), partOfCopied));
    if (!store(this.#o, pieces)) return isFull;
    for (const range of ours) onStored(range);
    this.highestBirth = Math.max(this.highestBirth, highestBirth);
    this.#blocksDone += blocksIn(same) + blocksIn(holes);
    this.#order.add(rest);
    if (next === this.upper || this.#order.length >= timing.listMax) this.#begin(next);
    return dealtWith(next);
  }

  /** The list ends here, and nothing of it has been copied. */
  #begin(upper: number): void {
    this.upper = upper;
    this.#order.close(this.#alone.splice(0)); // in columns from now on: many replicas may have a long list
    this.#blocks = this.#blocksDone + this.#order.blocks;
    this.#isListed = true;
  }

  /** The next blocks of the list that no live entry has written, ascending. */
  #next(blocksMax: number): BlockRange[] {
    const found: BlockRange[] = [];
    let room = blocksMax;
    while (room > 0 && found.length < this.#o.timing.extentsMax) {
      const whole = this.#order.at(this.#index);
      if (!whole) break;
      const count = Math.min(whole.count - this.#within, room);
      const some = { block: whole.block + this.#within, count };
      const wanted = subtract(some, this.#live.setIn(some));
      found.push(...wanted);
      room -= blocksIn(wanted);
      this.#within += count;
      this.#blocksDone += count;
      if (this.#within < whole.count) continue;
      this.#index += 1;
      this.#within = 0;
    }
    return union(found);
  }

  #store(asked: readonly BlockRange[], { extents, highestBirth }: Blocks): StepOutcome {
    const isAsked =
      areInside(extents, this.range.block, this.upper) && without(extents, asked, partOfCopied).length === 0;
    if (!isAsked || extents.some(({ birth }) => birth >= this.#o.firstLive)) return strange;
    const live = extents.flatMap((extent) => this.#live.setIn(extent));
    // A copied block never overwrites what a live entry wrote since the attach (R22b).
    const pieces = without(extents, live, partOfCopied);
    if (!store(this.#o, pieces)) return isFull;
    const bytes = dataBytes(pieces);
    this.dataBlocks += bytes / blockBytes;
    this.highestBirth = Math.max(this.highestBirth, highestBirth);
    return { outcome: 'copied', next: this.upper, highestBirth, bytes };
  }
}

const dealtWith = (next: number): StepOutcome => ({ outcome: 'copied', next, highestBirth: 0, bytes: 0 });

function withReply<T extends CopyReply['type'], O>(
  reply: Outcome<CopyReply>,
  type: T,
  take: (reply: Extract<CopyReply, { type: T }>) => O,
): O | StepOutcome {
  if (!reply.ok) return { outcome: 'sourceLost', message: reply.message };
  const { value } = reply;
  if (isOf(value, type)) return take(value);
  if (value.type === 'notYet') return again;
  return value.type === 'refused' ? { outcome: 'sourceLost', message: value.message } : strange;
}

const isOf = <T extends CopyReply['type']>(
  reply: CopyReply,
  type: T,
): reply is Extract<CopyReply, { type: T }> => reply.type === type;

const partOf = (extent: Extent, range: BlockRange): Extent => ({ ...extent, ...range });

/** Holes of more than so many blocks, and the rest. */
function longHoles(extents: readonly Extent[], blocksMax: number): [Extent[], Extent[]] {
  const isLong = ({ mapped, count }: Extent) => !mapped && count > blocksMax;
  return [extents.filter(isLong), extents.filter((extent) => !isLong(extent))];
}

/** Where both lists, ascending, have the same birth, and data or none. */
function sameIn(a: readonly Extent[], b: readonly Extent[]): BlockRange[] {
  const same: BlockRange[] = [];
  for (let i = 0, j = 0; ;) {
    const [one, other] = [a[i], b[j]];
    if (!one || !other) return same;
    const both = clip(one, other.block, endOf(other));
    if (both && one.birth === other.birth && one.mapped === other.mapped) same.push(both);
    if (endOf(one) <= endOf(other)) i += 1;
    else j += 1;
  }
}
