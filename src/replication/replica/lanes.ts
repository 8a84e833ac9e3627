/**
 * The steps of copying that are under way: several at once, in different parts of the volume, so that the source's device,
 * the line and our own device are at work together. Each is charged to the budget when it begins, as if it were full.
 */
import { blockBytes } from '../../shared/block-size.ts';
import type { Timing } from '../timing.ts';
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

  constructor(options: LanesOptions) {
    this.#o = options;
  }

  /** Begins what may be begun now. */
  run(nowMs: number): void {
    const { ranges, budget, timing } = this.#o;
    const dueBytes = budget.within(stepMs);
    const stepBytes = Math.min(Math.max(dueBytes, stepBytesMin), timing.copyBytesMax);
    const lanes = Math.min(Math.ceil(dueBytes / timing.copyBytesMax), lanesMax);
    while (this.#underWay < lanes && budget.allows(nowMs)) {
      const range = ranges.take(lanes - this.#underWay, stepBytes / timing.copyBytesMax);
      if (!range) return;
      this.#begin(range, stepBytes);
    }
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
