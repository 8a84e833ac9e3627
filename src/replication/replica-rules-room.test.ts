/** What a replica tells its target of its pool's room (R17): the target counts what it sent as gone until it hears again. */
import { expect, test } from '@jest/globals';
import { write } from '../testing/replication/bench.ts';
import { inSync, t1, t2 } from '../testing/replication/replica-scenes.ts';

const lowBytes = 4 * 4096;
const room = (blocks: number) => ({ freeBytes: blocks * 4096, lowBytes });

/** In sync, with a target that was told of room for 100 blocks, and then sends writes by fours. */
function told() {
  const bench = inSync();
  bench.core.setSpace(false, room(100));
  let number = 11;
  const sends = (count: number) => {
    for (let i = 0; i < count; i++, number++) bench.entry(1, t1, number, write(i % 4, number));
  };
  return { bench, sends };
}

test('R17: a target that sends hears what is left after each quarter of the margin, and not before', () => {
  const { bench, sends } = told();
  expect(bench.last('space')).toMatchObject({ low: false, room: room(100) });
  sends(1); // a quarter
  bench.core.setSpace(false, room(99));
  expect([bench.count('space'), bench.last('space')?.room]).toEqual([2, room(99)]);
  bench.core.setSpace(false, room(99));
  expect(bench.count('space')).toBe(2);
});

test('R17: a target that has sent a little and sends no more hears what is left with the look after it', () => {
  const { bench, sends } = told();
  bench.core.setSpace(false, { freeBytes: 100 * 4096, lowBytes: 40 * 4096 });
  const before = bench.count('space');
  sends(1); // a fortieth
  bench.core.setSpace(false, { freeBytes: 99 * 4096, lowBytes: 40 * 4096 });
  expect(bench.count('space')).toBe(before);
  bench.core.setSpace(false, { freeBytes: 99 * 4096, lowBytes: 40 * 4096 });
  expect([bench.count('space'), bench.last('space')?.room?.freeBytes]).toEqual([before + 1, 99 * 4096]);
});

test('R17: whoever comes next hears of the room before anything is reported', () => {
  const { bench } = told();
  bench.promise(2, t2);
  bench.commit();
  expect(bench.last('space')).toMatchObject({ epoch: t2.epoch, room: room(100) });
});
