import { expect, test } from '@jest/globals';
import { stat } from 'node:fs';
import { OperationQueue } from './operation-queue.ts';

const open = (deadlineMs: number) =>
  new OperationQueue({ operationsMax: 1, deadlineMs, onLate: () => new Error('late') });

/** Undefined: in time. */
const outcomeOf = (queue: OperationQueue, start: (done: () => void) => void): Promise<string | undefined> =>
  new Promise((resolve) =>
    queue.add({
      what: 'read',
      offsetBytes: 0,
      lengthBytes: 0,
      start: (done) => start(() => done(null, 0)),
      settle: (error) => resolve(error?.message),
    }),
  );

test('what a device never answers is late', async () => {
  expect(await outcomeOf(open(40), () => undefined)).toBe('late');
});

test('a process that stood still does not take the device for late: its answer waits to be heard', async () => {
  const outcome = outcomeOf(open(80), (done) => stat('/', done));
  // as after SIGSTOP and SIGCONT: the timer is due before any answer is looked for
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  expect(await outcome).toBeUndefined();
});
