import { expect, test } from '@jest/globals';
import { planForced, type ForcedSeen } from './forced.ts';

const replica = (pool: string) => ({
  name: `v-${pool}`,
  pool,
  replicaId: `id-${pool}`,
  deleting: false,
  ours: true,
});
const seen = (annotation: string | undefined, more: Partial<ForcedSeen> = {}): ForcedSeen => ({
  volume: 'v',
  annotation,
  serving: false,
  volumeUid: 'u',
  wish: ['a', 'b', 'c'],
  pools: [],
  replicas: ['a', 'b', 'c'].map(replica),
  membership: { current: { version: 4, members: { 'id-a': 'ga', 'id-b': 'gb', 'id-c': 'gc' } } },
  target: {
    version: 4,
    settled: false,
    states: { 'id-a': 'Attaching', 'id-b': 'Offline', 'id-c': 'Offline' },
  },
  ...more,
});
const said = 'volume=v version=4 survivors=a loss=flushed';

test('R36: who is left goes on under the next version, the others are named', () => {
  expect(planForced(seen(said))).toEqual({
    do: 'force',
    record: { version: 5, members: { 'id-a': 'ga' } },
    pools: ['a'],
    givenUp: ['b', 'c'],
  });
});

test('R36: a change that may have begun is passed by, and its members count when the loss is reckoned', () => {
  const membership = {
    ...seen(said).membership,
    next: { version: 6, members: { 'id-a': 'ga', 'id-b': 'gb' } },
    withdrawn: { version: 5, members: { 'id-a': 'ga', 'id-c': 'gc' } },
  };
  expect(planForced(seen(said, { membership }))).toMatchObject({ do: 'force', record: { version: 7 } });
});

// prettier-ignore
test.each([
  // annotation                                            says
  ['yes',                                                  'give "volume=NAME'],
  ['volume=v version=4 survivors=a',                       'give "volume=NAME'],
  ['volume=v version=x survivors=a loss=flushed',          'give "volume=NAME'],
  ['volume=w version=4 survivors=a loss=flushed',          'name v'],
  ['volume=v version=5 survivors=a loss=flushed',          '4 is: look again'],
  ['volume=v version=4 survivors=a loss=unflushed',        'naming the loss flushed'],
  ['volume=v version=4 survivors=b loss=flushed',          'a is not lost'],
  ['volume=v version=4 survivors=a,b loss=flushed',        'are a quorum'],
])('R36: %s is refused', (annotation, says) => {
  const plan = planForced(seen(annotation));
  expect(plan.do === 'refuse' && plan.why.message).toContain(says);
});

test('R36: said once it holds once, and nobody has to take the annotation away', () => {
  const later = { membership: { current: { version: 5, members: { 'id-a': 'ga' }, forced: true as const } } };
  expect(planForced(seen(said, later))).toEqual({ do: 'nothing' });
  expect(planForced(seen(undefined))).toEqual({ do: 'nothing' });
});
