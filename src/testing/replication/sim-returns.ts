/**
 * Returns to snapshots among the operations on registers: each is a write of every block, with a value that no other
 * write has, so that the register test (sim-register.ts) can go on telling writes by their values.
 *
 * What a return brings back has two sources from then on, the write and the return. A read is counted to the only one
 * that it can have seen: one that began before the read ended, and that nothing replaced in between. Where several are
 * left the read proves nothing and is left out.
 */
import type { Operation } from './sim-register.ts';

export interface Return {
  /** What the snapshot holds, by block. */
  readonly tags: readonly number[];
  readonly startMs: number;
  /** Infinity: no answer came. */
  readonly finishMs: number;
}

type Source = Pick<Operation, 'value' | 'startMs' | 'finishMs'>;

/** Tags are above 0, and 0 is what was never written. */
const valueOf = (index: number): number => -1 - index;
const nothing: Source = { value: 0, startMs: -1, finishMs: -1 };

/** `blocks`: how many are registers. */
export function withReturns(
  operations: readonly Operation[],
  returns: readonly Return[],
  blocks: number,
): readonly Operation[] {
  if (returns.length === 0) return operations;
  const writes = new Map(
    operations.filter(({ kind }) => kind === 'write').map((each) => [`${each.block}/${each.value}`, each]),
  );
  const writesTo = Map.groupBy(writes.values(), ({ block }) => block);
  const counted = operations.flatMap((each): Operation[] => {
    if (each.kind === 'write') return [each];
    const source = each.value === 0 ? nothing : writes.get(`${each.block}/${each.value}`);
    const again = returns
      .map(({ startMs, finishMs, tags }, i) => ({
        value: valueOf(i),
        startMs,
        finishMs,
        tag: tags[each.block],
      }))
      .filter(({ tag }) => tag === each.value);
    const all: readonly Source[] = [...(source === undefined ? [] : [source]), ...again];
    const others = [...returns, ...(writesTo.get(each.block) ?? [])];
    const possible = all.filter((one) => one.startMs <= each.finishMs && !isReplaced(one, each, others));
    if (possible.length > 1) return [];
    const [only] = possible;
    return [only === undefined ? each : { ...each, value: only.value }];
  });
  const made = returns.flatMap(({ startMs, finishMs }, i) =>
    Array.from({ length: blocks }, (_, block): Operation => ({
      kind: 'write',
      block,
      value: valueOf(i),
      startMs,
      finishMs,
    })),
  );
  return [...counted, ...made];
}

/** Something else lay wholly between the two. */
const isReplaced = (
  source: Source,
  read: Operation,
  others: readonly Pick<Source, 'startMs' | 'finishMs'>[],
): boolean => others.some(({ startMs, finishMs }) => source.finishMs < startMs && finishMs < read.startMs);
