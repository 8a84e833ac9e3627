import { describe, expect, test } from '@jest/globals';
import { plan } from './plan.ts';
import { phaseOf, statusOf, type TargetFacts, type TargetReport } from './status.ts';

const node1 = 'iqn:node-1';
// prettier-ignore
test.each([
  // wish                                              target has        sets       shown
  [{ wishedNode: '', wishedIqn: undefined },           [],               undefined, ''],
  [{ wishedNode: 'node-1', wishedIqn: node1 },         [],               [node1],   undefined],
  [{ wishedNode: 'node-1', wishedIqn: node1 },         [node1],          undefined, 'node-1'],
  [{ wishedNode: 'node-1', wishedIqn: node1 },         ['iqn:node-2'],   [node1],   undefined],
  [{ wishedNode: '', wishedIqn: undefined },           [node1],          [],        undefined],
  [{ wishedNode: 'node-1', wishedIqn: node1 },         undefined,        undefined, undefined], // it does not answer: nobody is told anything
])('%j at a target that has %j', (wish, initiators, setInitiators, publishedNodeId) => {
  expect(plan({ ...wish, initiators })).toEqual({ setInitiators, publishedNodeId });
});

const report = (phase: string, fields: Partial<TargetReport> = {}): TargetReport => ({
  phase,
  epoch: 1,
  sizeBytes: 1024 ** 3,
  replicas: [],
  scrub: null,
  initiators: [],
  unflushedWritesLostEpoch: 0,
  message: '',
  ...fields,
});
const facts = (phase: string | undefined, expected = false, podReady = true): TargetFacts => ({
  target: phase === undefined ? undefined : report(phase),
  expected,
  podReady,
});

// prettier-ignore
test.each([
  // shown       target says  expected  pod ready  becomes
  [undefined,    undefined,   true,     false,     'Init'],
  ['Init',       undefined,   false,    false,     'Init'],
  ['Init',       'Healthy',   false,    true,      'Healthy'],
  ['Healthy',    'Degraded',  false,    true,      'Degraded'],
  ['Healthy',    undefined,   true,     true,      'Healthy'], // the operator has just started
  ['Healthy',    undefined,   true,     false,     'Offline'],
  ['Healthy',    undefined,   false,    false,     'Offline'],
  ['Healthy',    undefined,   false,    true,      'Error'],   // it runs, and nobody knows how it is
] as const)('%s, target %s, expected %s, ready %s: %s', (before, says, expected, podReady, becomes) => {
  expect(phaseOf({ phase: before }, facts(says, expected, podReady)).phase).toBe(becomes);
});

describe('status', () => {
  const replica = (id: string, state: string, durable: number) => ({
    replicaId: id,
    guid: 'g',
    pool: 'p',
    state,
    last: durable,
    durable,
    rebuild: null,
    message: '',
    upSeconds: durable,
    inflightReads: 0,
    inflightWrites: 0,
    proofRoot: '',
    proofNumber: 0,
    mismatches: 0,
  });
  const at = (number: number, state = 'InSync', fields: Partial<TargetReport> = {}) => ({
    previous: {},
    facts: {
      target: report('Healthy', {
        replicas: [replica('2', state, number), replica('1', 'InSync', number)],
        ...fields,
      }),
      expected: false,
      podReady: true,
    },
    publishedNodeId: 'node-1',
    knownReplicas: { 1: 'g', 2: 'g' },
    generation: 1,
    nowIso: '2026-01-01T00:00:00Z',
  });
  const first = statusOf(at(7));

  test('all fields, in the words of the API', () => {
    expect(first).toMatchObject({ phase: 'Healthy', capacity: '1Gi', publishedNodeId: 'node-1' });
    expect(first.replicaStatuses[0]).toEqual({
      replicaId: '1',
      mode: 'Healthy',
      quorum: '1',
      checkpointedIOSeq: '7',
      inflightRead: '0',
      inflightWrite: '0',
      inflightSync: '0',
      upTime: 7,
    });
  });
  test('counters alone are no change', () => {
    expect(statusOf({ ...at(99), previous: first, nowIso: '2027-01-01T00:00:00Z' })).toEqual(first);
  });
  test('with a change of a replica the counters come along', () => {
    const next = statusOf({ ...at(99, 'Rebuilding'), previous: first });
    expect(next.replicaStatuses.map(({ mode, checkpointedIOSeq }) => [mode, checkpointedIOSeq])).toEqual([
      ['Healthy', '99'],
      ['Degraded', '99'],
    ]);
  });
  test('a target that is gone has no replicas to show, and keeps what it was published to', () => {
    const gone = statusOf({
      ...at(7),
      previous: first,
      facts: facts(undefined, false, false),
      publishedNodeId: undefined,
    });
    expect(gone).toMatchObject({
      phase: 'Offline',
      replicaStatuses: [],
      publishedNodeId: 'node-1',
      capacity: '1Gi',
    });
  });
  test('a target that has not recovered knows no size', () => {
    expect(statusOf({ ...at(7, 'Offline', { sizeBytes: 0, phase: 'Init' }), previous: first }).capacity).toBe(
      '1Gi',
    );
  });
  test('a newcomer in sync does not count before it is a member', () => {
    const { replicaStatuses } = statusOf({ ...at(7), knownReplicas: { 1: 'g' } });
    expect(replicaStatuses.map(({ mode, quorum }) => [mode, quorum])).toEqual([
      ['Healthy', '1'],
      ['Healthy', '0'],
    ]);
  });
  test('a replica that a proof found different is in question until it is proved', () => {
    const differs = (state: string) => ({ ...replica('2', state, 7), mismatches: 3 });
    const of = (state: string) => at(7, state, { replicas: [differs(state), replica('1', 'InSync', 7)] });
    expect(statusOf(at(7)).conditions).toEqual([]);
    const found = statusOf({ ...of('Rebuilding'), previous: first });
    expect(found.conditions).toMatchObject([
      { type: 'ReplicaMismatch', status: 'True', reason: 'ContentDiffers' },
    ]);
    expect(found.conditions[0]?.message).toContain('3 groups of blocks of the replica on pool p');
    const proved = statusOf({ ...of('InSync'), previous: found });
    expect(proved.conditions).toMatchObject([{ status: 'False', reason: 'ContentProved' }]);
    // A restarted target has nothing to say of it.
    expect(statusOf({ ...at(8), previous: proved }).conditions).toMatchObject([{ status: 'False' }]);
  });
  test('a replica whose pool has no room is named, until it is back', () => {
    const found = statusOf({ ...at(7, 'PoolFull'), previous: first });
    expect(found.conditions).toMatchObject([{ type: 'PoolFull', status: 'True', reason: 'NoRoom' }]);
    expect(found.conditions[0]?.message).toContain('the replica on pool p is left out');
    const back = statusOf({ ...at(8), previous: found });
    expect(back.conditions).toMatchObject([{ type: 'PoolFull', status: 'False', reason: 'Room' }]);
  });
  test('what a scrub found is told when it is done, and until another one has found nothing', () => {
    const scrub = (state: string, mendedBlocks: number, leftBlocks: number) =>
      at(7, 'InSync', {
        scrub: { state, percent: 1, different: 1, mendedBlocks, leftBlocks, message: 'blocks 0 to 63' },
      });
    expect(statusOf(scrub('done', 0, 0)).conditions).toEqual([]);
    expect(statusOf(scrub('running', 64, 0)).conditions).toEqual([]);
    const left = statusOf(scrub('done', 64, 64));
    expect(left.conditions).toMatchObject([
      {
        type: 'ReplicasDiffer',
        status: 'True',
        message:
          '64 blocks differ between replicas (blocks 0 to 63); 64 blocks differed and were written anew',
      },
    ]);
    expect(statusOf({ ...at(8), previous: left }).conditions).toEqual(left.conditions);
    const mended = statusOf({ ...scrub('done', 64, 0), previous: left });
    expect(mended.conditions).toMatchObject([{ status: 'False', reason: 'Mended' }]);
    const equal = statusOf({ ...scrub('done', 0, 0), previous: mended });
    expect(equal.conditions).toMatchObject([{ status: 'False', reason: 'Equal', message: '' }]);
  });
  test('lost unflushed writes stay told after a restart of the target has forgotten them', () => {
    const lost = statusOf({ ...at(7, 'InSync', { unflushedWritesLostEpoch: 5 }), previous: first });
    expect(lost.conditions).toMatchObject([{ type: 'UnflushedWritesLost', status: 'True' }]);
    expect(statusOf({ ...at(8), previous: lost }).conditions).toEqual(lost.conditions);
  });
});
