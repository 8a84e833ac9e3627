import { describe, expect, test } from '@jest/globals';
import { plan, type Instance, type Replacing } from './plan.ts';
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
  dataGroups: [],
  logGroups: [],
  properties: null,
  resilvers: [],
  growableBytes: 0,
  scrub: null,
  ...fields,
});
const facts = (phase: Phase | undefined, fields: Partial<PoolFacts> = {}): PoolFacts => ({
  pool: phase === undefined ? undefined : report(phase),
  expected: false,
  podReady: phase !== undefined,
  ...fields,
});
const properties = { readOnlyThresholdPercent: 85, compression: 'lz4' };
const instance = (fields: Partial<Instance> = {}): Instance => ({
  name: 'p',
  deleting: false,
  poolProtected: true,
  phase: '',
  poolGuid: 'g1',
  replicas: 0,
  devicesBound: true,
  raidType: 'mirror',
  groups: [['a', 'b']],
  writeCacheType: 'stripe',
  writeCacheGroups: [],
  properties,
  replacing: [],
  leaving: [],
  scrub: undefined,
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
    replacing: [] as readonly Replacing[],
    adding: 0,
    changeFailure: undefined,
    restartWaits: undefined,
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

describe('a pool that serves', () => {
  const online1 = (name: string, fields: object = {}) => ({
    name,
    path: '',
    guid: '',
    online: true,
    reason: '',
    checksumErrors: 0,
    ioErrors: 0,
    ...fields,
  });
  const group = (...devices: string[]) => ({ devices });
  const pool = (fields: Partial<PoolReport>) =>
    report('POOL_PHASE_ONLINE', {
      dataGroups: [group('a', 'b')],
      properties,
      devices: [online1('a'), online1('b')],
      ...fields,
    });
  const replacing = { claim: 'bdc-c', device: 'c', predecessor: 'b' };
  const filling = {
    device: 'c',
    replaces: 'b',
    doneBytes: 4,
    totalBytes: 10,
    bytesPerSecond: 1,
    etaSeconds: 6,
  };
  const letGo = { claim: 'bdc-l', device: 'l' };
  const does = (view: Partial<Instance>, fields: Partial<PoolReport>) => {
    const { actions, problem } = plan(instance(view), { pool: pool(fields), expected: true, podReady: true });
    return [...actions.map((action) => action.do), ...(problem === undefined ? [] : [problem.reason])];
  };

  // prettier-ignore
  const rows: readonly (readonly [string, Partial<Instance>, Partial<PoolReport>, readonly string[]])[] = [
    // what                               instance                                            the daemon says                                                    does
    ['as it should be',                   {},                                                 {},                                                                []],
    ['says nothing of its groups',        { groups: [['a', 'b'], ['c', 'd']] },               { dataGroups: [] },                                                []],
    ['a group joins',                     { groups: [['a', 'b'], ['c', 'd']] },               {},                                                                ['addGroups']],
    ['a log group joins',                 { writeCacheGroups: [['l']] },                      {},                                                                ['addGroups']],
    ['not before its devices are ours',   { groups: [['a', 'b'], ['c', 'd']], devicesBound: false }, {},                                                         []],
    ['a device is replaced',              { groups: [['a', 'c']], replacing: [replacing] },   {},                                                                ['replaceDevice']],
    ['it is being filled',                { groups: [['a', 'c']], replacing: [replacing] },   { dataGroups: [group('a', 'c')], devices: [online1('a'), online1('b'), online1('c')], resilvers: [filling] }, []],
    ['it has all, the old one leaves',    { groups: [['a', 'c']], replacing: [replacing] },   { dataGroups: [group('a', 'c')], devices: [online1('a'), online1('b'), online1('c')] }, []],
    ['the old one has left',              { groups: [['a', 'c']], replacing: [replacing] },   { dataGroups: [group('a', 'c')], devices: [online1('a'), online1('c')] }, ['finishReplacement']],
    ['but the new one has failed',        { groups: [['a', 'c']], replacing: [replacing] },   { dataGroups: [group('a', 'c')], devices: [online1('a'), online1('c', { online: false })] }, []],
    ['a property changed',                { properties: { ...properties, compression: 'off' } }, {},                                                             ['setProperties']],
    ['it has a group that nobody asked for', {},                                              { dataGroups: [group('a', 'b'), group('c', 'd')] },                ['GroupRemoved']],
    ['a log device leaves',               { leaving: [letGo] },                               { logGroups: [group('l')] },                                       ['removeLogDevices']],
    ['a log device leaves, not all of them', { leaving: [letGo], writeCacheGroups: [['m']] }, { logGroups: [group('l'), group('m')] },                          ['removeLogDevices']],
    ['the pool has let go of it',         { leaving: [letGo] },                               {},                                                                ['finishLeaving']],
    ['not before the instance says so',   { leaving: [letGo], writeCacheGroups: [['l']] },    { logGroups: [group('l')] },                                       []],
    ['it has a log device that nobody asked for', {},                                         { logGroups: [group('l')] },                                       ['GroupRemoved']],
    ['its devices have grown',            {},                                                 { growableBytes: 4096 },                                          ['growDevices']],
    ['not while one of them is away',     {},                                                 { growableBytes: 4096, phase: degraded },                         []],
    ['a scrub is asked for',              { scrub: 'start share=20' },                        {},                                                                ['scrub']],
    ['in words that are none',            { scrub: 'begin', groups: [['a', 'b'], ['c', 'd']] }, {},                                                              ['addGroups', 'ScrubNotUnderstood']],
    ['whatever else can not be',          { scrub: 'start', groups: [] },                     {},                                                                ['scrub', 'GroupRemoved']],
    ['a scrub of another pool',           { scrub: 'start', poolGuid: 'other' },              {},                                                                []],
    ['another pool',                      { poolGuid: 'other', groups: [['a', 'b'], ['c', 'd']] }, {},                                                           []],
    ['being deleted',                     { deleting: true, groups: [['a', 'b'], ['c', 'd']] }, {},                                                              ['destroyPool']],
  ];
  test.each(rows)('%s', (_what, view, fields, actions) => {
    expect(does(view, fields)).toEqual(actions);
  });

  test('conditions tell of replacement and growth, in steps of a tenth, until they are done', () => {
    const shown = (fields: object, previous = {}) =>
      statusOf({
        previous,
        facts: { pool: pool({ resilvers: [filling] }), expected: true, podReady: true },
        generation: 1,
        deleting: false,
        waits: undefined,
        failure: undefined,
        replacing: [],
        adding: 0,
        changeFailure: undefined,
        restartWaits: undefined,
        nowIso: '2026-01-01T00:00:00Z',
        ...fields,
      });
    const brief = ({ conditions }: ReturnType<typeof shown>) =>
      conditions.map(({ type, status, reason, message }) => [type, status, reason, message]);
    expect(brief(shown({}))).toEqual([]);
    const under = shown({ replacing: [replacing], adding: 1 });
    expect(brief(under)).toEqual([
      ['PoolExpansion', 'True', 'PoolExpansionInProgress', '1 groups are to be added'],
      ['DiskReplacement', 'True', 'BlockDeviceReplacementInprogress', 'c is filled in the place of b: 40 %'],
    ]);
    expect(brief(shown({}, under))).toEqual([
      ['PoolExpansion', 'False', 'PoolExpansionSuccessful', ''],
      ['DiskReplacement', 'False', 'BlockDeviceReplacementSucceess', ''],
    ]);
    const refused = { reason: 'Refused', message: 'b2 carries ext4' };
    expect(brief(shown({ adding: 1, changeFailure: refused }))).toEqual([
      [
        'PoolExpansion',
        'True',
        'PoolExpansionInProgress',
        '1 groups are to be added; refused: b2 carries ext4',
      ],
      ['ChangeRefused', 'True', 'Refused', 'b2 carries ext4'],
    ]);
  });
});

test('blocks without a good copy stay told until a scrub has come to its end and found none', () => {
  const scrub = (state: string, lostBlocks: number, runs: number) => ({
    state,
    lostBlocks,
    runs,
    repairedBlocks: 0,
    doneBytes: 1,
    totalBytes: 2,
    bytesPerSecond: 0,
    startedSeconds: 0,
    finishedSeconds: 0,
    sharePercent: 50,
  });
  const shown = (found: ReturnType<typeof scrub> | undefined, previous = {}) =>
    statusOf({
      previous,
      facts: { pool: report(online, { scrub: found ?? null }), expected: true, podReady: true },
      generation: 1,
      deleting: false,
      waits: undefined,
      failure: undefined,
      replacing: [],
      adding: 0,
      changeFailure: undefined,
      restartWaits: undefined,
      nowIso: '2026-01-01T00:00:00Z',
    });
  const brief = ({ conditions, scrub: is }: ReturnType<typeof shown>) => [
    is?.state,
    ...conditions.map(({ type, status, reason }) => [type, status, reason].join(' ')),
  ];
  expect(brief(shown(undefined))).toEqual([undefined]);
  expect(brief(shown(scrub('DONE', 0, 1)))).toEqual(['Done']);
  const lost = shown(scrub('DONE', 3, 1));
  expect(brief(lost)).toEqual(['Done', 'BlocksLost True NoGoodCopy']);
  const again = shown(scrub('RUNNING', 0, 2), lost);
  expect(brief(again)).toEqual(['Running', 'BlocksLost True NoGoodCopy']);
  expect(brief(shown(scrub('STOPPED', 0, 2), again))).toEqual(['Stopped', 'BlocksLost True NoGoodCopy']);
  expect(brief(shown(scrub('DONE', 0, 2), again))).toEqual(['Done', 'BlocksLost False ScrubFoundNone']);
  // Of a pool that is away the last word stays.
  const away = statusOf({
    previous: lost,
    facts: facts(undefined),
    generation: 1,
    deleting: false,
    waits: undefined,
    failure: undefined,
    replacing: [],
    adding: 0,
    changeFailure: undefined,
    restartWaits: undefined,
    nowIso: '2026-01-01T00:00:00Z',
  });
  expect(away.scrub).toEqual(lost.scrub);
});
