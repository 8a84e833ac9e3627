import { expect, test } from '@jest/globals';
import { runStorm } from './overwrite-storm.ts';

test('a volume overwritten by 24 requests at once is read right throughout (node e2e/engine/storm.ts runs many)', async () => {
  const { writes, reads } = await runStorm({ layout: 'stripe-2', seed: 1, writes: 1_000 });
  expect(writes).toBeGreaterThanOrEqual(1_000);
  expect(reads).toBeGreaterThan(300);
});
