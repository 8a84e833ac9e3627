import { expect, test } from '@jest/globals';
import { EventAggregate } from './event-aggregate.ts';

test('the first is written, repetitions after growing pauses with their number', () => {
  const aggregate = new EventAggregate();
  const seconds = [0, 1, 10, 29, 30, 31, 89, 90, 91, 209, 210];
  const written = seconds.map((second) => aggregate.note('a', second * 1000));
  expect(written).toEqual([1, 0, 0, 0, 4, 0, 0, 3, 0, 0, 3]);
});

test('a state that lasts a day writes a few dozen times at most', () => {
  const aggregate = new EventAggregate();
  let writes = 0;
  let total = 0;
  for (let second = 0; second < 86_400; second += 5) {
    const count = aggregate.note('a', second * 1000);
    if (count > 0) writes++;
    total += count;
  }
  expect(writes).toBeLessThan(35);
  expect(total).toBeGreaterThan(86_400 / 5 - 3600 / 5 - 1);
});

test('different events do not count as one, and memory is bounded', () => {
  const aggregate = new EventAggregate(3);
  expect(['a', 'b', 'c', 'a', 'd', 'a', 'b'].map((key) => aggregate.note(key, 0))).toEqual([
    1, 1, 1, 0, 1, 0, 1,
  ]);
  expect(aggregate.size).toBe(3);
});
