/**
 * Fills the holes of a rebuilding replica from a source while live entries flow (R20, R22).
 *
 * One step: what of ours was born after the common point; the source's blocks born after it, and those where we hold
 * something; store what no live entry has written since the attach. A step works on blocks [block, upper); live
 * entries that come meanwhile are noted and win. Several steps, of different ranges, may be under way. A batch (batch.ts) does
 * the same for a large range in many steps, in the order in which its blocks were written.
 */
import { dataBytes, partOfCopied, type BlockRange, type CopyReply, type CopyRequest } from '../copy.ts';
import { clip, without } from '../extents.ts';
import type { Fence } from '../record.ts';
import type { Outcome, StoreEffects } from '../store.ts';
import type { Timing } from '../timing.ts';
import type { Ledger } from './ledger.ts';
import { Batch } from './batch.ts';
import { areInside, isFull, store } from './copy-store.ts';
import { LiveBlocks } from './live-blocks.ts';
import type { Todo } from './ranges.ts';

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
  readonly range: Todo;
  upper: number;
  /** Blocks of ours that a live entry wrote since the attach. */
  readonly live: LiveBlocks;
}

/** A step during which too much was written is done again over fewer blocks. */
const narrowBlocks = 1_024;

export class Copier {
  readonly #o: CopierOptions;
  readonly #steps = new Set<Step>();
  #batch: Batch | undefined;
  #narrow = false;

  constructor(options: CopierOptions) {
    this.#o = options;
  }

  /** A live entry wrote or unmapped these blocks just now. */
  wrote(range: BlockRange): void {
    this.#batch?.wrote(range);
    for (const { range: of, upper, live } of this.#steps) {
      const inside = clip(range, of.block, upper);
      if (inside) live.add([inside]);
    }
  }

  /** One at a time: it takes the place of the one before. */
  batch(range: Todo): Batch {
    this.#batch?.end();
    this.#batch = new Batch(this.#o, range);
    return this.#batch;
  }

  /** `done` is not called when the copier is dropped meanwhile: the caller ignores it then. */
  step(range: Todo, done: (outcome: StepOutcome) => void): void {
    const windowBlocks = Math.ceil(range.windowBlocks * range.share);
    const count = Math.min(range.count, windowBlocks, this.#narrow ? narrowBlocks : Infinity);
    const step: Step = { range, upper: range.block + count, live: new LiveBlocks() };
    this.#steps.add(step);
    const finish = (outcome: StepOutcome) => {
      this.#steps.delete(step);
      done(outcome);
    };
    this.#o.effects.births(range.common, { block: range.block, count }, this.#o.timing.extentsMax, (ours) => {
      if (!ours.ok) return finish({ outcome: 'failed', message: ours.message });
      const { extents, next } = ours.value;
      step.upper = next;
      const { firstLive, snapshot } = this.#o;
      const isLive = (extent: { birth: number }) => snapshot === undefined && extent.birth >= firstLive;
      step.live.add(extents.filter(isLive));
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
        case 'list':
        case 'digests':
        case 'census':
          return finish({ outcome: 'failed', message: 'the source answered something else' });
      }
    });
  }

  #store(step: Step, own: readonly BlockRange[], reply: Extract<CopyReply, { type: 'blocks' }>): StepOutcome {
    const { block } = step.range;
    if (reply.next <= block || reply.next > step.upper) {
      return { outcome: 'failed', message: 'the source answered other blocks' };
    }
    this.#narrow = step.live.isTooMuch;
    if (this.#narrow) return { outcome: 'again' };
    if (!areInside(reply.extents, block, reply.next))
      return { outcome: 'failed', message: 'the source answered other blocks' };
    // A copied block never overwrites what a live entry wrote since the attach (R22b).
    const pieces = without(reply.extents, step.live.list, partOfCopied);
    const births = pieces.every((piece) => piece.birth < this.#o.firstLive);
    if (!births) return { outcome: 'failed', message: 'the source answered other blocks' };
    if (!store(this.#o, pieces)) return isFull;
    for (const range of own) this.#o.onStored(range);
    return {
      outcome: 'copied',
      next: reply.next,
      highestBirth: reply.highestBirth,
      bytes: dataBytes(pieces),
    };
  }
}
