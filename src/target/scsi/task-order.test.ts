import { expect, test } from '@jest/globals';
import { TaskOrder, taskAttribute } from './task-order.ts';

const { simple, ordered, headOfQueue } = taskAttribute;

/** A task that ends when told to. */
function task(name: string, log: string[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    start: () => {
      log.push(name);
      return promise;
    },
    end: async () => {
      resolve();
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    },
  };
}

test('simple tasks start at once, side by side', () => {
  const [order, log] = [new TaskOrder(), [] as string[]];
  void order.run(simple, task('a', log).start);
  void order.run(simple, task('b', log).start);
  expect(log).toEqual(['a', 'b']);
});

test('an ordered task waits for all before it and holds back all behind it; head of queue waits for nobody', async () => {
  const [order, log] = [new TaskOrder(), [] as string[]];
  const [a, b, o, c, d] = ['a', 'b', 'ordered', 'c', 'd'].map((name) => task(name, log));
  const head = task('head', log);
  void order.run(simple, a!.start);
  void order.run(simple, b!.start);
  void order.run(ordered, o!.start);
  void order.run(simple, c!.start);
  void order.run(headOfQueue, head.start);
  await a!.end();
  expect(log).toEqual(['a', 'b', 'head']);
  await b!.end();
  expect(log).toEqual(['a', 'b', 'head', 'ordered']);
  await o!.end();
  expect(log).toEqual(['a', 'b', 'head', 'ordered', 'c']);
  await c!.end();
  void order.run(simple, d!.start);
  expect(log.at(-1)).toBe('d');
});

test('a task that fails lets the next one go', async () => {
  const [order, log] = [new TaskOrder(), [] as string[]];
  const failing = order.run(ordered, () => Promise.reject(new Error('no')));
  const next = task('next', log);
  void order.run(simple, next.start);
  await expect(failing).rejects.toThrow('no');
  await next.end();
  expect(log).toEqual(['next']);
});
