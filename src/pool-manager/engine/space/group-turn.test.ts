import { expect, test } from '@jest/globals';
import { nextGroup } from './group-turn.ts';
import { stateCode } from './segments.ts';

/** A group that ends a batch every so many turns, and is behind with two of them. */
function fakeGroup(freeSegments: number, turnsPerBatch: number) {
  const inState = new Uint32Array(8);
  inState[stateCode.free] = freeSegments;
  let under = 0;
  let taken = 0;
  let turns = 0;
  return {
    inState,
    dataUnits: 1_000,
    credit: 0,
    group: {
      get isBusy() {
        return under >= 2;
      },
    },
    take() {
      under++;
      taken++;
    },
    turn() {
      turns++;
      if (turns % turnsPerBatch === 0 && under > 0) under--;
    },
    get taken() {
      return taken;
    },
  };
}

/** Batches that each group got. */
function shares(...groups: readonly ReturnType<typeof fakeGroup>[]): readonly number[] {
  for (let turn = 0; turn < 1_000; turn++) {
    groups[nextGroup(groups, () => true)]?.take();
    for (const group of groups) group.turn();
  }
  return groups.map(({ taken }) => taken);
}

test('of groups with the same room one that is slow gets what it can write', () => {
  const [slow = 0, fast = 0] = shares(fakeGroup(100, 5), fakeGroup(100, 1));
  expect(slow).toBeGreaterThanOrEqual(200);
  expect(slow).toBeLessThan(210);
  expect(slow + fast).toBe(1_000);
});

test('as fast as each other they get the same, and by their room when they have more of it', () => {
  expect(shares(fakeGroup(100, 1), fakeGroup(100, 1))).toEqual([500, 500]);
  const [more = 0, less = 0] = shares(fakeGroup(300, 1), fakeGroup(100, 1));
  expect(more / less).toBeGreaterThan(2.9);
  expect(more / less).toBeLessThan(3.1);
});

test('where all are behind nobody waits for the one with the least room', () => {
  const groups = [fakeGroup(100, 1_000), fakeGroup(300, 1_000)];
  const [less = 0, more = 0] = shares(...groups);
  expect(more / less).toBeGreaterThan(2.9);
  expect(less + more).toBe(1_000);
});

test('a group that can take none is passed over, fast or not', () => {
  const groups = [fakeGroup(0, 1), fakeGroup(100, 1_000)];
  for (let turn = 0; turn < 10; turn++) expect(nextGroup(groups, (index) => index === 1)).toBe(1);
});
