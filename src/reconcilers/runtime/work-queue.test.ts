import { beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../testing/manual-clock.ts';
import { WorkQueue } from './work-queue.ts';

let clock: ManualClock;
let readyCalls: number;
let queue: WorkQueue;
beforeEach(() => {
  clock = new ManualClock();
  readyCalls = 0;
  queue = new WorkQueue({
    clock,
    random: () => 0,
    backoff: { firstMs: 500, maxMs: 300_000 },
    onReady: () => void readyCalls++,
  });
});
const takeAll = (): string[] => {
  const names: string[] = [];
  for (let name = queue.take(); name !== undefined; name = queue.take()) names.push(name);
  return names;
};

test('a name is in the queue once, in the order of arrival', () => {
  for (const name of ['a', 'b', 'a', 'c', 'b']) queue.add(name);
  expect(queue.depth).toBe(3);
  expect(takeAll()).toEqual(['a', 'b', 'c']);
  expect([queue.depth, queue.working]).toEqual([0, 3]);
});

test('a name added while it is worked on comes once more, afterwards', () => {
  queue.add('a');
  queue.take();
  queue.add('a');
  queue.add('a');
  expect(takeAll()).toEqual([]);
  queue.done('a');
  expect(takeAll()).toEqual(['a']);
  queue.done('a');
  expect(takeAll()).toEqual([]);
});

test('a delayed name comes when its time has come', () => {
  queue.addAfter('a', 1_000);
  clock.advance(999);
  expect(takeAll()).toEqual([]);
  clock.advance(1);
  expect(readyCalls).toBe(1);
  expect(takeAll()).toEqual(['a']);
});

test('of two delays the earlier one counts', () => {
  queue.addAfter('a', 1_000);
  queue.addAfter('a', 5_000);
  queue.addAfter('a', 200);
  clock.advance(200);
  expect(takeAll()).toEqual(['a']);
  queue.done('a');
  clock.advance(10_000);
  expect(takeAll()).toEqual([]);
  expect(clock.timers).toBe(0);
});

test('work on a name ends its waiting', () => {
  queue.addAfter('a', 1_000);
  queue.add('a');
  expect(takeAll()).toEqual(['a']);
  queue.done('a');
  clock.advance(5_000);
  expect(takeAll()).toEqual([]);
});

test('the delay doubles with each failure, to a bound, and begins anew after success', () => {
  const delays = Array.from({ length: 12 }, () => {
    const delay = queue.retry('a');
    clock.advance(delay);
    expect(takeAll()).toEqual(['a']);
    queue.done('a');
    return delay;
  });
  expect(delays).toEqual([500, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 64e3, 128e3, 256e3, 300e3, 300e3]);
  queue.forget('a');
  expect([queue.failures('a'), queue.retry('a')]).toEqual([0, 500]);
});

test('a change cuts the back-off short but does not forget it', () => {
  queue.retry('a');
  queue.retry('a');
  queue.add('a');
  expect(takeAll()).toEqual(['a']);
  expect(queue.failures('a')).toBe(2);
});

test('closed, it hands out nothing and holds no timer', () => {
  queue.add('a');
  queue.addAfter('b', 100);
  queue.close();
  queue.add('c');
  queue.addAfter('d', 1);
  clock.advance(1_000);
  expect([takeAll(), queue.depth, clock.timers]).toEqual([[], 0, 0]);
});

test('never twice at once, and never lost: after the last add there is always a later take', () => {
  const actions = ['add', 'after', 'retry', 'take', 'done', 'wait'] as const;
  const step = fc.record({ action: fc.constantFrom(...actions), name: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const local = new ManualClock();
      const subject = new WorkQueue({
        clock: local,
        random: () => 0.5,
        backoff: { firstMs: 10, maxMs: 50 },
        onReady: () => undefined,
      });
      const wanted = new Set<string>();
      const working: string[] = [];
      const take = () => {
        const name = subject.take();
        if (name === undefined) return false;
        expect(working).not.toContain(name);
        working.push(name);
        wanted.delete(name);
        return true;
      };
      const act: Record<(typeof actions)[number], (name: string) => unknown> = {
        add: (name) => [subject.add(name), wanted.add(name)],
        after: (name) => [subject.addAfter(name, 20), wanted.add(name)],
        retry: (name) => [subject.retry(name), wanted.add(name)],
        take,
        done: () => working.splice(0, 1).map((name) => subject.done(name)),
        wait: () => local.advance(15),
      };
      for (const { action, name } of steps) act[action](name);
      for (let round = 0; round < 10; round++) {
        for (const name of working.splice(0)) subject.done(name);
        local.advance(100);
        while (take());
      }
      expect([...wanted]).toEqual([]);
    }),
  );
});
