import { expect, test } from '@jest/globals';
import { run, type RunOptions } from '../testing/replication/sim-run.ts';

const first = Number(process.env['SEED'] ?? 1);
const count = Number(process.env['SEEDS'] ?? 60);

/** Runs many seeds; the message of a failure names the one to give back as SEED with SEEDS=1. */
function runs(options: Omit<RunOptions, 'seed'>): { answers: number; epochs: number; lossy: number } {
  let [answers, epochs, lossy] = [0, 0, 0];
  for (let seed = first; seed < first + count; seed++) {
    try {
      const result = run({ ...options, seed });
      answers += result.answers;
      epochs += result.epochs;
      lossy += Number(result.lossy);
    } catch (error) {
      throw new Error(`SEED=${seed}: ${String(error)}`, { cause: error });
    }
  }
  return { answers, epochs, lossy };
}

test.each([
  { replicas: 3, crashes: false },
  { replicas: 3 },
  { replicas: 3, blackouts: true },
  { replicas: 1 },
  { replicas: 2 },
  { replicas: 4 },
  { replicas: 5 },
])(
  'all promises hold with %j',
  (options) => {
    const { answers, epochs, lossy } = runs(options);
    expect(answers).toBeGreaterThan(0);
    expect({ options, perRun: answers / count, epochs: epochs / count, lossy }).toBeDefined();
  },
  120_000,
);
