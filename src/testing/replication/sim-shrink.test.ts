import { expect, test } from '@jest/globals';
import { planOf } from './sim-plan.ts';
import { keepOf, keepText, planOfKept, shrink } from './sim-shrink.ts';

test('what is kept of a plan is written and read', () => {
  expect(keepText([1, 4, 5, 6, 9, 10])).toBe('1,4-6,9-10');
  expect(keepOf('1,4-6,9-10')).toEqual([1, 4, 5, 6, 9, 10]);
  expect(() => keepOf('1,x')).toThrow(RangeError);
});

test('a failing plan shrinks to the two events that it takes', async () => {
  const plan = planOf(3);
  const [a, b] = [plan.events[17], plan.events[40]];
  const fails = async ({ events }: typeof plan) =>
    a && b && events.includes(a) && events.includes(b) ? `Violation: I1: ${events.length}` : undefined;
  const { keep, message } = await shrink(plan, 'Violation: I1: many', fails, 1_000);
  expect(keep).toEqual([17, 40]);
  expect(message).toBe('Violation: I1: 2');
  expect(planOfKept(plan, keep).events).toEqual([a, b]);
});

test('another failure is not taken for the same one', async () => {
  const plan = planOf(3);
  const { keep } = await shrink(plan, 'Violation: I1: x', async () => 'Violation: L1: y', 100);
  expect(keep).toHaveLength(plan.events.length);
});
