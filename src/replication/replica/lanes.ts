/**
 * The steps of copying that are under way: several at once, in different parts of the volume, so that the source's device,
 * the line and our own device are at work together. Each is charged to the budget when it begins, as if it were full.
 */
import { blockBytes } from '../../shared/block-size.ts';
import type { Timing } from '../timing.ts';
import type { Batch, ListOutcome } from './batch.ts';
import type { Budget } from './budget.ts';
import type { Copier, StepOutcome } from './copier.ts';
import type { Ranges, Todo } from './ranges.ts';

/** A source closes on a copier that asks more at once. */
export const lanesMax = 4;

/**
 * What is under way is in front of users' writes, on the devices and on the processors: with a rate that is bound a step
 * is what the rate gives in so long, and more than one lane is for what is more than a step may be.
 */
const stepMs = 20;
const stepBytesMin = 128 * 1024;

interface LanesOptions {
  readonly ranges: Ranges;
  readonly copier: Copier;
  readonly budget: Budget;
  readonly timing: Timing;
  /** After each step; its range is noted. May start more. */
  readonly onStep: (outcome: StepOutcome) => void;
}

export class Lanes {
  readonly #o: LanesOptions;
  #underWay = 0;
  #batch: Batch | undefined;

  constructor(options: LanesOptions) {
    this.#o = options;
  }

  /** Blocks of the batch under way that are dealt with, so to speak. */
  get blocksDone(): number {
    return this.#batch?.rangeDone ?? 0;
  }

  /** Begins what may be begun now. */
  run(nowMs: number): void {
    const { ranges, budget, timing } = this.#o;
    const dueBytes = budget.within(stepMs);
    const stepBytes = Math.min(Math.max(dueBytes, stepBytesMin), timing.copyBytesMax);
    const lanes = Math.min(Math.ceil(dueBytes / timing.copyBytesMax), lanesMax);
    while (this.#underWay < lanes && budget.allows(nowMs)) {
      if (this.#batch) {
        if (!this.#batch.hasMore) return;
        this.#goOn(this.#batch, stepBytes);
        continue;
      }
      const range = ranges.take(lanes - this.#underWay, stepBytes / timing.copyBytesMax);
      if (!range) return;
      if (range.inBatches) this.#list(range);
      else this.#begin(range, stepBytes);
    }
  }

  #list(range: Todo): void {
    const { ranges, copier, onStep } = this.#o;
    const batch = copier.batch(range);
    this.#batch = batch;
    this.#underWay += 1;
    batch.list((outcome) => {
      this.#underWay -= 1;
      if (outcome.outcome !== 'plainly') {
        this.#took(batch, outcome);
        return onStep(outcome);
      }
      this.#batch = undefined;
      batch.end();
      ranges.giveBackPlainly(range);
      onStep({ outcome: 'copied', next: 0, highestBirth: 0, bytes: 0 });
    });
  }

  #goOn(batch: Batch, stepBytes: number): void {
    const { budget, onStep } = this.#o;
    this.#underWay += 1;
    const charged = budget.spend(stepBytes);
    batch.step(stepBytes, (outcome) => {
      this.#underWay -= 1;
      budget.spend((outcome.outcome === 'copied' ? outcome.bytes : 0) - charged);
      this.#took(batch, outcome);
      onStep(outcome);
    });
  }

  /** A batch of which a step goes wrong begins anew: what it has copied it does not copy again. */
  #took(batch: Batch, { outcome }: ListOutcome): void {
    const { ranges } = this.#o;
    const { range, upper, highestBirth, dataBlocks } = batch;
    if (batch !== this.#batch || (outcome === 'copied' && !batch.isDone)) return;
    this.#batch = undefined;
    batch.end();
    if (outcome === 'copied') ranges.copiedTo(range, upper, highestBirth, dataBlocks);
    else ranges.giveBack(range);
  }

  #begin(range: Todo, stepBytes: number): void {
    const { ranges, copier, budget, onStep } = this.#o;
    this.#underWay += 1;
    const charged = budget.spend(stepBytes);
    copier.step(range, (outcome) => {
      this.#underWay -= 1;
      const isCopied = outcome.outcome === 'copied';
      budget.spend((isCopied ? outcome.bytes : 0) - charged);
      if (isCopied) ranges.copiedTo(range, outcome.next, outcome.highestBirth, outcome.bytes / blockBytes);
      else ranges.giveBack(range);
      onStep(outcome);
    });
  }
}
