import { expect, test } from '@jest/globals';
import { runSeeds, simKinds } from '../testing/replication/sim-seeds.ts';

test.each(simKinds)(
  'all promises hold under faults, many seeds: %j',
  (kind) => {
    const { runs, answers } = runSeeds(kind, { seeds: 400 });
    expect(answers).toBeGreaterThan(20 * runs);
  },
  1_200_000,
);
