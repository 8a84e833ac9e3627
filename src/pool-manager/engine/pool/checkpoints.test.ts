import { expect, test } from '@jest/globals';
import { ManualClock, settled } from '../../../testing/manual-clock.ts';
import { type CheckpointKind, Checkpoints } from './checkpoints.ts';

/** Checkpoints that end when they are told to. */
function openCheckpoints() {
  const clock = new ManualClock();
  const state = {
    kinds: [] as CheckpointKind[],
    begun: 0,
    underWay: 0,
    together: 0,
    dirty: false,
    idle: 0,
    looks: 0,
    failures: [] as string[],
  };
  const ends: PromiseWithResolvers<void>[] = [];
  const checkpoints = new Checkpoints({
    clock,
    everyMs: 5_000,
    restMs: 4_000,
    run: async (kind) => {
      state.begun++;
      state.kinds.push(kind);
      state.together = Math.max(state.together, ++state.underWay);
      const end = Promise.withResolvers<void>();
      ends.push(end);
      await end.promise.finally(() => state.underWay--);
    },
    isDirty: () => state.dirty,
    onLook: () => void state.looks++,
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
  /** The first one is made. */
  const begin = async () => {
    const begun = checkpoints.begin('table');
    await settled();
    await end();
    await begun;
    state.kinds = [];
    state.begun = 0;
  };
  return { checkpoints, clock, state, begin, end, ends };
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
  const { clock, state, begin, end } = openCheckpoints();
  await begin();
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
  await rounds(2);
  expect([state.begun, state.idle, state.looks]).toEqual([4, 2, 4]);
  const looks: number[] = [];
  for (let ms = 0; ms < 20_000; ms += 100) {
    clock.advance(100);
    if (state.looks > 4 + looks.length) looks.push(clock.nowMs());
  }
  expect(looks).toEqual([24_000, 28_000, 32_000, 36_000, 40_000]); // beats
  expect([state.begun, state.idle]).toEqual([4, 7]);
  state.dirty = true;
  clock.advance(4_000);
  await settled();
  expect(state.begun).toBe(5);
});

test('the last one waits for the one under way, and none follows it, whoever asks', async () => {
  const { checkpoints, state, begin, end } = openCheckpoints();
  await begin();
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

test('a pool begins with one, of its kind; what is wanted before is in it, what is wanted meanwhile follows', async () => {
  for (const kind of ['whole', 'table'] as const) {
    const { checkpoints, clock, state, end } = openCheckpoints();
    checkpoints.wantTable();
    checkpoints.want();
    await settled();
    expect(state.kinds).toEqual([]);
    let hasBegun = false;
    void checkpoints.begin(kind).then(() => (hasBegun = true));
    await settled();
    checkpoints.want();
    clock.advance(60_000);
    await settled();
    expect([state.kinds, hasBegun]).toEqual([[kind], false]);
    await end();
    expect([state.kinds, hasBegun, state.together]).toEqual([[kind, 'whole'], true, 1]);
  }
});

test('a root of the table is made where no whole one is wanted', async () => {
  const { checkpoints, state, begin, end } = openCheckpoints();
  await begin();
  checkpoints.wantTable();
  checkpoints.wantTable();
  await settled();
  checkpoints.wantTable();
  checkpoints.want();
  await end();
  await end();
  checkpoints.wantTable();
  await end();
  await end();
  expect([state.kinds, state.together]).toEqual([['table', 'whole', 'table'], 1]);
});

test('roots of the table are made while a whole one builds trees, and it goes on when both have ended', async () => {
  const building = Promise.withResolvers<void>();
  const said: string[] = [];
  const tables: (() => void)[] = [];
  const checkpoints: Checkpoints = new Checkpoints({
    clock: new ManualClock(),
    everyMs: 5_000,
    restMs: 4_000,
    run: async (kind) => {
      said.push(`${kind} begins`);
      if (kind === 'table') await new Promise<void>((resolve) => tables.push(resolve));
      else await checkpoints.tableRootsBeside(building.promise);
      said.push(`${kind} ends`);
    },
    isDirty: () => false,
    onLook: () => undefined,
    onIdle: () => undefined,
    onFailure: (error) => checkpoints.fail(error),
  });
  const begun = checkpoints.begin('whole');
  await settled();
  for (let i = 0; i < 2; i++) {
    checkpoints.wantTable();
    checkpoints.wantTable();
    await settled();
    if (i === 0) tables.shift()?.();
    await settled();
  }
  building.resolve();
  await settled();
  expect(said).toEqual(['whole begins', 'table begins', 'table ends', 'table begins']);
  tables.shift()?.();
  await begun;
  expect(said.slice(4)).toEqual(['table ends', 'whole ends']);
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
