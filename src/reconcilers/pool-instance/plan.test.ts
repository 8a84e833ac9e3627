import { describe, expect, test } from '@jest/globals';
import { plan, type Instance } from './plan.ts';
import { capacityOf, phaseOf, statusOf, type PoolFacts, type PoolReport } from './status.ts';

type Phase = PoolReport['phase'];
const mib = 1024 ** 2;
const report = (phase: Phase, fields: Partial<PoolReport> = {}): PoolReport => ({
  guid: 'g1',
  phase,
  reason: '',
  message: '',
  totalBytes: 4000 * mib,
  usedBytes: 0,
  freeBytes: 4000 * mib,
  logicalUsedBytes: 0,
  readOnly: false,
  devices: [],
  replicas: [],
  ...fields,
});
const facts = (phase: Phase | undefined, fields: Partial<PoolFacts> = {}): PoolFacts => ({
  pool: phase === undefined ? undefined : report(phase),
  expected: false,
  podReady: phase !== undefined,
  ...fields,
});
const instance = (fields: Partial<Instance> = {}): Instance => ({
  name: 'p',
  deleting: false,
  poolProtected: true,
  phase: '',
  poolGuid: 'g1',
  replicas: 0,
  devicesBound: true,
  ...fields,
});
const [absent, online, degraded, faulted, importing] = [
  'POOL_PHASE_ABSENT',
  'POOL_PHASE_ONLINE',
  'POOL_PHASE_DEGRADED',
  'POOL_PHASE_FAULTED',
  'POOL_PHASE_IMPORTING',
] as const;

// prettier-ignore
test.each([
  // what                              instance                                              the daemon says  does
  ['protected, then created',          instance({ poolProtected: false }),                   absent,          ['addProtection', 'createPool']],
  ['created',                          instance({ phase: 'Pending' }),                       absent,          ['createPool']],
  ['not before its devices are ours',  instance({ devicesBound: false }),                    absent,          []],
  ['imported already',                 instance(),                                           online,          []],
  ['refused: nothing to call',         instance(),                                           faulted,         []],
  ['a lost pool is not made anew',     instance({ phase: 'ONLINE' }),                        absent,          []],
  ['nor one that was away',            instance({ phase: 'OFFLINE' }),                       absent,          []],
  ['still looking',                    instance(),                                           importing,       []],
  ['destroyed first',                  instance({ deleting: true, phase: 'ONLINE' }),        online,          ['destroyPool']],
  ['also when degraded',               instance({ deleting: true, phase: 'DEGRADED' }),      degraded,        ['destroyPool']],
  ['never another pool\'s',             instance({ deleting: true, phase: 'FAULTED', poolGuid: 'g0' }), online,   ['waits']],
  ['then free',                        instance({ deleting: true, phase: 'ONLINE' }),        absent,          ['removeProtection']],
  ['never had a pool',                 instance({ deleting: true, poolProtected: false }),   undefined,       []],
  ['replicas hold it',                 instance({ deleting: true, replicas: 1 }),            online,          ['waits']],
  ['its daemon is away',               instance({ deleting: true, phase: 'OFFLINE' }),       undefined,       ['waits']],
  ['it can not be destroyed',          instance({ deleting: true, phase: 'FAULTED' }),       faulted,         ['waits']],
] as const)('%s', (_what, view, phase, does) => {
  const { actions, waits } = plan(view, facts(phase));
  expect([...actions.map((action) => action.do), ...(waits === undefined ? [] : ['waits'])]).toEqual(does);
});

// prettier-ignore
test.each([
  // shown      the daemon says  expected  pod ready  becomes
  ['',          undefined,       true,     false,     'Pending'],
  ['Pending',   absent,          false,    true,      'Pending'],
  ['Pending',   faulted,         false,    true,      'Pending'],
  ['Pending',   online,          false,    true,      'ONLINE'],
  ['ONLINE',    degraded,        false,    true,      'DEGRADED'],
  ['ONLINE',    faulted,         false,    true,      'FAULTED'],
  ['ONLINE',    absent,          false,    true,      'UNAVAIL'],
  ['ONLINE',    importing,       false,    true,      'OFFLINE'],
  ['ONLINE',    undefined,       true,     true,      'ONLINE'],  // the operator has just started
  ['ONLINE',    undefined,       false,    true,      'OFFLINE'], // ready, but it does not answer
  ['ONLINE',    undefined,       true,     false,     'OFFLINE'], // its pod is gone
  ['OFFLINE',   online,          false,    true,      'ONLINE'],
] as const)('%s, daemon %s, expected %s, ready %s: %s', (before, phase, expected, podReady, becomes) => {
  expect(phaseOf(before, facts(phase, { expected, podReady }))).toBe(becomes);
});

describe('capacity', () => {
  const used = (bytes: number) => report(online, { usedBytes: bytes, freeBytes: 4000 * mib - bytes });
  const shown = capacityOf(undefined, used(100 * mib));

  test('as cStor prints it', () => {
    expect(shown).toEqual({
      used: '104857k',
      free: '4089446k',
      total: '4194304k',
      zfs: { logicalUsed: '0' },
    });
  });
  test('moves in steps of a hundredth of the pool', () => {
    expect(capacityOf(shown, used(139 * mib))).toBe(shown);
    expect(capacityOf(shown, used(141 * mib))).not.toBe(shown);
  });
});

describe('status', () => {
  const input = {
    previous: {},
    facts: facts(online),
    generation: 1,
    deleting: false,
    waits: undefined,
    failure: undefined,
    nowIso: '2026-01-01T00:00:00Z',
  };
  const conditions = (fields: Partial<typeof input> & object) =>
    statusOf({ ...input, ...fields }).conditions.map(
      ({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`,
    );

  test('what is well has no conditions', () => {
    expect(statusOf(input)).toMatchObject({
      phase: 'ONLINE',
      poolGuid: 'g1',
      readOnly: false,
      conditions: [],
    });
  });
  test('saying the same again is no change', () => {
    const first = statusOf(input);
    expect(statusOf({ ...input, previous: first, nowIso: '2027-01-01T00:00:00Z' })).toEqual(first);
  });
  test('a change of another field takes the figures along', () => {
    const first = statusOf(input);
    const next = { ...facts(online), pool: report(online, { usedBytes: 20 * mib, freeBytes: 3980 * mib }) };
    expect(statusOf({ ...input, previous: first, facts: next }).capacity).toEqual(first.capacity);
    const readOnly = { ...next, pool: { ...next.pool, readOnly: true } };
    expect(statusOf({ ...input, previous: first, facts: readOnly }).capacity?.used).toBe('20971k');
  });
  test('a pool that is away keeps its last figures and shows no healthy replicas', () => {
    const first = statusOf(input);
    const away = statusOf({
      ...input,
      previous: { ...first, healthyReplicas: 3, provisionedReplicas: 3 },
      facts: facts(undefined),
    });
    expect(away).toMatchObject({
      phase: 'OFFLINE',
      healthyReplicas: 0,
      provisionedReplicas: 3,
      capacity: first.capacity,
    });
  });
  test.each([
    [{ previous: { phase: 'ONLINE' }, facts: facts(absent) }, ['PoolLost=True PoolLost']],
    [{ previous: { phase: 'ONLINE' }, facts: facts(absent), deleting: true }, []],
    [{ previous: { phase: 'ONLINE', poolGuid: 'g0' } }, ['PoolLost=True PoolReplaced']],
    [
      { facts: facts(absent), failure: { reason: 'Refused', message: 'm' } },
      ['PoolCreationFailed=True Refused'],
    ],
    [
      { facts: facts(faulted, { pool: report(faulted, { reason: 'DeviceForeign' }) }) },
      ['PoolFaulted=True DeviceForeign'],
    ],
    [
      {
        facts: facts(degraded, {
          pool: report(degraded, {
            devices: [
              {
                name: 'd',
                path: '/dev/x',
                guid: '',
                online: false,
                reason: 'gone',
                checksumErrors: 0,
                ioErrors: 0,
              },
            ],
          }),
        }),
      },
      ['DiskUnavailable=True DisksAreUnavailable'],
    ],
    [{ previous: { phase: 'ONLINE' }, deleting: true, waits: 'w' }, ['DeletionBlocked=True Waiting']],
  ] as const)('conditions %#', (fields, shown) => {
    expect(conditions(fields as Partial<typeof input>)).toEqual(shown);
  });
});
