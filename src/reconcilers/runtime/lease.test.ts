import { expect, test } from '@jest/globals';
import { heldBy, LeaseObserver, released, type Lease } from './lease.ts';

const of = { namespace: 'openebs', name: 'operator', identity: 'a', durationMs: 15_000 };
const now = new Date('2026-01-02T03:04:05.678Z');
const lease = (holder: string, version: number, durationSeconds = 15): Lease => ({
  metadata: { namespace: 'openebs', name: 'operator', resourceVersion: String(version) },
  spec: { holderIdentity: holder, leaseDurationSeconds: durationSeconds, leaseTransitions: 4 },
});

// prettier-ignore
test.each([
  // what was read at which second                                                         steps
  [[[0, undefined]],                                                                       ['create']],
  [[[0, lease('', 1)]],                                                                    ['take']],
  [[[0, lease('a', 1)]],                                                                   ['renew']], // before a restart of ours
  [[[0, lease('b', 1)], [14, lease('b', 1)], [15, lease('b', 1)]],                         ['wait', 'wait', 'take']],
  [[[0, lease('b', 1)], [14, lease('b', 2)], [28, lease('b', 2)], [29, lease('b', 2)]],    ['wait', 'wait', 'wait', 'take']],
  [[[0, lease('b', 1)], [14, lease('c', 2)], [16, lease('c', 2)]],                         ['wait', 'wait', 'wait']],
  [[[0, lease('b', 1, 60)], [16, lease('b', 1, 60)]],                                      ['wait', 'wait']], // as long as it promised
  [[[0, lease('b', 1)], [3, lease('', 2)]],                                                ['wait', 'take']],
] as [[number, Lease | undefined][], string[]][])('%j', (reads, steps) => {
  const observer = new LeaseObserver('a');
  expect(reads.map(([second, read]) => observer.step(read, second * 1000))).toEqual(steps);
});

test('a lease that is made, taken, renewed and given back', () => {
  const time = '2026-01-02T03:04:05.678000Z';
  const made = heldBy(undefined, of, now);
  expect(made.metadata).toEqual({ namespace: 'openebs', name: 'operator' });
  expect(made.spec).toEqual({
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  });
  const taken = heldBy(lease('b', 7), of, now);
  expect([taken.spec?.leaseTransitions, taken.metadata.resourceVersion]).toEqual([5, '7']);
  const renewed = heldBy({ ...made, spec: { ...made.spec, acquireTime: 'then' } }, of, now);
  expect([renewed.spec?.leaseTransitions, renewed.spec?.acquireTime]).toEqual([0, 'then']);
  expect(released(made, now).spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
});
