import { describe, expect, test } from '@jest/globals';
import { violationsOf } from '../checks.ts';
import { boundChecks, placementChecks, provisioningChecks, type Subject } from './checks.ts';
import { replicaIdOf, type PoolView, type ReplicaView, type Wish } from './inventory.ts';
import { choosePools, plan, type Observed } from './plan.ts';
import { statusOf } from './status.ts';

const gib = 1024 ** 3;
const wish = (fields: Partial<Wish> = {}): Wish => ({
  name: 'pvc-1',
  uid: 'u1',
  cluster: 'c',
  policyName: '',
  capacity: '1Gi',
  sizeBytes: gib,
  replicaCount: 3,
  pools: [],
  recorded: false,
  replicaAffinity: false,
  node: '',
  source: '',
  ...fields,
});
const pool = (name: string, fields: Partial<PoolView> = {}): PoolView => ({
  name,
  uid: `${name}-uid`,
  hostname: `host-${name}`,
  usable: true,
  answers: true,
  totalBytes: 4 * gib,
  freeBytes: 4 * gib,
  thick: false,
  replicas: 0,
  ...fields,
});
const pools = [pool('a'), pool('b'), pool('c')];
const replica = (on: string, fields: Partial<ReplicaView> = {}): ReplicaView => ({
  name: `pvc-1-${on}`,
  pool: on,
  replicaId: `id-${on}`,
  deleting: false,
  ours: true,
  ...fields,
});
const replicas = pools.map(({ name }) => replica(name));
const known = { 'id-a': '1', 'id-b': '2', 'id-c': '3' };
const placed = wish({ pools: ['a', 'b', 'c'], recorded: true });
const volumeOf = (members: Readonly<Record<string, string>>, ours = true) => ({
  membership: { current: { version: 1, members } },
  ours,
});
const observed = (fields: Partial<Observed> = {}): Observed => ({
  wish: placed,
  deleting: false,
  finalizer: true,
  phase: 'Pending',
  pools,
  serviceIp: '10.0.0.1',
  volume: volumeOf({}),
  replicas,
  targetExists: false,
  target: undefined,
  placeable: true,
  ...fields,
});
const gone = { deleting: true, targetExists: false, serviceIp: undefined };

// prettier-ignore
test.each([
  // what                                   world                                                               does
  ['finalizer first',                       { finalizer: false },                                               ['addFinalizer']],
  ['the address',                           { serviceIp: undefined },                                           ['applyService']],
  ['the placement, written down',           { wish: wish() },                                                   ['place']],
  ['a policy\'s pools, written down',       { wish: wish({ pools: ['a', 'b', 'c'] }) },                         ['place']],
  ['the record',                            { volume: undefined },                                              ['applyVolume']],
  ['a record per replica',                  { replicas: [] },                                                   ['createReplicaObject', 'createReplicaObject', 'createReplicaObject']],
  ['crash after one of them',               { replicas: [replica('b')] },                                       ['createReplicaObject', 'createReplicaObject']],
  ['then the replicas',                     {},                                                                 ['createReplica', 'createReplica', 'createReplica']],
  ['crash after two of them',               { volume: volumeOf({ 'id-a': '1', 'id-c': '3' }) }, ['createReplica']],
  ['one pool does not answer',              { pools: [pool('a'), pool('b', { answers: false }), pool('c')] },   ['createReplica', 'createReplica', 'waits']],
  ['the target, once all are known',        { volume: volumeOf(known) },                                        ['applyService', 'applyVolume', 'applyTarget', 'bound']],
  ['kept as it is',                         { phase: 'Bound', volume: volumeOf(known) },                        ['applyService', 'applyVolume', 'applyTarget', 'bound']],
  ['a replica of the former volume',        { replicas: [replica('a', { ours: false, deleting: true })] },      ['waits']],
  ['the record of the former volume',       { volume: volumeOf({}, false) },                                    ['waits']],
  ['deleted: nobody writes any more',       { ...gone, targetExists: true },                                    ['deleteTarget']],
  ['deleted: then the replicas',            gone,                                                               ['deleteReplicaObject', 'deleteReplicaObject', 'deleteReplicaObject']],
  ['deleted: those on their way do not hold', { ...gone, replicas: [replica('a', { deleting: true })] },        ['deleteVolume']],
  ['deleted: the last',                     { ...gone, replicas: [], volume: undefined },                       ['removeFinalizer']],
  ['deleted before anything',               { ...gone, finalizer: false },                                      []],
] as const)('%s', (_what, world, does) => {
  const { actions, waits, bound } = plan(observed(world as Partial<Observed>));
  expect([...actions.map((action) => action.do), ...(waits === undefined ? [] : ['waits']), ...(bound ? ['bound'] : [])]).toEqual(does);
});

test('a replica id is decimal, the same for the same volume on the same pool, and another one for any other', () => {
  const ids = [replicaIdOf('u1', 'a'), replicaIdOf('u1', 'b'), replicaIdOf('u2', 'a')];
  expect(new Set(ids).size).toBe(3);
  expect(ids[0]).toBe(replicaIdOf('u1', 'a'));
  expect(ids[0]).toMatch(/^\d{1,20}$/);
});

describe('placement', () => {
  // prettier-ignore
  test.each([
    // what                             wish                                                 pools                                                                  chosen
    ['fewest replicas',                 wish({ replicaCount: 1 }),                           [pool('a', { replicas: 2 }), pool('b', { replicas: 1 })],              ['b']],
    ['free space counts more',          wish({ replicaCount: 1 }),                           [pool('a', { replicas: 2 }), pool('b', { replicas: 1, freeBytes: gib })], ['a']],
    ['but not a few bytes of it',       wish({ replicaCount: 1 }),                           [pool('a', { replicas: 2 }), pool('b', { replicas: 1, freeBytes: 4 * gib - 1, totalBytes: 4 * gib })], ['a']],
    ['the consumer\'s node first',      wish({ replicaCount: 1, replicaAffinity: true, node: 'host-b' }), [pool('a'), pool('b', { freeBytes: gib })],               ['b']],
    ['unless nobody asked for it',      wish({ replicaCount: 1, node: 'host-b' }),           [pool('a'), pool('b', { freeBytes: gib })],                            ['a']],
    ['not on what is not usable',       wish({ replicaCount: 1 }),                           [pool('a', { usable: false }), pool('b')],                             ['b']],
    ['not where it can not fit',        wish({ replicaCount: 1 }),                           [pool('a', { totalBytes: gib - 1 }), pool('b', { replicas: 9 })],      ['b']],
    ['thick: not where it is full',     wish({ replicaCount: 1 }),                           [pool('a', { thick: true, freeBytes: 1 }), pool('b', { replicas: 9 })], ['b']],
    ['never two on one pool',           wish({ replicaCount: 3 }),                           [pool('a'), pool('b')],                                                ['a', 'b']],
  ])('%s', (_what, asked, among, chosen) => {
    expect(choosePools(asked, among)).toEqual(chosen);
  });
});

describe('checks', () => {
  const subject = (fields: Partial<Wish>, more: Partial<Subject> = {}): Subject => ({
    wish: wish(fields),
    policyMissing: false,
    clusterExists: true,
    pools,
    ...more,
  });
  // prettier-ignore
  test.each([
    // what                          subject                                                                      reasons
    ['well',                         subject({}),                                                                 []],
    ['a name no Service can have',   subject({ name: '1.volume' }),                                               ['NameUnusable']],
    ['no size',                      subject({ sizeBytes: 0, capacity: 'x' }),                                    ['CapacityInvalid']],
    ['no replicas',                  subject({ replicaCount: 0 }),                                                ['ReplicaCountInvalid']],
    ['no cluster named',             subject({ cluster: '' }, { clusterExists: false, pools: [] }),               ['PoolClusterMissing']],
    ['no such cluster',              subject({}, { clusterExists: false, pools: [] }),                            ['PoolClusterNotFound']],
    ['no such policy',               subject({ policyName: 'p' }, { policyMissing: true }),                       ['PolicyNotFound']],
    ['a clone',                      subject({ source: 'pvc-0@s' }),                                              ['CloneUnsupported']],
    ['more replicas than pools',     subject({ replicaCount: 5 }),                                                ['NotEnoughPools']],
    ['pools are away',               subject({}, { pools: [pool('a', { usable: false }), pool('b'), pool('c')] }), ['NotEnoughPools']],
    ['larger than the pools',        subject({ sizeBytes: 5 * gib, capacity: '5Gi' }),                            ['CapacityTooLarge']],
    ['larger than the third pool',   subject({ sizeBytes: 3 * gib }, { pools: [pool('a'), pool('b'), pool('c', { totalBytes: gib })] }), ['CapacityTooLarge']],
    ['chosen pools',                 subject({ pools: ['c', 'a', 'b'] }),                                         []],
    ['too few chosen',               subject({ pools: ['a'] }),                                                   ['PoolCountMismatch']],
    ['an unknown one chosen',        subject({ pools: ['a', 'b', 'z'] }),                                         ['PoolNotFound']],
    ['one chosen twice',             subject({ pools: ['a', 'b', 'a'] }),                                         ['DuplicatePool']],
  ])('%s', (_what, of, reasons) => {
    expect(violationsOf(provisioningChecks, of).map(({ reason }) => reason)).toEqual(reasons);
  });

  // prettier-ignore
  test.each([
    // what              wish                                                       reasons
    ['as it is',         placed,                                                    []],
    ['smaller',          wish({ ...placed, sizeBytes: gib - 4096 }),                ['ShrinkRefused']],
    ['larger',           wish({ ...placed, sizeBytes: 2 * gib }),                   ['ExpansionUnsupported']],
  ])('a volume that exists, wished %s', (_what, newest, reasons) => {
    const violations = violationsOf(boundChecks, { wish: newest, boundBytes: gib });
    expect(violations.map(({ reason }) => reason)).toEqual(reasons);
  });

  // prettier-ignore
  test.each([
    // replicaPoolInfo of one on a, b, c      reasons
    [['c', 'b', 'a'],                         []],
    [['a', 'b', 'd'],                         []],
    [['a', 'b'],                              []],
    [['a', 'b', 'c', 'd', 'e'],               []],
    [[],                                      ['ReplicaCountInvalid', 'TooManyRemoved']],
    [['a', 'b', 'c', 'd', 'e', 'f'],          ['ReplicaCountInvalid', 'PoolNotFound']],
    [['a', 'b', 'c', 'c'],                    ['DuplicatePool']],
    [['a', 'b', 'z'],                         ['PoolNotFound']],
    [['a', 'b', 'c', 'small'],                ['CapacityTooLarge']],
    [['a', 'd', 'e'],                         ['TooManyRemoved']],
    [['a'],                                   ['TooManyRemoved']],
  ])('replicas of a volume that exists on %j', (names, reasons) => {
    const among = [...pools, pool('d'), pool('e'), pool('small', { totalBytes: gib - 1 })];
    const placement = { wish: wish({ pools: names }), pools: among, boundPools: ['a', 'b', 'c'] };
    expect(violationsOf(placementChecks, placement).map(({ reason }) => reason)).toEqual(reasons);
  });
  test('a pool that is gone does not keep the others from their place', () => {
    const placement = {
      wish: wish({ pools: ['a', 'b', 'c'] }),
      pools: [pool('a')],
      boundPools: ['a', 'b', 'c'],
    };
    expect(violationsOf(placementChecks, placement)).toEqual([]);
  });
});

describe('status', () => {
  const input = {
    previous: {},
    generation: 1,
    bound: false,
    capacity: '1Gi',
    pools: ['a', 'b', 'c'],
    violations: [],
    waits: 'waits for pool b',
    restartWaits: undefined,
    change: undefined,
    nowIso: '2026-01-01T00:00:00Z',
  };
  const states = (status: ReturnType<typeof statusOf>) =>
    status.condition.map((each) => `${each.type}=${each.status ?? ''} ${each.reason}`);

  test('Pending says what it waits for, or what is wrong', () => {
    expect(statusOf(input)).toMatchObject({ phase: 'Pending' });
    expect(states(statusOf(input))).toEqual(['Accepted=True Valid', 'Provisioned=False Provisioning']);
    const refused = statusOf({ ...input, violations: [{ reason: 'NotEnoughPools', message: 'm' }] });
    expect(states(refused)).toEqual(['Accepted=False NotEnoughPools', 'Provisioned=False NotEnoughPools']);
  });
  test('Bound keeps size and pools, and stays Bound whatever is wished later', () => {
    const bound = statusOf({ ...input, bound: true, waits: undefined });
    expect(bound).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' }, poolInfo: ['a', 'b', 'c'] });
    const later = statusOf({
      ...input,
      previous: bound,
      capacity: '9Gi',
      violations: [{ reason: 'ShrinkRefused', message: 'm' }],
    });
    expect(later).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' }, poolInfo: ['a', 'b', 'c'] });
    expect(states(later)).toEqual([
      'Accepted=False ShrinkRefused',
      'Provisioned=True Bound',
      'ReplicasPlaced=True Placed',
    ]);
  });
  test('a change of replicas is shown until it is made, and the pools follow', () => {
    const bound = statusOf({ ...input, bound: true, waits: undefined });
    const change = { change: 'ScalingDown', from: 3, to: 2 } as const;
    const changing = statusOf({ ...input, previous: bound, waits: 'waits until', change });
    expect(changing.poolInfo).toEqual(['a', 'b', 'c']);
    expect(changing.condition.at(-1)).toMatchObject({
      status: 'False',
      reason: 'ScalingDown',
      message: 'waits until',
    });
    const made = statusOf({ ...input, previous: changing, pools: ['a', 'b'] });
    expect(made.poolInfo).toEqual(['a', 'b']);
    expect(states(made).at(-1)).toBe('ReplicasPlaced=True Placed');
  });
  test('a target that waits for its turn says so, and that it was its turn', () => {
    const bound = statusOf({ ...input, bound: true, waits: undefined });
    const waiting = statusOf({ ...input, previous: bound, restartWaits: 'pool a is restarted before' });
    expect(waiting.condition.at(-1)).toMatchObject({
      type: 'RestartPending',
      status: 'True',
      reason: 'WaitsForItsTurn',
      message: 'pool a is restarted before',
    });
    const over = statusOf({ ...input, previous: waiting });
    expect(states(over).at(-1)).toBe('RestartPending=False Restarted');
  });
});
