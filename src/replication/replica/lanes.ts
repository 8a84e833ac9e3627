/**
 * The steps of copying that are under way: several at once, in different parts of the volume, so that the source's device,
 * the line and our own device are at work together. Each is charged to the budget when it begins, as if it were full.
 */
import type { Timing } from '../timing.ts';
import type { Budget } from './budget.ts';
import type { Copier, StepOutcome } from './copier.ts';
import type { Ranges, Todo } from './ranges.ts';

/** A source closes on a copier that asks more at once. */
export const lanesMax = 4;

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
    const { ranges, budget } = this.#o;
    while (this.#underWay < lanesMax && budget.allows(nowMs)) {
      const range = ranges.take(lanesMax - this.#underWay);
      if (!range) return;
      this.#begin(range);
    }
  }

  #begin(range: Todo): void {
    const { ranges, copier, budget, timing, onStep } = this.#o;
    this.#underWay += 1;
    const charged = budget.spend(timing.copyBytesMax);
    copier.step(range, (outcome) => {
      this.#underWay -= 1;
      const isCopied = outcome.outcome === 'copied';
      budget.spend((isCopied ? outcome.bytes : 0) - charged);
      if (isCopied) ranges.copiedTo(range, outcome.next, outcome.highestBirth);
      else ranges.giveBack(range);
      onStep(outcome);
    });
  }
}
