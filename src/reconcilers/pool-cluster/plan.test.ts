import { describe, expect, test } from '@jest/globals';
import { discoveredDevice } from '../../testing/discovered-device.ts';
import type { Device } from '../block-device-claim/inventory.ts';
import { violationsOf } from '../checks.ts';
import { deviceBytesMin, poolClusterChecks } from './checks.ts';
import type { Cluster, Instance, Node, PoolEntry } from './inventory.ts';
import type { Claim, Observed } from './actions.ts';
import { claimNameOf } from './claims.ts';
import { instanceName, instancesByEntry } from './entries.ts';
import { clusterFinalizer, plan } from './plan.ts';
import { statusOf } from './status.ts';

const node = (name: string): Node => ({ name, labels: { 'kubernetes.io/hostname': name } });
const device = (name: string, on: string, fields: Partial<Device> = {}): Device =>
  discoveredDevice({ name, node: on, hostname: on, bytes: deviceBytesMin, ...fields });
const entry = (
  index: number,
  on: string,
  group: readonly string[],
  fields: Partial<PoolEntry> = {},
): PoolEntry => ({
  index,
  nodeSelector: { 'kubernetes.io/hostname': on },
  raidType: 'stripe',
  groups: [group],
  writeCacheGroups: [],
  config: { dataRaidGroupType: 'stripe' },
  ...fields,
});
const cluster = (pools: readonly PoolEntry[], fields: Partial<Cluster> = {}): Cluster => ({
  name: 'c',
  uid: 'c-uid',
  deleting: false,
  finalizers: [clusterFinalizer],
  pools,
  allowedTags: new Set(),
  overwrite: new Set(),
  disableDependants: false,
  ...fields,
});
const instance = (
  name: string,
  on: string,
  group: readonly string[],
  fields: Partial<Instance> = {},
): Instance => ({
  name,
  deleting: false,
  poolProtected: true,
  clusterFinalizer: true,
  nodeSelector: { 'kubernetes.io/hostname': on },
  raidType: 'stripe',
  groups: [group],
  writeCacheGroups: [],
  config: { dataRaidGroupType: 'stripe' },
  phase: 'ONLINE',
  ready: true,
  replicas: 0,
  ...fields,
});
const claim = (of: string, fields: Partial<Claim> = {}): Claim => ({
  name: `bdc-cstor-${of}-uid`,
  uid: `claim-of-${of}`,
  device: of,
  bound: true,
  deleting: false,
  clusterFinalizer: true,
  predecessor: undefined,
  leaving: undefined,
  ...fields,
});
const mirror = { raidType: 'mirror', config: { dataRaidGroupType: 'mirror' } };
/** A mirror of a and b, and its entry, which wants c in the place of b. */
const pair = instance('c-1', 'n1', ['a', 'b'], mirror);
const swapped = cluster([entry(0, 'n1', ['a', 'c'], mirror)]);
/** A pool with a log device, and its entry without. */
const logType = { config: { dataRaidGroupType: 'stripe', writeCacheGroupType: 'stripe' } };
const withLog = { ...logType, writeCacheGroups: [['c']] };
const logged = instance('c-1', 'n1', ['a'], withLog);
const unlogged = cluster([entry(0, 'n1', ['a'], logType)]);
const loggedClaims = [claim('a'), claim('c')];
const letGo = claim('c', { leaving: 'c-1' });
const pairClaims = [claim('a'), claim('b')];
const devices = [device('a', 'n1'), device('b', 'n2'), device('c', 'n1')];
const observed = (fields: Partial<Observed>): Observed => ({
  cluster: cluster([entry(0, 'n1', ['a'])]),
  nodes: [node('n1'), node('n2')],
  devices: new Map(devices.map((each) => [each.name, each])),
  claims: [],
  instances: [],
  ...fields,
});
const steps = (fields: Partial<Observed>, refused = false) => {
  const { actions, notes } = plan(observed(fields), refused ? [{ reason: 'Bad', message: 'bad' }] : []);
  return [...actions.map((action) => action.do), ...notes.map((note) => note.reason)];
};
const leaving = instance('c-1', 'n1', ['a'], { deleting: true, poolProtected: false });
const going = cluster([entry(0, 'n1', ['a'])], { deleting: true });

// prettier-ignore
test.each([
  // what                                    world                                                                  does
  ['finalizer first',                        { cluster: cluster([], { finalizers: [] }) },                          ['addFinalizer']],
  ['a claim per device',                     {},                                                                    ['createClaim']],
  ['waits for the claim',                    { claims: [claim('a', { bound: false })] },                            ['ClaimsPending']],
  ['a claim that was deleted is made anew',  { claims: [claim('a', { deleting: true })] },                          ['releaseClaim']],
  ['a claim that is going is waited for',    { claims: [claim('a', { deleting: true, clusterFinalizer: false })] }, ['ClaimsPending']],
  ['a deleted claim of a device in use',     { claims: [claim('a', { deleting: true })], instances: [instance('c-1', 'n1', ['a'])] }, []],
  ['then the instance',                      { claims: [claim('a')] },                                              ['createInstance']],
  ['all there',                              { claims: [claim('a')], instances: [instance('c-1', 'n1', ['a'])] },    []],
  ['the pool config changed',                { claims: [claim('a')], instances: [instance('c-1', 'n1', ['a'], { config: { dataRaidGroupType: 'stripe', compression: 'off' } })] }, ['updateInstance']],
  ['its disks moved to another node',        { claims: [claim('a')], instances: [instance('c-1', 'n2', ['a'])] },    ['updateInstance']],
  ['no longer listed',                       { cluster: cluster([]), instances: [instance('c-1', 'n1', ['a'])] },   ['deleteInstance']],
  ['no longer listed, with replicas',        { cluster: cluster([]), instances: [instance('c-1', 'n1', ['a'], { replicas: 2 })] }, ['ReplicasExist']],
  ['leaving, pool not destroyed yet',        { cluster: cluster([]), claims: [claim('a')], instances: [instance('c-1', 'n1', ['a'], { deleting: true })] }, []],
  ['leaving: devices back first',            { cluster: cluster([]), claims: [claim('a')], instances: [leaving] },   ['releaseClaim']],
  ['leaving: then it may go',                { cluster: cluster([]), claims: [claim('a', { deleting: true, clusterFinalizer: false })], instances: [leaving] }, ['removeInstanceFinalizer']],
  ['listed again while it leaves',           { claims: [claim('a')], instances: [leaving] },                         ['releaseClaim', 'InstanceLeaving']],
  ['node away: the instance stays',          { nodes: [], claims: [claim('a')], instances: [instance('c-1', 'n1', ['a'])] }, []],
  ['a device joins: its claim first',        { cluster: cluster([entry(0, 'n1', ['a', 'c'])]), claims: [claim('a')], instances: [instance('c-1', 'n1', ['a'])] }, ['createClaim']],
  ['a device joins: then the instance',      { cluster: cluster([entry(0, 'n1', ['a', 'c'])]), claims: [claim('a'), claim('c')], instances: [instance('c-1', 'n1', ['a'])] }, ['updateInstance']],
  ['a log device joins',                     { cluster: cluster([entry(0, 'n1', ['a'], { writeCacheGroups: [['c']] })]), claims: [claim('a')], instances: [instance('c-1', 'n1', ['a'])] }, ['createClaim']],
  ['replaced: the claim of the new one',     { cluster: swapped, claims: pairClaims, instances: [pair] },           ['createClaim']],
  ['replaced: it must name the old one',     { cluster: swapped, claims: [...pairClaims, claim('c')], instances: [pair] }, ['setPredecessor']],
  ['replaced: then the instance',            { cluster: swapped, claims: [...pairClaims, claim('c', { predecessor: 'b' })], instances: [pair] }, ['updateInstance']],
  ['replaced: the old one stays meanwhile',  { cluster: swapped, claims: [...pairClaims, claim('c', { predecessor: 'b' })], instances: [instance('c-1', 'n1', ['a', 'c'], mirror)] }, []],
  ['replaced: done, the old one is free',    { cluster: swapped, claims: [...pairClaims, claim('c')], instances: [instance('c-1', 'n1', ['a', 'c'], mirror)] }, ['releaseClaim']],
  ['a log device leaves: its claim says so first', { cluster: unlogged, claims: loggedClaims, instances: [logged] }, ['setLeaving']],
  ['a log device leaves: then the instance', { cluster: unlogged, claims: [claim('a'), letGo], instances: [logged] }, ['updateInstance']],
  ['a log device leaves: the pool has it yet', { cluster: unlogged, claims: [claim('a'), letGo], instances: [instance('c-1', 'n1', ['a'], logType)] }, []],
  ['a log device has left: it is free',      { cluster: unlogged, claims: loggedClaims, instances: [instance('c-1', 'n1', ['a'], logType)] }, ['releaseClaim']],
  ['a log device leaves and is named again', { cluster: cluster([entry(0, 'n1', ['a'], withLog)]), claims: [claim('a'), letGo], instances: [instance('c-1', 'n1', ['a'], logType)] }, ['updateInstance']],
  ['a log device that stays is not marked',  { cluster: cluster([entry(0, 'n1', ['a'], withLog)]), claims: [claim('a'), letGo], instances: [logged] }, ['clearLeaving']],
  ['a log device leaves, its pool is gone',  { cluster: cluster([]), claims: [letGo], instances: [] }, ['releaseClaim']],
  ['deleted: instances first',               { cluster: going, claims: [claim('a')], instances: [instance('c-1', 'n1', ['a'])] }, ['deleteInstance']],
  ['deleted, but replicas are there',        { cluster: going, claims: [claim('a')], instances: [instance('c-1', 'n1', ['a'], { replicas: 1 })] }, ['ReplicasExist']],
  ['deleted: then claims',                   { cluster: going, claims: [claim('a')] },                              ['releaseClaim']],
  ['deleted: then the finalizer',            { cluster: going },                                                    ['removeFinalizer']],
  ['gone by force: what is left goes too',   { cluster: undefined, claims: [claim('a')], instances: [leaving] },    ['releaseClaim']],
])('%s', (_what, world, does) => {
  expect(steps(world)).toEqual(does);
});

test('with a violation nothing is made, changed or removed, but what leaves may finish', () => {
  expect(steps({}, true)).toEqual([]);
  expect(steps({ cluster: cluster([]), instances: [instance('c-1', 'n1', ['a'])] }, true)).toEqual([]);
  expect(steps({ claims: [claim('a')], instances: [leaving] }, true)).toEqual(['releaseClaim']);
});

test('an instance is named after its claims: the same twice, another one for new claims', () => {
  const names = [[claim('a')], [claim('a')], [claim('a', { uid: 'again' })]].map((claims) =>
    instanceName({ name: 'c', uid: 'c-uid' }, claims, []),
  );
  expect(names[0]).toMatch(/^c-[a-z0-9]{4}$/);
  expect(names[1]).toBe(names[0]);
  expect(names[2]).not.toBe(names[0]);
  expect(instanceName({ name: 'c', uid: 'c-uid' }, [claim('a')], [{ name: names[0] ?? '' }])).not.toBe(
    names[0],
  );
});

test('an entry finds its instance by a device, then by its node', () => {
  const pools = [entry(0, 'n1', ['c']), entry(1, 'n2', ['a'])];
  const instances = [instance('c-1', 'n1', ['a']), instance('c-2', 'n1', ['x'])];
  const found = instancesByEntry(pools, instances);
  expect(pools.map((pool) => found.get(pool)?.name)).toEqual(['c-2', 'c-1']);
});

describe('checks', () => {
  const judge = (
    pools: readonly PoolEntry[],
    fields: Partial<Cluster> = {},
    more: readonly Device[] = [],
    instances: readonly Instance[] = [],
  ) =>
    violationsOf(poolClusterChecks, {
      cluster: cluster(pools, fields),
      nodes: [node('n1'), node('n2'), { name: 'n3', labels: { 'kubernetes.io/hostname': 'n2' } }],
      devices: new Map([...devices, ...more].map((each) => [each.name, each])),
      instanceOf: instancesByEntry(pools, instances),
      ownClaims: new Set([claimNameOf(device('mine', 'n1'))]),
      replacing: new Map([['filling', 'gone']]),
    }).map(({ reason }) => reason);
  const on = (fields: Partial<Device>) => [device('x', 'n1', fields)];
  const foreign = { fileSystem: 'ext4', partitioned: true };

  // prettier-ignore
  test.each([
    // what                        pools                                                       cluster                             devices                               reasons
    ['well',                       [entry(0, 'n1', ['a', 'c'])],                               {},                                 [],                                   []],
    ['no pools',                   [],                                                         {},                                 [],                                   ['NoPools']],
    ['a name no Service can have', [entry(0, 'n1', ['a'])],                                    { name: '0.pool' },                 [],                                   ['NameUnusable']],
    ['unknown type',               [entry(0, 'n1', ['a'], { raidType: 'raid5' })],             {},                                 [],                                   ['RaidTypeUnknown']],
    ['raidz of two',               [entry(0, 'n1', ['a', 'c'], { raidType: 'raidz' })],        {},                                 [],                                   ['GroupSize']],
    ['raidz2 of three',            [entry(0, 'n1', ['a', 'c', 'x'], { raidType: 'raidz2' })],  {},                                 on({}),                               ['GroupSize']],
    ['raidz of three',             [entry(0, 'n1', ['a', 'c', 'x'], { raidType: 'raidz' })],   {},                                 on({}),                               []],
    ['write cache without type',   [entry(0, 'n1', ['a'], { writeCacheGroups: [['c']] })],     {},                                 [],                                   ['WriteCacheTypeUnknown']],
    ['write cache',                [entry(0, 'n1', ['a'], { writeCacheGroups: [['c']], config: { dataRaidGroupType: 'stripe', writeCacheGroupType: 'stripe' } })], {}, [],          []],
    ['write cache of nothing',     [entry(0, 'n1', ['a'], { writeCacheGroups: [['nope']], config: { dataRaidGroupType: 'stripe', writeCacheGroupType: 'stripe' } })], {}, [],       ['DeviceNotFound']],
    ['no group',                   [entry(0, 'n1', [], { groups: [] })],                       {},                                 [],                                   ['NoDataGroup']],
    ['empty group',                [entry(0, 'n1', [])],                                       {},                                 [],                                   ['EmptyGroup']],
    ['stripe of two groups',       [entry(0, 'n1', [], { groups: [['a'], ['c']] })],           {},                                 [],                                   ['StripeHasSeveralGroups']],
    ['mirror of one',              [entry(0, 'n1', ['a'], { raidType: 'mirror' })],            {},                                 [],                                   ['GroupSize']],
    ['one device twice',           [entry(0, 'n1', ['a', 'a'])],                               {},                                 [],                                   ['DuplicateDevice']],
    ['selector of no node',        [entry(0, 'n9', ['a'])],                                    {},                                 [],                                   ['NodeSelectorMismatch']],
    ['selector of two nodes',      [entry(0, 'n2', ['b'])],                                    {},                                 [],                                   ['NodeSelectorMismatch']],
    ['two pools on one node',      [entry(0, 'n1', ['a']), entry(1, 'n1', ['c'])],             {},                                 [],                                   ['TwoPoolsOnNode']],
    ['device unknown',             [entry(0, 'n1', ['nope'])],                                 {},                                 [],                                   ['DeviceNotFound']],
    ['device without name',        [entry(0, 'n1', [''])],                                     {},                                 [],                                   ['DeviceNameEmpty']],
    ['device of another node',     [entry(0, 'n1', ['b'])],                                    {},                                 [],                                   ['DeviceOnOtherNode']],
    ['device claimed',             [entry(0, 'n1', ['x'])],                                    {},                                 on({ claim: { name: 'z', uid: 'z' } }), ['DeviceClaimed']],
    ['device being released',      [entry(0, 'n1', ['x'])],                                    {},                                 on({ claimState: 'Released' }),       ['DeviceClaimed']],
    ['device inactive',            [entry(0, 'n1', ['x'])],                                    {},                                 on({ state: 'Inactive' }),            ['DeviceInactive']],
    ['device too small',           [entry(0, 'n1', ['x'])],                                    {},                                 on({ bytes: deviceBytesMin - 1 }),    ['DeviceTooSmall']],
    ['somebody\'s data',           [entry(0, 'n1', ['x'])],                                    {},                                 on(foreign),                          ['DeviceHasFilesystem', 'DeviceHasPartitions']],
    ['told to overwrite',          [entry(0, 'n1', ['x'])],                                    { overwrite: new Set(['x']) as ReadonlySet<string> },      on(foreign),                          []],
    ['tagged',                     [entry(0, 'n1', ['x'])],                                    {},                                 on({ tag: 'fast' }),                  ['DeviceTagged']],
    ['tag allowed',                [entry(0, 'n1', ['x'])],                                    { allowedTags: new Set(['fast']) }, on({ tag: 'fast' }),                  []],
    ['never to be used',           [entry(0, 'n1', ['x'])],                                    { allowedTags: new Set(['']) },     on({ tag: '' }),                      ['DeviceTagged']],
  ] as const)('%s', (_what, pools, fields, more, reasons) => {
    expect(judge(pools, fields, more)).toEqual(reasons);
  });

  test('a device that this cluster has claimed already was judged before', () => {
    const mine = device('mine', 'n1', {
      claim: { name: 'bdc-cstor-mine-uid', uid: 'u' },
      claimState: 'Claimed',
      state: 'Inactive',
    });
    expect(judge([entry(0, 'n1', ['mine'])], {}, [mine])).toEqual([]);
  });

  test('a pool that exists is not judged by the state of its node and disks, but keeps its shape', () => {
    const there = [instance('c-1', 'n9', ['nope'])];
    expect(judge([entry(0, 'n9', ['nope'])], {}, [], there)).toEqual([]);
    expect(judge([entry(0, 'n1', ['nope', 'a'])], {}, [], there)).toEqual([]);
    expect(judge([entry(0, 'n1', ['nope', 'b'])], {}, [], there)).toEqual(['DeviceOnOtherNode']);
    expect(judge([entry(0, 'n9', ['a'])], {}, [], [instance('c-1', 'n9', ['a', 'b'])])).toEqual([
      'DeviceRemoved',
    ]);
    const withLogs = [instance('c-1', 'n9', ['nope'], { ...logType, writeCacheGroups: [['x', 'y']] })];
    expect(
      judge([entry(0, 'n9', ['nope'], { ...logType, writeCacheGroups: [['y']] })], {}, [], withLogs),
    ).toEqual([]);
    expect(judge([entry(0, 'n9', ['nope'], logType)], {}, [], withLogs)).toEqual([]);
    expect(
      judge([entry(0, 'n9', ['nope'], { raidType: 'mirror', groups: [['nope', 'a']] })], {}, [], there),
    ).toEqual(['RaidTypeChanged']);
  });

  test('one device of a group at a time is replaced, by one that is not smaller', () => {
    const wish = (...group: readonly string[]) => [entry(0, 'n1', group, mirror)];
    const has = (...group: readonly string[]) => [instance('c-1', 'n1', group, mirror)];
    const small = device('small', 'n1', { bytes: 2 * deviceBytesMin });
    const big = device('big', 'n1', { bytes: 3 * deviceBytesMin });
    expect(judge(wish('a', 'big'), {}, [small, big], has('a', 'small'))).toEqual([]);
    expect(judge(wish('a', 'small'), {}, [small, big], has('a', 'big'))).toEqual(['DeviceTooSmall']);
    expect(judge(wish('big', 'filling'), {}, [small, big], has('a', 'filling'))).toEqual([
      'ReplacementRunning',
    ]);
    expect(judge(wish('a', 'big', 'c', 'small'), {}, [small, big], has('a', 'big'))).toEqual([
      'GroupResized',
    ]);
  });

  test('every message names field, value and remedy', () => {
    const messages = violationsOf(poolClusterChecks, {
      cluster: cluster([entry(0, 'n1', ['nope'])]),
      nodes: [node('n1')],
      devices: new Map(),
      instanceOf: new Map(),
      ownClaims: new Set<string>(),
      replacing: new Map(),
    }).map(({ message }) => message);
    expect(messages).toEqual([
      'spec.pools[0].dataRaidGroups[0].blockDevices[0].blockDeviceName "nope" does not exist: name a device that kubectl get bd lists',
    ]);
  });
});

test('status counts pools and keeps conditions that say the same', () => {
  const input = {
    generation: 1,
    desired: 2,
    instances: [instance('c-1', 'n1', ['a']), instance('c-2', 'n2', ['b'], { ready: false })],
    violations: [],
    notes: [],
    conditions: undefined,
    nowIso: '2026-01-01T00:00:00Z',
  };
  const first = statusOf(input);
  expect(first).toMatchObject({ desiredInstances: 2, provisionedInstances: 2, healthyInstances: 1 });
  expect(first.conditions.map(({ type, status }) => [type, status])).toEqual([
    ['Accepted', 'True'],
    ['PoolManagerAvailable', 'False'],
  ]);
  expect(statusOf({ ...input, conditions: first.conditions, nowIso: '2027-01-01T00:00:00Z' })).toEqual(first);
});
