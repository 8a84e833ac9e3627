/** How many are enough. RF is the number of members; see docs/replication.md for what follows from each. */
import { assert } from '../shared/assert.ts';

export const membersMax = 5;

/** Consistency factor: a write is acknowledged, and a flush completed, by this many replicas in sync. */
export const ackQuorum = (members: number): number => {
  assert(
    Number.isInteger(members) && members >= 1 && members <= membersMax,
    `no volume has ${members} replicas`,
  );
  return Math.floor(members / 2) + 1;
};

/** Promises that a target needs before it chooses a history (R4): any set of so many meets every acknowledging set. */
export const promiseQuorum = (members: number): number =>
  Math.max(members - ackQuorum(members) + 1, ackQuorum(members));

/** Leases without which nothing is answered (R27): so many that no other target can collect its promises meanwhile. */
export const leaseQuorum = (members: number): number => members - promiseQuorum(members) + 1;

/** Clean reports that must have been heard so that no acknowledged write can be missing (R5). */
export const cleanQuorum = (members: number): number => members - ackQuorum(members) + 1;

/** The highest number that `count` of these have reached; 0 when they are fewer. */
export function reachedBy(numbers: readonly number[], count: number): number {
  let highest = 0;
  for (const number of numbers) {
    if (number <= highest) continue;
    let reached = 0;
    for (const other of numbers) if (other >= number) reached += 1;
    if (reached >= count) highest = number;
  }
  return highest;
}
