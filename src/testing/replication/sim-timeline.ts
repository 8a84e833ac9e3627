/** What registers held in each history, for the order of answers (sim-order.ts): worked out when nothing is sent any more. */
import { must } from '../../shared/assert.ts';
import type { Histories, Place } from './sim-order.ts';
import type { Truth } from './sim-truth.ts';

type Value = ReturnType<Histories['values']>[number];

export class Timeline implements Histories {
  readonly #truth: Truth;
  readonly #valuesOf: (tags: readonly number[]) => readonly number[];
  /** By epoch, changes by register. */
  readonly #changes = new Map<number, ReadonlyMap<number, readonly Value[]>>();
  readonly #paths = new Map<number, readonly Place[]>();

  /** `valuesOf`: by register, what blocks with these tags hold. */
  constructor(truth: Truth, valuesOf: (tags: readonly number[]) => readonly number[]) {
    this.#truth = truth;
    this.#valuesOf = valuesOf;
  }

  values(end: Place, register: number): readonly Value[] {
    const all: Value[] = [{ epoch: 0, number: 0, value: 0 }];
    for (const { epoch } of this.#path(end.epoch)) {
      const last = must(this.lastOf(end, epoch), 'its own epochs');
      for (const each of this.#changesIn(epoch).get(register) ?? []) if (each.number <= last) all.push(each);
    }
    return all;
  }

  lastOf(end: Place, epoch: number): number | undefined {
    if (epoch === end.epoch) return end.number;
    return this.#path(end.epoch).find((each) => each.epoch === epoch)?.number;
  }

  isLossyAfter(end: Place, epoch: number): boolean {
    const next = this.#path(end.epoch).find((each) => each.epoch > epoch);
    return next !== undefined && this.#truth.isLossy(next.epoch);
  }

  /** The epochs of the history of one, ascending, with the last entry that it has of each; of itself all. */
  #path(epoch: number): readonly Place[] {
    const known = this.#paths.get(epoch);
    if (known) return known;
    const { epochs } = this.#truth.history(epoch, Infinity);
    const path = epochs.map((each, i) => ({
      epoch: each.epoch,
      number: epochs[i + 1]?.previousLast ?? Infinity,
    }));
    this.#paths.set(epoch, path);
    return path;
  }

  #changesIn(epoch: number): ReadonlyMap<number, readonly Value[]> {
    const known = this.#changes.get(epoch);
    if (known) return known;
    const changes = new Map<number, Value[]>();
    let before: readonly number[] | undefined;
    let tagsBefore: readonly number[] | undefined;
    for (const { number, tags } of this.#truth.tagsBy(epoch)) {
      if (tags === tagsBefore) continue;
      tagsBefore = tags;
      const values = this.#valuesOf(tags);
      for (const [register, value] of values.entries())
        if (before && before[register] !== value)
          changes.set(register, [...(changes.get(register) ?? []), { epoch, number, value }]);
      before = values;
    }
    this.#changes.set(epoch, changes);
    return changes;
  }
}
