/** Many seeds, each a run; the message of a failure names the one to give back (`SEED=n SEEDS=1`). */
import { run, type RunOptions } from './sim-run.ts';

export interface SeedsResult {
  readonly runs: number;
  readonly answers: number;
  /** Recoveries that said they may have lost unflushed writes. */
  readonly lossy: number;
}

export const simKinds: readonly Omit<RunOptions, 'seed'>[] = [
  { replicas: 3, crashes: false },
  { replicas: 3 },
  { replicas: 3, blackouts: true, losses: true },
  { replicas: 1, blackouts: true },
  { replicas: 2, blackouts: true },
  { replicas: 4, losses: true },
  { replicas: 5, blackouts: true, losses: true },
];

export function runSeeds(
  options: Omit<RunOptions, 'seed'>,
  defaults: { readonly seeds: number },
): SeedsResult {
  const first = Number(process.env['SEED'] ?? 1);
  const runs = Number(process.env['SEEDS'] ?? defaults.seeds);
  let [answers, lossy] = [0, 0];
  for (let seed = first; seed < first + runs; seed++) {
    try {
      const result = run({ ...options, seed });
      answers += result.answers;
      lossy += Number(result.lossy);
    } catch (error) {
      throw new Error(`SEED=${seed} SEEDS=1: ${String(error)}`, { cause: error });
    }
  }
  return { runs, answers, lossy };
}
