import { expect, test } from '@jest/globals';
import { OneByOne } from './one-by-one.ts';

test('each task begins when the one before has ended, and a failure is told to its own caller alone', async () => {
  const line = new OneByOne();
  const told: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = line.run(async () => {
    told.push('first begins');
    await gate.promise;
    told.push('first fails');
    throw new Error('of the first');
  });
  const second = line.run(async () => {
    told.push('second');
    return await Promise.resolve(2);
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['first begins']);
  gate.resolve();
  await expect(first).rejects.toThrow('of the first');
  expect(await second).toBe(2);
  expect(told).toEqual(['first begins', 'first fails', 'second']);
});
