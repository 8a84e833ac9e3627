import { describe, expect, test } from '@jest/globals';
import { discoveredDevice } from '../../testing/discovered-device.ts';
import type { Device } from '../block-device-claim/inventory.ts';
import { parseCasConfig } from '../inventory.ts';
import { podSettings } from './apply.ts';
import { plan, type Claim, type Observed } from './plan.ts';
import { statusOf } from './status.ts';

const device = (name: string, hostname: string, fields: Partial<Device> = {}): Device =>
  discoveredDevice({ name, node: hostname, hostname, ...fields });
const claim = (fields: Partial<Claim> = {}): Claim => ({
  name: 'spc',
  type: 'disk',
  poolType: 'striped',
  deviceList: [],
  maxPools: 0,
  allowedTags: new Set(),
  ...fields,
});
const devices = [device('a1', 'n1'), device('a2', 'n1'), device('b1', 'n2'), device('c1', 'n3')];
const observed = (fields: Partial<Observed> = {}): Observed => ({
  devices,
  present: [],
  takenByOthers: new Set(),
  ...fields,
});
const pools = (wish: Claim, world: Observed = observed()) => {
  const planned = plan(wish, world);
  return planned.ok
    ? [
        ...planned.wanted.pools.map((pool) => `${pool.hostname}: ${pool.devices.join(' ')}`),
        ...planned.notes.map(({ reason }) => reason),
      ]
    : planned.violations.map(({ reason }) => reason);
};
const list = (...deviceList: readonly string[]) => claim({ deviceList });
const sparse = { type: 'sparse' };

// prettier-ignore
test.each([
  // what                              claim                                                          pools
  ['listed, grouped by node',          list('b1', 'a1', 'a2'),                                        ['n2: b1', 'n1: a1 a2']],
  ['a name no Service can have',       claim({ name: '0.pool', maxPools: 1 }),                         ['NameUnusable']],
  ['one is unknown',                   list('a1', 'z'),                                               ['DeviceNotFound']],
  ['a mirror of one',                  claim({ poolType: 'mirrored', deviceList: ['a1', 'a2', 'b1'] }), ['DeviceCount']],
  ['a mirror of two',                  claim({ poolType: 'mirrored', deviceList: ['a1', 'a2'] }),     ['n1: a1 a2']],
  ['an unknown type',                  claim({ poolType: 'raid5', deviceList: ['a1'] }),              ['PoolTypeUnsupported']],
  ['raidz of one',                     claim({ poolType: 'raidz', deviceList: ['a1'] }),              ['DeviceCount']],
  ['disks where files are asked for',  claim({ ...sparse, deviceList: ['a1'] }),                      ['DeviceTypeMismatch']],
  ['automatic',                        claim({ maxPools: 2 }),                                        ['n1: a1', 'n2: b1']],
  ['automatic, fewer nodes than asked', claim({ maxPools: 5 }),                                       ['n1: a1', 'n2: b1', 'n3: c1', 'TooFewNodes']],
  ['automatic mirrors',                claim({ maxPools: 1, poolType: 'mirrored' }),                  ['n1: a1 a2']],
  ['automatic, no sparse files there', claim({ ...sparse, maxPools: 1 }),                             ['TooFewNodes']],
] as const)('%s', (_what, wish, becomes) => {
  expect(pools(wish)).toEqual(becomes);
});

describe('what is there stays', () => {
  const present = [{ hostname: 'n2', devices: ['b1'] }];
  test('an automatic claim only adds pools', () => {
    const taken = devices.map((each) =>
      each.name === 'b1' ? device('b1', 'n2', { claim: { name: 'x', uid: 'x' } }) : each,
    );
    expect(pools(claim({ maxPools: 2 }), observed({ present, devices: taken }))).toEqual([
      'n2: b1',
      'n1: a1',
    ]);
    expect(pools(claim({ maxPools: 1 }), observed({ present, devices: taken }))).toEqual(['n2: b1']);
  });
  test('a listed device whose node is away keeps its pool', () => {
    expect(pools(list('b1', 'a1'), observed({ present, devices: [device('a1', 'n1')] }))).toEqual([
      'n2: b1',
      'n1: a1',
    ]);
  });
});

// prettier-ignore
test.each([
  ['Inactive',                 { state: 'Inactive' }],
  ['claimed',                  { claim: { name: 'x', uid: 'x' } }],
  ['somebody\'s file system',  { fileSystem: 'ext4' }],
  ['partitioned',              { partitioned: true }],
  ['tagged',                   { tag: 'fast' }],
  ['being released',           { claimState: 'Released' }],
])('automatic does not take a device that is %s', (_what, fields) => {
  expect(pools(claim({ maxPools: 1 }), observed({ devices: [device('a1', 'n1', fields)] }))).toEqual(['TooFewNodes']);
});

test('automatic takes an allowed tag, and nothing that another cluster names', () => {
  const tagged = [device('a1', 'n1', { tag: 'fast' })];
  expect(
    pools(claim({ maxPools: 1, allowedTags: new Set(['fast']) }), observed({ devices: tagged })),
  ).toEqual(['n1: a1']);
  expect(pools(claim({ maxPools: 3 }), observed({ takenByOthers: new Set(['a1', 'a2']) }))).toEqual([
    'n2: b1',
    'n3: c1',
    'TooFewNodes',
  ]);
});

test('settings of the annotation reach the pool pods', () => {
  const config = parseCasConfig(`
- name: PoolResourceRequests
  value: |-
      memory: 1Gi
- name: PoolResourceLimits
  value: |-
      memory: 5Gi
      cpu: 2
- name: Tolerations
  value: |-
      t1:
        key: role
        operator: Equal
        value: storage
        effect: NoSchedule
`);
  expect(podSettings(config)).toEqual({
    resources: { requests: { memory: '1Gi' }, limits: { memory: '5Gi', cpu: '2' } },
    tolerations: [{ key: 'role', operator: 'Equal', value: 'storage', effect: 'NoSchedule' }],
  });
});

describe('status', () => {
  const input = {
    generation: 1,
    violations: [],
    notes: [],
    cluster: { desired: 3, healthy: 3, refusal: undefined },
    wasOnline: false,
    conditions: undefined,
    nowIso: '2026-01-01T00:00:00Z',
  };
  const refusal = { reason: 'DeviceClaimed', message: 'm' };
  // prettier-ignore
  test.each([
    [{},                                                                              'Online',   'PoolsHealthy'],
    [{ cluster: undefined },                                                          'Pending',  'NoPools'],
    [{ cluster: { desired: 3, healthy: 1, refusal: undefined } },                     'Pending',  'PoolsNotHealthy'],
    [{ cluster: { desired: 3, healthy: 1, refusal: undefined }, wasOnline: true },    'Degraded', 'PoolsNotHealthy'],
    [{ cluster: { desired: 3, healthy: 3, refusal } },                                'Error',    'DeviceClaimed'],
    [{ violations: [refusal] },                                                       'Error',    'DeviceClaimed'],
  ])('%j is %s', (fields, phase, reason) => {
    const status = statusOf({ ...input, ...fields });
    expect([status.phase, status.conditions[0]?.reason]).toEqual([phase, reason]);
  });
});
