import { expect, test } from '@jest/globals';
import { runSeeds } from '../testing/replication/sim-seeds.ts';

test('all promises hold under faults, a few seeds (`make sim` runs many)', () => {
  const { seeds, answers, failures } = runSeeds(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(failures).toEqual([]);
  expect(answers).toBeGreaterThan(50 * seeds);
}, 120_000);

test('a run that never reached something says so', () => {
  const { reach } = runSeeds([1]);
  expect(reach.never.length).toBeGreaterThan(0);
  expect(reach.counts.get('R7 adopted')).toBeGreaterThan(0);
});
