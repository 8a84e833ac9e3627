import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  adopt,
  commonPoint,
  compareHistories,
  cutHistory,
  emptyHistory,
  isHistory,
  type History,
} from './history.ts';

/** `h('1:10 2:20<15', 22)`: epoch 1 from 10, epoch 2 from 20 after the first one ended at 15; last 22. */
function h(text: string, last: number): History {
  const epochs = text
    .split(' ')
    .filter(Boolean)
    .map((part) => {
      const [epoch = '', first = '', previousLast = '0'] = part.split(/[:<]/);
      return { epoch: Number(epoch), first: Number(first), previousLast: Number(previousLast) };
    });
  return { epochs, last };
}

// prettier-ignore
test.each([
  // a                        b                         common point
  [h('', 0),                  h('', 0),                  0],
  [h('', 0),                  h('1:10', 12),             0],
  [h('1:10', 15),             h('1:10', 12),            12],
  [h('1:10', 15),             h('1:10 2:20<12', 22),    12], //  b's epoch 1 ended before a's
  [h('1:10', 11),             h('1:10 2:20<12', 22),    11],
  [h('1:10 2:20<12', 25),     h('1:10 2:20<12', 22),    22],
  [h('1:10 2:20<12', 25),     h('1:10 3:30<15', 31),    12], //  fork after epoch 1: the smaller end
  [h('1:10 2:20<15', 25),     h('1:10 3:30<12', 31),    12],
  [h('1:10 2:20<12', 25),     h('1:10 2:21<12', 25),    12], //  same epoch, other first number: not the same
  [h('2:20', 25),             h('3:30', 35),             0], //  cut histories that share nothing
  [h('3:30<25', 35),          h('2:20 3:30<25', 33),    33],
  [h('1:10 1:30<15', 35),     h('1:10', 28),            15], //  what a return has undone
  [h('1:10 1:30<15', 35),     h('1:10 1:40<20', 45),    15], //  two ways to go on
  [h('1:10 1:30<15', 35),     h('1:10 1:30<15', 32),    32],
])('common point %#', (a, b, expected) => {
  expect([commonPoint(a, b), commonPoint(b, a)]).toEqual([expected, expected]);
});

// prettier-ignore
test.each([
  // newer                    older
  [h('1:10', 11),             h('1:10', 10)],
  [h('1:10', 10),             h('', 0)],
  [h('1:10 2:20<10', 20),     h('1:10', 15)],
  [h('1:10 2:14<10', 14),     h('1:10', 18)], //  R6: not by number only
])('R6: newer by epoch, then by number %#', (a, b) => {
  expect([Math.sign(compareHistories(a, b)), Math.sign(compareHistories(b, a))]).toEqual([1, -1]);
});

test.each([
  [h('1:10', 9), false],
  [h('1:10 1:20<12', 21), true], //        a return to the snapshot taken at 12
  [h('1:10 1:12<12', 21), false],
  [h('0:10', 12), false],
  [h('2:10 1:20<12', 21), false],
  [h('1:10 2:12<12', 13), false],
  [h('1:10 2:20<9', 22), false],
  [h('1:10 2:20<10', 20), true],
  [h('', 0), true],
])('is a history %#', (history, expected) => {
  expect(isHistory(history)).toBe(expected);
});

/** Every write as an item of its own: what the short form stands for. */
type Entries = readonly string[];

test('property: the common point is the longest common prefix of the entries', () => {
  // A tree of histories: each step either appends to one of them or adopts a prefix of one in a new epoch.
  const step = fc.tuple(fc.nat(), fc.nat(), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const all: { history: History; entries: Entries }[] = [{ history: emptyHistory, entries: [] }];
      let epoch = 0;
      let highest = 0;
      for (const [which, cut, adopts] of steps) {
        const from = all[which % all.length] ?? { history: emptyHistory, entries: [] };
        const { history, entries } = from;
        if (adopts || history.epochs.length === 0) {
          epoch += 1;
          highest += 1 + (cut % 3);
          all.push({ history: adopt(history, epoch, highest), entries: [...entries, `${epoch}/${highest}`] });
        } else {
          const last = history.last + 1;
          // one epoch has one writer: nobody appends twice after the same entry
          const newest = history.epochs.at(-1)?.epoch ?? 0;
          if (all.some((other) => other.entries.includes(`${newest}/${last}`))) continue;
          highest = Math.max(highest, last);
          all.push({ history: { ...history, last }, entries: [...entries, `${newest}/${last}`] });
        }
      }
      for (const a of all)
        for (const b of all) {
          let shared = 0;
          while (shared < a.entries.length && a.entries[shared] === b.entries[shared]) shared += 1;
          expect(commonPoint(a.history, b.history)).toBe(Number(a.entries[shared - 1]?.split('/')[1] ?? 0));
        }
    }),
  );
});

test('epochs that all have settled are cut, the newest stays', () => {
  const { epochs } = h('1:10 2:20<12 5:30<25', 31);
  expect(cutHistory(epochs, 2).map((start) => start.epoch)).toEqual([2, 5]);
  expect(cutHistory(epochs, 9).map((start) => start.epoch)).toEqual([5]);
});
