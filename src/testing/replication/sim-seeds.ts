/** Many seeds, each a run; a failure names the seed to give back (`make sim SEED=n`). */
import { naive, planOf } from './sim-plan.ts';
import { Reach } from './sim-reach.ts';
import { run } from './sim-run.ts';

export interface SeedFailure {
  readonly seed: number;
  readonly message: string;
}

export interface SeedsResult {
  readonly seeds: number;
  readonly answers: number;
  /** Runs in which a recovery said that it may have lost unflushed writes. */
  readonly lossy: number;
  readonly virtualMs: number;
  readonly failures: readonly SeedFailure[];
  readonly reach: Reach;
}

/**
 * `stopAtFirst`: the seeds after a failure are not tried. `naive`: neither the engine nor SCSI, several times as fast. `rewinds`:
 * pools go back to older roots besides.
 */
export async function runSeeds(
  seeds: Iterable<number>,
  options: { readonly stopAtFirst?: boolean; readonly naive?: boolean; readonly rewinds?: boolean } = {},
): Promise<SeedsResult> {
  const reach = new Reach();
  const failures: SeedFailure[] = [];
  let [count, answers, lossy, virtualMs] = [0, 0, 0, 0];
  for (const seed of seeds) {
    count += 1;
    try {
      const plan = planOf(seed, options.rewinds);
      const result = await run(options.naive === true ? naive(plan) : plan);
      answers += result.answers;
      lossy += Number(result.lossy);
      virtualMs += result.virtualMs;
      reach.add(result.reach);
    } catch (error) {
      failures.push({ seed, message: String(error) });
      if (options.stopAtFirst) break;
    }
  }
  return { seeds: count, answers, lossy, virtualMs, failures, reach };
}
