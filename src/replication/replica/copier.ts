/**
 * Fills the holes of a rebuilding replica from a source while live entries flow (R20, R22).
 *
 * One step: what of ours was born after the common point; the source's blocks born after it, and those where we hold
 * something; store what no live entry has written since the attach. A step works on blocks [block, upper); live
 * entries that come meanwhile are noted and win.
 */
import type { BlockRange, CopiedExtent, CopyReply, CopyRequest } from '../copy.ts';
import { clip, endOf, subtract, union } from '../extents.ts';
import type { CopyRangeState, Fence } from '../record.ts';
import { isNoSpace, type Outcome, type StoreEffects } from '../store.ts';
import type { Timing } from '../timing.ts';
import { blockBytes } from '../../shared/block-size.ts';
import type { Ledger } from './ledger.ts';

export interface CopyLink {
  /** Asks the source in force; `done` later, once. */
  ask(request: CopyRequest, done: (reply: Outcome<CopyReply>) => void): void;
}

export interface CopierOptions {
  readonly ledger: Ledger;
  readonly effects: StoreEffects;
  readonly timing: Timing;
  readonly fence: Fence;
  readonly attachId: number;
  readonly firstLive: number;
  /** Stored name of the one that is copied; undefined: the head, while live entries flow. */
  readonly snapshot: string | undefined;
  readonly source: CopyLink;
  /** Every extent that is stored passes here. */
  readonly onStored: (range: BlockRange) => void;
}

/** What became of a step. `again`: the source was not ready, or too much was written meanwhile; nothing was stored. */
export type StepOutcome =
  | {
      readonly outcome: 'copied';
      readonly next: number;
      readonly highestBirth: number;
      readonly bytes: number;
    }
  | { readonly outcome: 'again' }
  | { readonly outcome: 'sourceLost' | 'full' | 'failed'; readonly message: string };

interface Step {
  readonly range: CopyRangeState;
  upper: number;
  /** Blocks of ours that a live entry wrote since the attach. */
  live: BlockRange[];
}

/** Live writes noted during one step; beyond it the step is done again over fewer blocks. */
const liveMax = 2_048;
const narrowBlocks = 1_024;

export class Copier {
  readonly #o: CopierOptions;
  #step: Step | undefined;
  #narrow = false;

  constructor(options: CopierOptions) {
    this.#o = options;
  }

  /** A live entry wrote or unmapped these blocks just now. */
  wrote(range: BlockRange): void {
    const step = this.#step;
    if (!step || step.live.length > liveMax) return; // it will be done again
    const inside = clip(range, step.range.block, step.upper);
    if (!inside) return;
    step.live = union([...step.live, inside]);
  }

  /** `done` is not called when the copier is dropped meanwhile: the caller ignores it then. */
  step(range: CopyRangeState, done: (outcome: StepOutcome) => void): void {
    const count = this.#narrow ? Math.min(range.count, narrowBlocks) : range.count;
    const step: Step = { range, upper: range.block + count, live: [] };
    this.#step = step;
    const finish = (outcome: StepOutcome) => {
      if (this.#step === step) this.#step = undefined;
      done(outcome);
    };
    this.#o.effects.births(range.common, { block: range.block, count }, this.#o.timing.extentsMax, (ours) => {
      if (!ours.ok) return finish({ outcome: 'failed', message: ours.message });
      const { extents, next } = ours.value;
      step.upper = next;
      const { firstLive, snapshot } = this.#o;
      const isLive = (extent: { birth: number }) => snapshot === undefined && extent.birth >= firstLive;
      step.live = union([...step.live, ...extents.filter(isLive)]);
      const own = extents.filter((extent) => !isLive(extent));
      this.#ask(step, own, finish);
    });
  }

  #ask(step: Step, own: readonly BlockRange[], finish: (outcome: StepOutcome) => void): void {
    const { fence, attachId, firstLive, snapshot, source } = this.#o;
    const { block, common: after } = step.range;
    const also = own.map((extent) => ({ block: extent.block, count: extent.count }));
    const count = step.upper - block;
    const common = { ...fence, attachId, firstLive, snapshot };
    const request: CopyRequest = { ...common, type: 'copy', after, block, count, also };
    source.ask(request, (reply) => {
      if (!reply.ok) return finish({ outcome: 'sourceLost', message: reply.message });
      switch (reply.value.type) {
        case 'blocks':
          return finish(this.#store(step, also, reply.value));
        case 'notYet':
          return finish({ outcome: 'again' });
        case 'refused':
          return finish({ outcome: 'sourceLost', message: reply.value.message });
        case 'digests':
          return finish({ outcome: 'failed', message: 'the source answered something else' });
      }
    });
  }

  #store(step: Step, own: readonly BlockRange[], reply: Extract<CopyReply, { type: 'blocks' }>): StepOutcome {
    const { block } = step.range;
    if (reply.next <= block || reply.next > step.upper) {
      return { outcome: 'failed', message: 'the source answered other blocks' };
    }
    this.#narrow = step.live.length > liveMax;
    if (this.#narrow) return { outcome: 'again' };
    const pieces = reply.extents.flatMap((extent) => withoutLive(extent, step.live));
    const inside = pieces.every((piece) => piece.block >= block && endOf(piece) <= reply.next);
    const births = pieces.every((piece) => piece.birth < this.#o.firstLive);
    if (!inside || !births) return { outcome: 'failed', message: 'the source answered other blocks' };
    try {
      if (pieces.length > 0) this.#o.ledger.store.copyIn(pieces);
    } catch (error) {
      if (isNoSpace(error)) return { outcome: 'full', message: 'the pool is full' };
      throw error;
    }
    for (const piece of pieces) this.#o.onStored(piece);
    for (const range of own) this.#o.onStored(range);
    const bytes = pieces.reduce((sum, piece) => sum + (piece.data?.byteLength ?? 0), 0);
    return { outcome: 'copied', next: reply.next, highestBirth: reply.highestBirth, bytes };
  }
}

/** A copied block never overwrites what a live entry wrote since the attach (R22b). */
function withoutLive(extent: CopiedExtent, live: readonly BlockRange[]): CopiedExtent[] {
  return subtract(extent, live).map(({ block, count }) => {
    const from = (block - extent.block) * blockBytes;
    const data = extent.data?.subarray(from, from + count * blockBytes);
    return { block, count, birth: extent.birth, data };
  });
}
