import { expect, test } from '@jest/globals';
import type { ObjectKey } from '../../api/object-meta.ts';
import { silentLog, type Log } from '../../shared/log.ts';
import { ManualClock, settled } from '../../testing/manual-clock.ts';
import { ApiError, ApiUnreachable } from './api-error.ts';
import {
  done,
  runController,
  TerminalError,
  type ControllerOptions,
  type Requeue,
  type Watch,
} from './controller.ts';

/** A watch that a test plays. */
class Names implements Watch {
  readonly known: ObjectKey[] = [];
  add: (key: ObjectKey) => void = () => undefined;
  start(add: (key: ObjectKey) => void): () => void {
    this.add = add;
    return () => (this.add = () => undefined);
  }
  names(): ObjectKey[] {
    return this.known;
  }
}

function play(
  answer: (name: string, call: number) => Requeue | Promise<Requeue>,
  more: Partial<ControllerOptions> = {},
) {
  const clock = new ManualClock();
  const names = new Names();
  const calls: string[] = [];
  const outcomes: string[] = [];
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  const controller = runController({
    name: 'test',
    watches: [names],
    log,
    clock,
    random: () => 0,
    metrics: { depth: () => undefined, reconciled: (_, outcome) => void outcomes.push(outcome) },
    reconcile: async ({ name }) => {
      calls.push(`${name} ${clock.nowMs()}`);
      return await answer(name, calls.length);
    },
    ...more,
  });
  return { clock, names, calls, outcomes, errors, controller };
}

test('called when something changed, and after the delay it asked for', async () => {
  const { clock, names, calls, outcomes, controller } = play((_, call) =>
    call === 1 ? { afterMs: 2_000 } : done,
  );
  names.add({ name: 'a' });
  await clock.advanceSettled(10_000);
  expect([calls, outcomes]).toEqual([
    ['a 0', 'a 2000'],
    ['again', 'done'],
  ]);
  await controller.stop();
});

test('errors: back-off; the same work later succeeds', async () => {
  const { clock, names, calls, outcomes, errors, controller } = play((_, call) => {
    if (call <= 3) throw new Error('not yet');
    return done;
  });
  names.add({ name: 'a' });
  await clock.advanceSettled(10_000);
  expect(calls).toEqual(['a 0', 'a 500', 'a 1500', 'a 3500']);
  expect(outcomes).toEqual(['error', 'error', 'error', 'done']);
  expect(errors.length).toBe(3);
  await controller.stop();
});

test('a conflict is no error: it is looked at again soon', async () => {
  const { clock, names, calls, outcomes, errors, controller } = play((_, call) => {
    if (call === 1) throw new ApiError(409, 'Conflict', 'changed');
    return done;
  });
  names.add({ name: 'a' });
  await clock.advanceSettled(1_000);
  expect([calls, outcomes, errors]).toEqual([['a 0', 'a 100'], ['conflict', 'done'], []]);
  await controller.stop();
});

test('an API server that is away fills no log and keeps nobody waiting for minutes', async () => {
  const { clock, names, calls, errors, controller } = play(() => {
    throw new ApiUnreachable('away');
  });
  names.add({ name: 'a' });
  await clock.advanceSettled(600_000, 1_000);
  expect([calls.slice(-2), errors]).toEqual([['a 595000', 'a 600000'], []]);
  await controller.stop();
});

test('what can not succeed waits for a change', async () => {
  const { clock, names, calls, controller } = play(() => {
    throw new TerminalError('spec.type is tape: use disk');
  });
  names.add({ name: 'a' });
  await clock.advanceSettled(100_000);
  expect(calls.length).toBe(1);
  names.add({ name: 'a' });
  await settled();
  expect(calls.length).toBe(2);
  await controller.stop();
});

test('never more names at once than workers, never one name twice', async () => {
  const atOnce: string[] = [];
  const most: number[] = [];
  const { clock, names, calls, controller } = play(
    async (name) => {
      expect(atOnce).not.toContain(name);
      atOnce.push(name);
      most.push(atOnce.length);
      await settled();
      atOnce.splice(atOnce.indexOf(name), 1);
      return done;
    },
    { workers: 3 },
  );
  for (let round = 0; round < 3; round++) {
    for (const name of ['a', 'b', 'c', 'd', 'e']) names.add({ name });
    await settled();
  }
  await clock.advanceSettled(1_000);
  expect(Math.max(...most)).toBe(3);
  expect(new Set(calls.map((call) => call.split(' ')[0])).size).toBe(5);
  await controller.stop();
});

test('resync calls for every known name', async () => {
  const { clock, names, calls, controller } = play(() => done, { resyncMs: 60_000 });
  names.known.push({ name: 'a' }, { namespace: 'ns', name: 'b' });
  await clock.advanceSettled(100_000, 1_000);
  expect(calls).toEqual(['a 45000', 'b 45000', 'a 90000', 'b 90000']);
  await controller.stop();
});

test('stopping waits for what is being worked on and aborts its signal', async () => {
  let aborted = false;
  let ended = false;
  const { names, controller } = play(() => done, {
    reconcile: async (_, signal) => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      aborted = signal.aborted;
      await settled();
      ended = true;
      return done;
    },
  });
  names.add({ name: 'a' });
  await settled();
  await controller.stop();
  expect([aborted, ended]).toEqual([true, true]);
});

test('a call that never ends: its signal is aborted after 5 minutes, after 10 it is called stuck', async () => {
  let signalled = false;
  const { clock, names, controller } = play(() => done, {
    reconcile: (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          if (signalled) resolve(done);
          signalled = true;
        });
      }),
  });
  names.add({ namespace: 'ns', name: 'a' });
  await clock.advanceSettled(299_000, 1_000);
  expect([signalled, controller.stuck()]).toEqual([false, undefined]);
  await clock.advanceSettled(2_000);
  expect([signalled, controller.stuck()]).toEqual([true, undefined]);
  await clock.advanceSettled(301_000, 1_000);
  expect(controller.stuck()).toBe('test works on ns/a for 602 s');
});
