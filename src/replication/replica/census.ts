/**
 * How much a rebuild still has to copy: the source counts, range by range and beside the copying, the blocks that it would
 * send. Where most of a volume is empty, or only a few blocks are new, the part of the volume that is done says nothing.
 * It serves people's patience and nothing else: a source that can not count ends it.
 */
import { blockBytes } from '../../shared/block-size.ts';
import type { BlockRange, CopyReply, CopyRequest } from '../copy.ts';
import { blocksIn } from '../extents.ts';
import type { CopyRangeState, Fence } from '../record.ts';
import type { Outcome } from '../store.ts';

interface CensusOptions {
  readonly fence: Fence;
  readonly attachId: number;
  readonly firstLive: number;
  /** Stored name of the one that is copied; undefined: the head. */
  readonly snapshot: string | undefined;
  readonly ranges: readonly CopyRangeState[];
  /** Asks the source in force; `done` later, once. */
  readonly ask: (request: CopyRequest, done: (reply: Outcome<CopyReply>) => void) => void;
}

type Counted = Extract<CopyReply, { readonly type: 'census' }>;

/** Between two questions at least: what they cost the source comes on top of the pace. */
const askMs = 50;
/**
 * Blocks of a question: so many where the source has much to count, since it looks at all that was written lately in the
 * part of the volume that it is asked about, and of a wide one keeps that apart for each question; wider where it has not.
 */
const askBlocksMin = 4_096;
const askGrowth = 4;
/** Where it counted less than was asked: that, and some. */
const askSlack = 2;

export class Census {
  readonly #o: CensusOptions;
  readonly #blocks: number;
  /** The range that is counted, and the block in it. */
  #index = 0;
  #at: number;
  #looked = 0;
  #found = 0;
  #asking = false;
  #over = false;
  #askAtMs = -Infinity;
  #askBlocks = askBlocksMin;

  constructor(options: CensusOptions) {
    this.#o = options;
    this.#blocks = blocksIn(options.ranges);
    this.#at = options.ranges[0]?.block ?? 0;
  }

  /** What all ranges together hold, as if the rest were like what is counted; undefined while nothing is. */
  get bytes(): number | undefined {
    if (this.#looked === 0) return this.#blocks === 0 ? 0 : undefined;
    return Math.round((this.#found * this.#blocks) / this.#looked) * blockBytes;
  }

  /** Goes on where it is, one question at a time. */
  run(nowMs: number): void {
    const range = this.#o.ranges[this.#index];
    if (!range || this.#asking || this.#over || nowMs < this.#askAtMs) return;
    const left = range.block + range.count - this.#at;
    if (left <= 0) return this.#next(nowMs);
    const count = Math.min(left, this.#askBlocks);
    this.#askAtMs = nowMs + askMs;
    const { fence, attachId, firstLive, snapshot, ask } = this.#o;
    const asked = { block: this.#at, count };
    const after = range.common;
    this.#asking = true;
    ask({ ...fence, attachId, firstLive, snapshot, type: 'census', after, ...asked }, (reply) => {
      this.#asking = false;
      this.#take(asked, reply);
    });
  }

  #take(asked: BlockRange, reply: Outcome<CopyReply>): void {
    if (reply.ok && reply.value.type === 'notYet') return; // asked again with the next tick
    const counted = reply.ok && reply.value.type === 'census' ? reply.value : undefined;
    this.#over = counted === undefined || !isOf(asked, counted);
    if (!counted || this.#over) return;
    this.#found += counted.blocks;
    const looked = counted.next - this.#at;
    this.#looked += looked;
    const further = looked === asked.count ? askGrowth : askSlack;
    this.#askBlocks = Math.max(further * looked, askBlocksMin);
    this.#at = counted.next;
  }

  #next(nowMs: number): void {
    this.#index += 1;
    this.#at = this.#o.ranges[this.#index]?.block ?? 0;
    this.run(nowMs);
  }
}

const isOf = ({ block, count }: BlockRange, { next, blocks }: Counted): boolean =>
  next > block && next <= block + count && blocks <= next - block;
