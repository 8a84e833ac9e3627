import { expect, test } from '@jest/globals';
import { findCondition, isTrue, removeCondition, setCondition } from './conditions.ts';

const [t1, t2] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
const ready = { type: 'Ready', status: 'True', reason: 'Serving', message: '' } as const;
const other = {
  type: 'Other',
  status: 'False',
  reason: 'No',
  message: 'no',
  lastTransitionTime: t1,
} as const;

test.each([undefined, null, []])('the first condition of %j', (none) => {
  expect(setCondition(none, ready, t1)).toEqual([{ ...ready, lastTransitionTime: t1 }]);
});

test('the time moves when status does, and only then', () => {
  const first = setCondition([other], ready, t1);
  expect(setCondition(first, ready, t2)).toEqual(first);
  expect(setCondition(first, { ...ready, reason: 'Else', observedGeneration: 3 }, t2)).toEqual([
    other,
    { ...ready, reason: 'Else', observedGeneration: 3, lastTransitionTime: t1 },
  ]);
  expect(setCondition(first, { ...ready, status: 'False' }, t2)).toEqual([
    other,
    { ...ready, status: 'False', lastTransitionTime: t2 },
  ]);
});

test('a stored condition keeps its place and the fields of other writers', () => {
  const stored = [{ ...ready, lastProbeTime: t1, lastTransitionTime: t1 }, other];
  expect(setCondition(stored, { ...ready, message: 'new' }, t2)).toEqual([
    { ...ready, message: 'new', lastProbeTime: t1, lastTransitionTime: t1 },
    other,
  ]);
});

test('a stored condition without a time gets one', () => {
  expect(setCondition([{ type: 'Ready', status: 'True' }], ready, t2)).toEqual([
    { ...ready, lastTransitionTime: t2 },
  ]);
});

test('find, test, remove', () => {
  const both = [...setCondition([other], ready, t1)];
  expect(findCondition(both, 'Ready')?.reason).toBe('Serving');
  expect(findCondition(null, 'Ready')).toBeUndefined();
  expect([isTrue(both, 'Ready'), isTrue(both, 'Other'), isTrue(undefined, 'Ready')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(removeCondition(both, 'Ready')).toEqual([other]);
});
