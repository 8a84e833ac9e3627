import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assert } from '../../shared/assert.ts';
import { holdTxgs, Space, unitsPerPage } from './space.ts';

const units = (space: Space, countMax: number) => {
  const run = space.alloc(countMax);
  return run === undefined ? [] : Array.from({ length: run.count }, (_, i) => run.unit + i);
};

test('gives contiguous units, front to back, in turns of 1 MiB from each group', () => {
  const space = new Space([1_024, 1_024]);
  expect([space.alloc(100), space.alloc(200)]).toEqual([
    { unit: 0, count: 100 },
    { unit: 100, count: 200 },
  ]);
  expect(space.alloc(10)).toEqual({ unit: 1_024, count: 10 });
});

test('a run ends where units are in use, and at the end of its group', () => {
  const space = new Space([64]);
  for (const unit of units(space, 64)) space.enliven(unit);
  for (const unit of [5, 6, 7, 40, 63]) space.free(unit, 1);
  space.release(1);
  expect([space.alloc(9), space.alloc(9), space.alloc(9), space.alloc(9)]).toEqual([
    { unit: 5, count: 3 },
    { unit: 40, count: 1 },
    { unit: 63, count: 1 },
    undefined,
  ]);
});

test('what is freed is given out again only when it is released', () => {
  const space = new Space([32]);
  for (const unit of units(space, 32)) space.enliven(unit);
  space.free(3, 7);
  space.free(4, 8);
  expect([space.freeUnits, space.heldUnits, space.liveUnits, space.alloc(1)]).toEqual([0, 2, 30, undefined]);
  space.release(9 - holdTxgs);
  expect([space.freeUnits, space.heldUnits, space.alloc(9)]).toEqual([1, 1, { unit: 3, count: 1 }]);
});

test('freeing twice, or what was never live, is a broken invariant', () => {
  const space = new Space([32]);
  space.alloc(2);
  expect(() => space.free(0, 1)).toThrow('twice');
  space.enliven(0);
  space.free(0, 1);
  expect(() => space.free(0, 1)).toThrow('twice');
  expect(() => space.drop(9, 1)).toThrow('busy');
});

test('pages carry the live bits alone, and only pages that changed are written', () => {
  const space = new Space([3 * unitsPerPage]);
  const [a = 0, b = 0] = units(space, 2);
  expect(space.takeDirtyPages()).toEqual([]);
  space.enliven(b);
  expect(space.takeDirtyPages()).toEqual([0]);
  const again = new Space([3 * unitsPerPage]);
  again.loadPage(0, space.page(0));
  expect([again.isLive(a), again.isLive(b), again.liveUnits, again.freeUnits]).toEqual([
    false,
    true,
    1,
    3 * unitsPerPage - 1,
  ]);
  expect([again.loadOwn(b), again.loadOwn(a), again.freeUnits]).toEqual([false, true, 3 * unitsPerPage - 2]);
});

test('never gives a unit out twice, and loses none (seeds are printed)', () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('alloc' as const), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ do: fc.constant('free' as const), count: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ do: fc.constant('commit' as const), count: fc.constant(0) }),
  );
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 200 }),
      fc.constantFrom([64], [32, 96], [32, 32, 64]),
      (actions, groups) => {
        const space = new Space(groups);
        const mine: number[] = [];
        const held: { readonly unit: number; readonly txg: number }[] = [];
        let txg = 1;
        for (const step of actions) {
          if (step.do === 'alloc') {
            for (const unit of units(space, step.count)) {
              assert(
                !mine.includes(unit) && !held.some((each) => each.unit === unit),
                `unit ${unit} is given out twice`,
              );
              space.enliven(unit);
              mine.push(unit);
            }
          } else if (step.do === 'free')
            for (const unit of mine.splice(0, step.count)) {
              space.free(unit, txg);
              held.push({ unit, txg });
            }
          else {
            space.release(txg - holdTxgs);
            held.splice(0, held.length, ...held.filter((each) => each.txg > txg - holdTxgs));
            txg++;
          }
          expect([space.liveUnits, space.heldUnits, space.freeUnits]).toEqual([
            mine.length,
            held.length,
            space.totalUnits - mine.length - held.length,
          ]);
        }
      },
    ),
    { numRuns: 50 },
  );
});
