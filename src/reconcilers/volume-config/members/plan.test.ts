import { describe, expect, test } from '@jest/globals';
import { changeOf, planMembers, poolsOfMembers, type MembersSeen } from './plan.ts';
import { replicaIdOf, type PoolView, type ReplicaView } from '../inventory.ts';

const pool = (name: string, answers = true): PoolView => ({
  name,
  uid: `${name}-uid`,
  hostname: `host-${name}`,
  usable: answers,
  answers,
  totalBytes: 1,
  freeBytes: 1,
  thick: false,
  replicas: 0,
});
/** Pools have names of one letter. */
const letters = (names: string): string[] => names.split('');
const idOf = (name: string): string => replicaIdOf('u1', `${name}-uid`);
const replica = (on: string, deleting = false): ReplicaView => ({
  name: `pvc-1-${on}`,
  pool: on,
  replicaId: idOf(on),
  deleting,
  ours: true,
});
const record = (version: number, names: string) => ({
  version,
  members: Object.fromEntries(letters(names).map((name) => [idOf(name), `guid-${name}`])),
});
const target = (version: number, settled: boolean, inSync: string) => ({
  version,
  settled,
  states: Object.fromEntries(letters(inSync).map((name) => [idOf(name), 'InSync'])),
});
/** A volume on `has` (one letter per pool) that is wished to be on `wish`. */
const seen = (has: string, wish: string | undefined, more: Partial<MembersSeen> = {}): MembersSeen => ({
  volumeUid: 'u1',
  wish: wish === undefined ? undefined : letters(wish),
  pools: letters('abcde').map((name) => pool(name)),
  replicas: [...new Set(letters(has + (wish ?? '')))].map((name) => replica(name)),
  membership: { current: record(1, has) },
  target: target(1, true, has),
  ...more,
});
/** What the plan does, in a line. */
function does(what: MembersSeen): readonly string[] {
  const { actions, waits } = planMembers(what);
  const lines = actions.map((action) => {
    switch (action.do) {
      case 'createReplicaObject':
        return `object on ${action.pool.name}`;
      case 'deleteReplicaObject':
        return `delete ${action.name}`;
      case 'beginChange':
        return `begin ${action.version}: ${Object.values(action.staying).join(' ')} and ${action.newcomers.map((one) => one.pool).join(' ')}`;
      case 'finishChange':
        return `finish ${action.record.version}`;
    }
  });
  return waits === undefined ? lines : [...lines, waits];
}

// prettier-ignore
test.each([
  // what                             world                                                                             does
  ['as it is',                        seen('abc', 'cab'),                                                               []],
  ['more: first their records',       seen('a', 'abc', { replicas: [replica('a')] }),                                   ['object on b', 'object on c']],
  ['crash after one of them',         seen('a', 'abc', { replicas: [replica('a'), replica('c')] }),                     ['object on b']],
  ['then all of them in one change',  seen('a', 'abc'),                                                                 ['begin 2: guid-a and b c']],
  ['a pool that does not answer',     seen('a', 'ab', { pools: [pool('a'), pool('b', false)] }),                        ['waits for pool b, which does not answer; see kubectl get cspi']],
  ['fewer',                           seen('abc', 'ab'),                                                                ['begin 2: guid-a guid-b and ']],
  ['fewer, the dead one goes',        seen('abc', 'ab', { target: target(1, true, 'ab') }),                             ['begin 2: guid-a guid-b and ']],
  ['fewer, but one is not good',      seen('abc', 'ab', { target: target(1, true, 'ac') }),                             ['waits until the replica on pool b is Healthy, before another one goes']],
  ['fewer, but nobody knows',         seen('abc', 'ab', { target: undefined }),                                         ['waits until the replica on pool a, b is Healthy, before another one goes']],
  ['a move is one change',            seen('abc', 'abd'),                                                               ['begin 2: guid-a guid-b and d']],
  ['a move away from a dead one',     seen('abc', 'abd', { target: target(1, true, 'ab') }),                            ['begin 2: guid-a guid-b and d']],
  ['back to a pool it is leaving',    seen('ab', 'abc', { replicas: [replica('a'), replica('b'), replica('c', true)] }), ['waits until the former replica pvc-1-c is deleted']],
  ['not possible: nothing begins',    seen('abc', undefined),                                                           []],
  ['an object that nobody needs',     seen('ab', 'ab', { replicas: [replica('a'), replica('b'), replica('c')] }),       ['delete pvc-1-c']],
])('%s', (_what, world, lines) => {
  expect(does(world)).toEqual(lines);
});

describe('a change under way', () => {
  const changing = (more: Partial<MembersSeen> = {}) =>
    seen('abc', 'abd', { membership: { current: record(1, 'abc'), next: record(2, 'abd') }, ...more });
  const behind = (state: string) => ({
    ...target(1, true, 'abc'),
    states: { ...target(1, true, 'abc').states, [idOf('d')]: state },
  });

  // prettier-ignore
  test.each([
    // what                            world                                                                            does
    ['the newcomer is filled',         changing({ target: behind('Rebuilding') }),                                      ['the new replica on pool d is Rebuilding; see kubectl get cvr']],
    ['the target does not know it',    changing(),                                                                      ['the new replica on pool d is not known to the target yet; see kubectl get cvr']],
    ['nobody is missing',              changing({ target: target(1, true, 'abcd') }),                                   ['all replicas are in sync: the target is making the change']],
    ['made, but not noted by enough',  changing({ target: target(2, false, 'abd') }),                                   ['waits until a quorum of the replicas has noted the change']],
    ['the target is away',             changing({ target: undefined }),                                                 ['waits for the target, which does not answer; see kubectl get cv']],
    ['settled: who left goes first',   changing({ target: target(2, true, 'abd') }),                                    ['delete pvc-1-c', 'finish 2']],
    ['crash between the two',          changing({ target: target(2, true, 'abd'), replicas: [replica('a'), replica('b'), replica('c', true), replica('d')] }), ['finish 2']],
    ['an older one is settled',        changing({ target: target(1, true, 'abcd') }),                                   ['all replicas are in sync: the target is making the change']],
    ['what is asked for is impossible', changing({ wish: undefined, target: behind('Rebuilding') }),                    ['the new replica on pool d is Rebuilding; see kubectl get cvr']],
    ['set back',                       changing({ wish: ['a', 'b', 'c'] }),                                             ['begin 3: guid-a guid-b guid-c and ']],
    ['something else instead',         changing({ wish: ['a', 'b', 'e'], replicas: letters('abcde').map((name) => replica(name)) }), ['begin 3: guid-a guid-b and e']],
  ])('%s', (_what, world, lines) => {
    expect(does(world)).toEqual(lines);
  });

  test('one that was withdrawn may have begun: a third waits', () => {
    const [current, next, withdrawn] = [record(1, 'abc'), record(3, 'abc'), record(2, 'abd')];
    const world = changing({ membership: { current, next, withdrawn }, target: target(1, true, 'abc') });
    expect(does(world)).toEqual([
      'waits until the change before is made: all replicas are in sync: the target is making the change',
    ]);
    const made = changing({
      wish: letters('abc'),
      membership: { current, next, withdrawn },
      target: target(3, true, 'abc'),
    });
    expect(does(made)).toEqual(['delete pvc-1-d', 'finish 3']);
  });
  test('one that was withdrawn and came about all the same is the one in force: what else is wanted begins from there', () => {
    const [current, next, withdrawn] = [record(1, 'abc'), record(3, 'abc'), record(2, 'abd')];
    const replicas = letters('abcde').map((name) => replica(name));
    const world = changing({
      wish: letters('abe'),
      replicas,
      membership: { current, next, withdrawn },
      target: target(2, true, 'ab'),
    });
    expect(planMembers(world).actions).toEqual([{ do: 'finishChange', record: withdrawn, next }]);
    const unsettled = { ...world, target: target(2, false, 'ab') };
    expect(planMembers(unsettled).actions).toEqual([]);
    // The disk of c is gone, and that of d: the third pool that is asked for is what helps.
    const after = { ...world, membership: { current: withdrawn, next } };
    expect(does(after)).toEqual(['begin 4: guid-a guid-b and e']);
  });
  test('the change that is withdrawn is remembered', () => {
    expect(planMembers(changing({ wish: letters('abc') })).actions[0]).toMatchObject({
      withdraws: record(2, 'abd'),
    });
  });
});

test('what is shown: the kind of change, and the pools that hold the members', () => {
  expect(changeOf(seen('abc', 'cba'))).toBeUndefined();
  expect(changeOf(seen('a', 'abc'))).toEqual({ change: 'ScalingUp', from: 1, to: 3 });
  expect(changeOf(seen('abc', 'ab'))).toEqual({ change: 'ScalingDown', from: 3, to: 2 });
  expect(changeOf(seen('abc', 'abd'))).toEqual({ change: 'MovingReplica', from: 3, to: 3 });
  const membership = { current: record(1, 'abc'), next: record(2, 'abd') };
  expect(changeOf(seen('abc', 'abc', { membership }))).toMatchObject({ change: 'Withdrawing' });
  expect(changeOf(seen('abc', undefined, { membership }))).toMatchObject({ change: 'MovingReplica' });
  expect(poolsOfMembers(seen('abc', 'cdba'))).toEqual(['c', 'b', 'a']);
});
