import { expect, test } from '@jest/globals';
import { runSeeds, simKinds } from '../testing/replication/sim-seeds.ts';

test.each(simKinds)(
  'all promises hold under faults: %j',
  (kind) => {
    const { runs, answers } = runSeeds(kind, { seeds: 25 });
    expect(answers).toBeGreaterThan(20 * runs);
  },
  120_000,
);
