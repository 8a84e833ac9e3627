import { describe, expect, test } from '@jest/globals';
import { packingOf } from '../compression.ts';
import { plan, type ReplicaView } from './plan.ts';
import { capacityOf, statusOf, type ReplicaFacts } from './status.ts';

const view = (fields: Partial<ReplicaView> = {}): ReplicaView => ({
  deleting: true,
  finalizer: true,
  poolExists: true,
  poolServes: true,
  needed: false,
  packing: { compression: 'lz4', zstdLevel: 3 },
  packingWanted: { compression: 'zstd', zstdLevel: 9 },
  ...fields,
});
// prettier-ignore
test.each([
  ['not asked to go',                  view({ deleting: false, packingWanted: undefined }), []],
  ['deleted on its pool first',        view(),                                          ['deleteReplica', 'removeFinalizer']],
  ['not while its volume needs it',    view({ needed: true }),                          ['waits']],
  ['its pool is away',                 view({ poolServes: false }),                     ['waits']],
  ['its pool is gone for good',        view({ poolExists: false, poolServes: false }),  ['removeFinalizer']],
])('%s', (_what, replica, does) => {
  const { actions, waits } = plan(replica);
  expect([...actions.map((action) => action.do), ...(waits === undefined ? [] : ['waits'])]).toEqual(does);
});

const zstd = (zstdLevel: number) => ({ compression: 'zstd', zstdLevel });
const lz4 = (zstdLevel: number) => ({ compression: 'lz4', zstdLevel });
// prettier-ignore
test.each([
  ['another method',                   {},                                              [{ do: 'setPacking', packing: zstd(9) }]],
  ['another level',                    { packing: zstd(3) },                            [{ do: 'setPacking', packing: zstd(9) }]],
  ['as it is',                         { packing: zstd(9) },                            []],
  ['a level that does not count',      { packing: lz4(3), packingWanted: lz4(9) },      []],
  ['its pool does not say',            { packing: undefined },                          []],
  ['nobody knows what the pool has',   { packingWanted: undefined },                    []],
  ['its pool is away',                 { poolServes: false },                           []],
])('a replica that stays, and its compression: %s', (_what, fields, actions) => {
  expect(plan(view({ deleting: false, ...fields }))).toEqual({ actions, waits: undefined });
});
test.each([
  ['', 'lz4', { compression: 'lz4', zstdLevel: 3 }],
  ['', 'zstd', { compression: 'zstd', zstdLevel: 3 }],
  ['', '', undefined],
  ['on', 'off', { compression: 'lz4', zstdLevel: 3 }],
  ['off', 'lz4', { compression: 'off', zstdLevel: 3 }],
  ['gzip', 'lz4', { compression: 'zstd', zstdLevel: 3 }],
  ['gzip-9', 'lz4', { compression: 'zstd', zstdLevel: 9 }],
])('compression %j on a pool with %j', (name, ofPool, packing) => {
  expect(packingOf(name, ofPool)).toEqual(packing);
});

const mib = 1024 ** 2;
const onPool = { state: 'Healthy', allocatedBytes: 6144, logicalBytes: 4096 };
const facts = (fields: Partial<ReplicaFacts> = {}): ReplicaFacts => ({
  onPool,
  poolAnswers: true,
  atTarget: { state: 'InSync', rebuild: null, message: '' },
  bound: true,
  expected: false,
  newcomer: false,
  ...fields,
});
const at = (state: string, percent = 0) => ({
  state,
  rebuild: { percent, bytesPerSecond: 1, etaSeconds: 1 },
  message: '',
});
const now = '2026-01-01T00:00:00Z';

// prettier-ignore
test.each([
  // shown        facts                                                                       becomes
  [undefined,     facts({ bound: false }),                                                    'Init'],
  ['Init',        facts({ onPool: undefined }),                                               'Init'],     // its pool has not told of it yet
  ['Init',        facts({ atTarget: undefined, onPool: { ...onPool, state: 'Offline' } }),    'Init'],     // its target is only coming up
  ['Init',        facts(),                                                                    'Healthy'],
  ['Healthy',     facts({ atTarget: at('Attaching') }),                                       'Degraded'],
  ['Healthy',     facts({ atTarget: at('Proving') }),                                         'Rebuilding'],
  ['Healthy',     facts({ atTarget: at('PoolFull') }),                                        'Degraded'],
  ['Healthy',     facts({ atTarget: undefined, onPool: { ...onPool, state: 'Offline' } }),    'Offline'],
  ['Healthy',     facts({ poolAnswers: false, expected: true }),                              'Healthy'],
  ['Healthy',     facts({ poolAnswers: false }),                                              'Offline'],
  ['Healthy',     facts({ onPool: undefined }),                                               'Error'],
  ['Recreate',    facts({ newcomer: true, atTarget: undefined }),                             'Recreate'],
  [undefined,     facts({ newcomer: true, onPool: undefined }),                               'Recreate'], // cStor's words for one that is added
  ['Recreate',    facts({ newcomer: true, atTarget: undefined, onPool: { ...onPool, state: 'Offline' } }), 'Recreate'],
  ['Recreate',    facts({ newcomer: true, atTarget: at('Rebuilding') }),                      'ReconstructingNewReplica'],
  ['ReconstructingNewReplica', facts({ newcomer: true, atTarget: at('Attaching') }),          'NewReplicaDegraded'],
  ['ReconstructingNewReplica', facts({ newcomer: true }),                                     'Healthy'],
] as const)('%s becomes %#', (phase, what, becomes) => {
  expect(statusOf({ phase }, what, now).phase).toBe(becomes);
});

describe('what is written anew', () => {
  test('the proof of the last rebuild, which a restarted target has forgotten', () => {
    const proved = statusOf(
      {},
      facts({ atTarget: { ...at('InSync'), proofRoot: 'ab', proofNumber: 9 } }),
      now,
    );
    expect(proved.proof).toEqual({ root: 'ab', number: 9 });
    expect(statusOf(proved, facts(), now).proof).toEqual({ root: 'ab', number: 9 });
    const differs = { ...at('Rebuilding'), proofRoot: '', proofNumber: 0, mismatches: 2 };
    expect(statusOf(proved, facts({ atTarget: differs }), now).proof).toEqual({
      root: 'ab',
      number: 9,
      mismatches: 2,
    });
  });
  test('that its pool has no room', () => {
    const full = { state: 'PoolFull', rebuild: null, message: 'its pool is full: make room' };
    expect(statusOf({ phase: 'Healthy' }, facts({ atTarget: full }), now)).toMatchObject({
      phase: 'Degraded',
      message: 'PoolFull: its pool is full: make room',
    });
  });
  test('progress in tenths', () => {
    const first = statusOf({ phase: 'Degraded' }, facts({ atTarget: at('Rebuilding', 42) }), now);
    expect(first.message).toBe('rebuilding, 40 percent are done');
    expect(statusOf(first, facts({ atTarget: at('Rebuilding', 49) }), now)).toEqual(first);
  });
  // prettier-ignore
  test.each([
    // shown                              is                                             becomes
    [undefined,                           { allocatedBytes: 6144, logicalBytes: 0 },     { total: '6K', used: '0' }],
    [{ total: '6K', used: '0' },          { allocatedBytes: 9000, logicalBytes: 0 },     { total: '6K', used: '0' }],
    [{ total: '6K', used: '0' },          { allocatedBytes: 9000, logicalBytes: 1 },     { total: '8.79K', used: '1' }],
    [{ total: '100M', used: '100M' },     { allocatedBytes: 104 * mib, logicalBytes: 100 * mib }, { total: '100M', used: '100M' }],
    [{ total: '100M', used: '100M' },     { allocatedBytes: 106 * mib, logicalBytes: 100 * mib }, { total: '106M', used: '100M' }],
  ])('sizes %j, now %j', (shown, is, becomes) => {
    expect(capacityOf(shown, is)).toEqual(becomes);
  });
});

test('snapshots of a replica, and those that it has still to copy, with the size that a peer tells', () => {
  const snapshots = [{ name: 'a', number: 5, logicalBytes: 4096 }];
  const volumeSnapshots = { a: { logicalReferenced: 9 }, b: { logicalReferenced: 8192 } };
  const shown = statusOf({}, facts({ onPool: { ...onPool, snapshots }, volumeSnapshots }), now);
  expect(shown).toMatchObject({
    snapshots: { a: { logicalReferenced: 4096 } },
    pendingSnapshots: { b: { logicalReferenced: 8192 } },
  });
  const without = statusOf({}, facts({ onPool: { ...onPool, snapshots: [] } }), now);
  expect([without.snapshots, without.pendingSnapshots]).toEqual([{}, {}]);
});
