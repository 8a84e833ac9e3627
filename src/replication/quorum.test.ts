import { expect, test } from '@jest/globals';
import { ackQuorum, cleanQuorum, leaseQuorum, promiseQuorum, reachedBy } from './quorum.ts';

// prettier-ignore
test.each([
  // RF CF  P lease clean
  [ 1,  1,  1,  1,  1],
  [ 2,  2,  2,  1,  1],
  [ 3,  2,  2,  2,  2],
  [ 4,  3,  3,  2,  2],
  [ 5,  3,  3,  3,  3],
])('RF %d', (members, ack, promise, lease, clean) => {
  expect([ackQuorum(members), promiseQuorum(members), leaseQuorum(members), cleanQuorum(members)]).toEqual([
    ack, promise, lease, clean,
  ]);
  // every recovery meets every acknowledgement, any two recoveries meet, and no recovery fits beside the leases
  expect(ack + promise).toBeGreaterThan(members);
  expect(promise + promise).toBeGreaterThan(members);
  expect(lease + promise).toBeGreaterThan(members);
});

// prettier-ignore
test.each([
  [[],        1, 0],
  [[5],       1, 5],
  [[5],       2, 0],
  [[5, 9, 7], 2, 7],
  [[7, 7, 3], 2, 7],
  [[1, 2, 3, 4, 5], 3, 3],
])('%j by %d: %d', (numbers, count, expected) => {
  expect(reachedBy(numbers, count)).toBe(expected);
});

test('no volume has 0, 6 or 2.5 replicas', () => {
  for (const members of [0, 6, 2.5]) expect(() => ackQuorum(members)).toThrow('no volume has');
});
