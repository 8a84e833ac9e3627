import { expect, test } from '@jest/globals';
import { UsageError } from '../shared/exit-codes.ts';
import { newState, type LocalState } from './home.ts';
import { finishedState, forcedState, nextState, planChange, strayPools } from './members.ts';

const geometry = { replicas: 2, sizeBytes: 2 ** 24, layout: 'stripe', devicesPerPool: 1 } as const;
const two: LocalState = { ...newState(geometry), members: { 'pool-1': 'a', 'pool-2': 'b' } };

test('a move is one change: the newcomer comes in as the old one goes', () => {
  const plan = planChange(two, 'move', 'pool-1');
  expect(plan).toEqual({ newcomer: 'pool-3', leaving: 'pool-1' });
  const changing = nextState({ ...two, pools: ['pool-1', 'pool-2', 'pool-3'] }, plan, 'c');
  expect(changing.next).toEqual({ version: 2, members: { 'pool-2': 'b', 'pool-3': 'c' } });
  const done = finishedState(changing);
  expect(done).toMatchObject({ version: 2, replicas: 2, pools: ['pool-2', 'pool-3'] });
  expect(done.next).toBeUndefined();
  expect(planChange(done, 'add', '')).toEqual({ newcomer: 'pool-1', leaving: undefined });
});

test('what can not be is refused before anything is made', () => {
  const one = finishedState(nextState(two, planChange(two, 'remove', 'pool-2'), ''));
  expect(() => planChange(one, 'remove', 'pool-1')).toThrow(UsageError);
  expect(() => planChange(two, 'remove', 'pool-9')).toThrow(/pool-1, pool-2/);
  const five = { ...two, members: { a: '1', b: '2', c: '3', d: '4', e: '5' } };
  expect(() => planChange(five, 'add', '')).toThrow(/5 replicas/);
  const changing = nextState(two, planChange(two, 'add', ''), 'c');
  expect(() => planChange(changing, 'add', '')).toThrow(/already/);
});

test('a pool of a change that never began is left over, one of a change under way is not', () => {
  const made = { ...two, pools: ['pool-1', 'pool-2', 'pool-3'] };
  expect(strayPools(made)).toEqual(['pool-3']);
  expect(strayPools(nextState(made, { newcomer: 'pool-3', leaving: undefined }, 'c'))).toEqual([]);
});

test('R36: what is left is one version above everything that may have been', () => {
  const changing = nextState(two, planChange(two, 'add', ''), 'c');
  const forced = forcedState(changing, ['pool-2']);
  expect(forced).toMatchObject({
    version: 3,
    forced: true,
    replicas: 1,
    pools: ['pool-2'],
    members: { 'pool-2': 'b' },
  });
  expect(forced.next).toBeUndefined();
  const later = finishedState(nextState(forced, planChange(forced, 'add', ''), 'd'));
  expect(later.forced).toBeUndefined();
  expect(later).toMatchObject({ version: 4, members: { 'pool-2': 'b', 'pool-1': 'd' } });
});
