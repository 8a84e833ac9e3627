import { expect, test } from '@jest/globals';
import { runSeeds } from '../testing/replication/sim-seeds.ts';

test('all promises hold under faults, a few seeds (`make sim` runs many)', async () => {
  const { seeds, answers, failures } = await runSeeds(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(failures).toEqual([]);
  expect(answers).toBeGreaterThan(50 * seeds);
}, 300_000);

// prettier-ignore
test.each([
  [23_741_947, 'a target that stood still reads what came meanwhile in pieces, as from a socket'],
  [91_000_747, 'a target that has not seen that its members were given up does not count as settled'],
  [91_003_685, 'three of five fell behind a volume that is full, and take seconds to copy'],
  [92_001_848, 'a discard that failed changes nothing later'],
  [92_002_057, 'R10: a bidder far above all others waited, and is gone'],
  [93_000_984, 'a volume grows over what a dead resize has left, in a pool that is full'],
  [93_004_108, 'those that were to be given up are members no more'],
])('a seed that failed once (%i): %s', async (seed) => {
  const { failures } = await runSeeds([seed]);
  expect(failures).toEqual([]);
}, 60_000);

test('a run that never reached something says so', async () => {
  const { reach } = await runSeeds([1]);
  expect(reach.never.length).toBeGreaterThan(0);
  expect(reach.counts.get('R7 adopted')).toBeGreaterThan(0);
});
