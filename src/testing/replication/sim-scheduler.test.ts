import { expect, test } from '@jest/globals';
import { Scheduler } from './sim-scheduler.ts';

test('what is due at one time comes in the order of asking, whenever it was asked for', async () => {
  const scheduler = new Scheduler({ hasPromises: false });
  const dueMs = 2008.6;
  const came: number[] = [];
  // Differences to one time, added to other times, are not always that time again.
  const askedMs = Array.from({ length: 200 }, (_, i) => 600 + i * 7.1);
  for (const [i, atMs] of askedMs.entries())
    scheduler.at(atMs, () => scheduler.at(dueMs, () => came.push(i)));
  await scheduler.run(3_000);
  expect(came).toEqual([...askedMs.keys()]);
});
