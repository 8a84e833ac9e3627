/** A failing run made short: everything that can be left out of its plan, so that it still fails in the same way. */
import type { SimPlan } from './sim-plan.ts';

export interface Shrunk {
  /** Indexes of the events that are left, ascending. */
  readonly keep: readonly number[];
  readonly message: string;
  readonly tries: number;
}

/** The same rule or invariant: what stands before the first figure of the message. */
const kindOf = (message: string): string => /^\w+: \w+/.exec(message)?.[0] ?? message;

export const planOfKept = (plan: SimPlan, keep: readonly number[]): SimPlan => ({
  ...plan,
  events: keep.flatMap((index) => plan.events[index] ?? []),
});

/**
 * `fails` answers the message of a failing run, undefined for one that passes. Leaves out ever smaller parts, as long as
 * `triesMax` allows.
 */
export async function shrink(
  plan: SimPlan,
  message: string,
  fails: (plan: SimPlan) => Promise<string | undefined>,
  triesMax: number,
): Promise<Shrunk> {
  let keep: readonly number[] = plan.events.map((_, index) => index);
  let told = message;
  let tries = 0;
  const attempt = async (fewer: readonly number[]): Promise<boolean> => {
    if (tries >= triesMax || fewer.length === keep.length) return false;
    tries += 1;
    const found = await fails(planOfKept(plan, fewer));
    if (found === undefined || kindOf(found) !== kindOf(message)) return false;
    [keep, told] = [fewer, found];
    return true;
  };
  while (await attempt(keep.slice(0, Math.floor((keep.length * 3) / 4)))); // most of what comes late does not matter
  for (let size = Math.ceil(keep.length / 2); size >= 1 && tries < triesMax; size = Math.floor(size / 2)) {
    for (let from = 0; from < keep.length;) {
      if (!(await attempt([...keep.slice(0, from), ...keep.slice(from + size)]))) from += size;
    }
  }
  return { keep, message: told, tries };
}

/** `1,4-6` for [1, 4, 5, 6]. */
export function keepText(keep: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < keep.length;) {
    let j = i;
    while (keep[j + 1] === (keep[j] ?? 0) + 1) j += 1;
    parts.push(j > i ? `${keep[i]}-${keep[j]}` : `${keep[i]}`);
    i = j + 1;
  }
  return parts.join(',');
}

/** Throws RangeError on anything that `keepText` did not make. */
export function keepOf(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (from === undefined) throw new RangeError(`${part} is no number and no range`);
    const first = Number(from);
    return Array.from({ length: Number(to ?? from) - first + 1 }, (_, i) => first + i);
  });
}
