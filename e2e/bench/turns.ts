/** Two targets measured in turns, so that what else the machine does falls on both alike. */
import { median } from './engine/figures.ts';
import { load, type Load, type Loaded } from './initiator.ts';

export interface Side {
  readonly urls: readonly string[];
  /** Whose processor time is told with each result. */
  readonly pids: readonly number[];
}

export interface Turns {
  readonly rounds: number;
  readonly seconds: number;
}

/** Each round in the other order; answers the round of the median ratio of operations. */
export async function inTurns(
  ours: Side,
  theirs: Side,
  load_: Omit<Load, 'seconds'> & { readonly theirs?: Partial<Load> },
  { rounds, seconds }: Turns,
): Promise<{ readonly ours: Loaded; readonly theirs: Loaded; readonly ratio: number }> {
  const { theirs: differently, ...same } = load_;
  const measured: { ours: Loaded; theirs: Loaded; ratio: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const a = () => load(ours.urls, { ...same, seconds }, ours.pids);
    const b = () => load(theirs.urls, { ...same, ...differently, seconds }, theirs.pids);
    const first = round % 2 === 0 ? await a() : undefined;
    const reference = await b();
    const result = first ?? (await a());
    measured.push({ ours: result, theirs: reference, ratio: result.perSecond / reference.perSecond });
  }
  const middle = median(measured.map(({ ratio }) => ratio));
  const found = measured.find(({ ratio }) => ratio === middle);
  if (found === undefined) throw new Error('give at least one round');
  return found;
}
