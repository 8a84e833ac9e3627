import { describe, expect, test } from '@jest/globals';
import { violationsOf } from '../checks.ts';
import { legacyClaimChecks, type Subject } from './checks.ts';
import { classSettings, type ClassSettings } from './inventory.ts';
import { plan, type Observed } from './plan.ts';

const claim = { deleting: false, wantsVolume: true };
const served = { deleting: false, wantsVolume: false };
const config = { deleting: false, bound: false, ours: true, retain: false, problem: 'not enough pools' };
const volume = { released: false, ours: true, retain: false, deleting: false };
const world = (
  claimed: Observed['claim'],
  configured: Observed['config'],
  made: Observed['volume'],
): Observed => ({
  claim: claimed,
  config: configured,
  volume: made,
});

// prettier-ignore
test.each([
  // what                                   world                                                                    does
  ['config first',                          world(claim, undefined, undefined),                                      'createConfig'],
  ['waits, and says why',                   world(claim, config, undefined),                                         'not enough pools'],
  ['then the volume',                       world(claim, { ...config, bound: true }, undefined),                     'createVolume'],
  ['all there',                             world(served, { ...config, bound: true }, volume),                       ''],
  ['a claim that is refused',               world(served, undefined, undefined),                                     ''],
  ['claim gone before it was served',       world(undefined, config, undefined),                                     'deleteConfig'],
  ['claim on its way before',               world({ ...claim, deleting: true }, config, undefined),                  'deleteConfig'],
  ['but not what is to be retained',        world(undefined, { ...config, retain: true }, undefined),                ''],
  ['nor what CSI made',                     world(undefined, { ...config, ours: false }, undefined),                 ''],
  ['released: the data first',              world(undefined, config, { ...volume, released: true }),                 'deleteConfig'],
  ['on its way',                            world(undefined, { ...config, deleting: true }, { ...volume, released: true }), ''],
  ['then the volume',                       world(undefined, undefined, { ...volume, released: true }),              'deleteVolume'],
  ['released, to be retained',              world(undefined, config, { ...volume, released: true, retain: true }),   ''],
  ['released, of another provisioner',      world(undefined, config, { ...volume, released: true, ours: false }),    ''],
  ['not released yet',                      world(undefined, config, volume),                                        ''],
  ['a former volume is still going',        world(claim, { ...config, deleting: true }, undefined),                  'waits until the former volume of this name is gone'],
])('%s', (_what, observed, does) => {
  const { action, problem } = plan(observed);
  expect(action ?? problem).toBe(does);
});

describe('class', () => {
  const parsed = (text: string) => classSettings({ 'cas.openebs.io/config': text });
  test('as users write it, with its defaults', () => {
    expect(parsed('- name: StoragePoolClaim\n  value: "cstor-disk-pool"\n')).toMatchObject({
      poolClaim: 'cstor-disk-pool',
      replicaCount: 3,
      fsType: 'ext4',
    });
  });
  test('settings of the target', () => {
    const text =
      '- name: TargetResourceLimits\n  value: "memory: 1Gi"\n- name: TargetNodeSelector\n  value: "disk: ssd"\n- name: Luworkers\n  value: 1\n';
    expect(parsed(text).target).toMatchObject({
      limits: { memory: '1Gi' },
      nodeSelector: { disk: 'ssd' },
      luWorkers: 1,
    });
  });
  test('a count that is none', () => {
    expect(() => parsed('- name: ReplicaCount\n  value: three\n')).toThrow(
      /ReplicaCount "three" is no whole number/,
    );
  });
});

const settings = (fields: Partial<ClassSettings> = {}): ClassSettings => ({
  ...classSettings({ 'cas.openebs.io/config': '- name: StoragePoolClaim\n  value: p\n' }),
  ...fields,
});
const subject = (fields: Partial<Subject> = {}): Subject => ({
  className: 'c',
  settings: settings(),
  classProblem: '',
  clusterExists: true,
  accessModes: ['ReadWriteOnce'],
  sizeBytes: 1,
  hasDataSource: false,
  ...fields,
});
// prettier-ignore
test.each([
  ['well',                    subject(),                                                    []],
  ['unreadable',              subject({ settings: undefined, classProblem: 'no YAML' }),    ['ClassInvalid']],
  ['names no pool',           subject({ settings: settings({ poolClaim: '' }) }),           ['PoolMissing']],
  ['names an unknown pool',   subject({ clusterExists: false }),                            ['PoolNotFound']],
  ['too many replicas',       subject({ settings: settings({ replicaCount: 6 }) }),         ['ReplicaCountInvalid']],
  ['unknown file system',     subject({ settings: settings({ fsType: 'zfs' }) }),           ['FSTypeUnknown']],
  ['many writers',            subject({ accessModes: ['ReadWriteMany'] }),                  ['AccessModeUnsupported']],
  ['of a snapshot',           subject({ hasDataSource: true }),                             ['DataSourceUnsupported']],
  ['of no size',              subject({ sizeBytes: 0 }),                                    ['SizeInvalid']],
])('checks: %s', (_what, of, reasons) => {
  expect(violationsOf(legacyClaimChecks, of).map(({ reason }) => reason)).toEqual(reasons);
});
