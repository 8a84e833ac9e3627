import { expect, test } from '@jest/globals';
import { runSeeds } from '../testing/replication/sim-seeds.ts';

test('all promises hold under faults, a few seeds (`make sim` runs many)', async () => {
  const { seeds, answers, failures } = await runSeeds(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(failures).toEqual([]);
  expect(answers).toBeGreaterThan(50 * seeds);
}, 300_000);

test('a target that stood still reads what came meanwhile in pieces as a socket would', async () => {
  const { failures } = await runSeeds([23_741_947]);
  expect(failures).toEqual([]);
}, 60_000);

test('a run that never reached something says so', async () => {
  const { reach } = await runSeeds([1]);
  expect(reach.never.length).toBeGreaterThan(0);
  expect(reach.counts.get('R7 adopted')).toBeGreaterThan(0);
});
