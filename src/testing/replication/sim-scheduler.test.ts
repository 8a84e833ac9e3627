import { expect, test } from '@jest/globals';
import { Scheduler } from './sim-scheduler.ts';

test('what is due at one time comes in the order of asking, whenever it was asked for', async () => {
  const scheduler = new Scheduler({ hasPromises: false });
  const dueMs = 2008.7;
  const came: number[] = [];
  // The difference to that time, added to the time of asking, is not always that time again.
  const askedMs = Array.from({ length: 200 }, (_, i) => 600 + i * 1.7);
  for (const [i, atMs] of askedMs.entries())
    scheduler.at(atMs, () => scheduler.at(dueMs, () => came.push(i)));
  await scheduler.run(3_000);
  expect(came).toEqual([...askedMs.keys()]);
});
