import { expect, test } from '@jest/globals';
import { ManualClock, settled } from '../../../testing/manual-clock.ts';
import { Checkpoints } from './checkpoints.ts';

/** Checkpoints that end when they are told to. */
function openCheckpoints() {
  const clock = new ManualClock();
  const state = { begun: 0, underWay: 0, together: 0, dirty: false, idle: 0, failures: [] as string[] };
  const ends: PromiseWithResolvers<void>[] = [];
  const checkpoints = new Checkpoints({
    clock,
    everyMs: 5_000,
    run: async () => {
      state.begun++;
      state.together = Math.max(state.together, ++state.underWay);
      const end = Promise.withResolvers<void>();
      ends.push(end);
      await end.promise.finally(() => state.underWay--);
    },
    isDirty: () => state.dirty,
    onIdle: () => void state.idle++,
    onFailure: (error) => {
      state.failures.push(error.message);
      checkpoints.fail(error);
    },
  });
  const end = async () => {
    ends.shift()?.resolve();
    await settled();
  };
  return { checkpoints, clock, state, end, ends };
}

test('one at a time, and who asks during one gets the next one', async () => {
  const { checkpoints, state, end } = openCheckpoints();
  const answered: string[] = [];
  void checkpoints.after().then(() => answered.push('a'));
  void checkpoints.after().then(() => answered.push('b'));
  await settled();
  void checkpoints.after().then(() => answered.push('c'));
  await end();
  expect([answered, state.begun]).toEqual([['a', 'b'], 2]);
  await end();
  expect([answered, state.together]).toEqual([['a', 'b', 'c'], 1]);
});

test('one begins by itself some seconds after a change, and a few follow the last one', async () => {
  const { checkpoints, clock, state, end } = openCheckpoints();
  checkpoints.start();
  const rounds = async (count: number) => {
    for (let i = 0; i < count; i++) {
      clock.advance(5_000);
      await settled();
      await end();
    }
  };
  state.dirty = true;
  await rounds(2);
  expect(state.begun).toBe(2);
  state.dirty = false;
  await rounds(10);
  expect([state.begun, state.idle]).toEqual([4, 10]);
});

test('the last one waits for the one under way, and none follows it, whoever asks', async () => {
  const { checkpoints, state, end } = openCheckpoints();
  checkpoints.want();
  await settled();
  let finished = false;
  void checkpoints.finish().then(() => (finished = true));
  await end(); // the one under way
  await end(); // the one that `finish` waited for
  checkpoints.want();
  await end();
  checkpoints.want();
  await settled();
  expect([finished, state.begun, state.together]).toEqual([true, 3, 1]);
});

test('one that fails ends them all', async () => {
  const { checkpoints, state, ends } = openCheckpoints();
  const first = checkpoints.after();
  await settled();
  const second = checkpoints.after();
  ends[0]?.reject(new Error('no device'));
  await expect(first).rejects.toThrow('no device');
  await expect(second).rejects.toThrow('no device');
  await expect(checkpoints.after()).rejects.toThrow('no device');
  expect([state.failures, state.begun]).toEqual([['no device'], 1]);
});
