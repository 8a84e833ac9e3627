import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProtoGrpcType } from '../api/proto/target.ts';
import type { VolumeStatus } from '../replication/status.ts';
import { ChangeFeed } from '../shared/edge/change-feed.ts';
import { systemClock } from '../shared/edge/system-clock.ts';
import { openClient, type GrpcClient } from '../shared/grpc/client.ts';
import { loadProto } from '../shared/grpc/load.ts';
import { serveGrpc, type GrpcServer } from '../shared/grpc/serve.ts';
import { silentLog } from '../shared/log.ts';
import { targetHandlers } from './admin-server.ts';
import type { SessionInfo } from './server-options.ts';
import { statusKey, statusOf } from './target-status.ts';
import type { ReplicatedVolume } from './replicated-volume.ts';
import { VolumeError } from './volume.ts';

const { service } = loadProto<ProtoGrpcType>('target.proto').caskade.target.v1.Target;
const healthy: VolumeStatus = {
  phase: 'Healthy',
  epoch: 3,
  last: 20,
  flushed: 10,
  sizeBytes: 8192,
  unflushedWritesLostEpoch: 0,
  membership: { version: 1, nextVersion: 0, settled: true },
  scrub: { state: 'running', percent: 41.9, different: 0, mended: 0, left: 0, message: '' },
  message: '',
  replicas: [
    {
      replicaId: 'r1',
      guid: 'a1',
      pool: 'pool-1',
      state: 'Rebuilding',
      last: 20,
      durable: 10,
      message: '',
      connectedAtMs: 1_000,
      inflightReads: 1,
      inflightWrites: 2,
      mismatches: 0,
      proof: { number: 19, root: 'ab' },
      rebuild: { percent: 12.5, bytesPerSecond: 100, etaSeconds: 7 },
    },
  ],
};

/** As far as the admin calls know a volume. */
class FakeVolume {
  sizeBytes = 8192;
  granted: readonly string[] = [];
  problem: VolumeError | undefined;
  setInitiators(iqns: readonly string[]) {
    if (this.problem !== undefined) return Promise.reject(this.problem);
    this.granted = iqns;
    return Promise.resolve();
  }
  resize(sizeBytes: number) {
    if (this.problem !== undefined) return Promise.reject(this.problem);
    this.sizeBytes = sizeBytes;
    return Promise.resolve();
  }
}

const session = (initiator: string, index: number): SessionInfo => ({
  initiator,
  isid: `80000000000${index}`,
  peer: '192.0.2.7:40000',
  tsih: index + 1,
  discovery: false,
  headerDigest: false,
  dataDigest: true,
  authenticated: true,
  upSeconds: 7,
});

let folder: string;
let volume: FakeVolume;
let ended: string[][];
let current: VolumeStatus;
let feed: ChangeFeed;
let server: GrpcServer;
let client: GrpcClient<typeof service>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caskade-target-admin-'));
  volume = new FakeVolume();
  ended = [];
  current = healthy;
  feed = new ChangeFeed();
  const handlers = targetHandlers({
    volume: volume as unknown as ReplicatedVolume,
    status: () => statusOf('v', current, volume.granted, ['iqn.b', 'iqn.a', 'iqn.a'].map(session), 61_500),
    feed,
    endOtherSessions: (iqns) => void ended.push([...iqns]),
    clock: systemClock,
    log: silentLog,
  });
  const listen = `unix:${join(folder, 's')}`;
  server = await serveGrpc({ listen, add: (s) => s.addService(service, { ...handlers }) });
  client = openClient(service, listen);
});
afterEach(async () => {
  client.close();
  await server.stop(0);
  rmSync(folder, { recursive: true });
});
const soon = { deadlineMs: 5_000 };

test('GetStatus tells all of it', async () => {
  await expect(client.call('GetStatus', {}, soon)).resolves.toMatchObject({
    volume: 'v',
    phase: 'Healthy',
    epoch: 3,
    last: 20,
    flushed: 10,
    sizeBytes: 8192,
    sessions: ['iqn.a', 'iqn.b'],
    initiatorSessions: [
      { initiator: 'iqn.a', isid: '800000000001', tsih: 2, authenticated: true, upSeconds: 7 },
      { initiator: 'iqn.a', isid: '800000000002', tsih: 3 },
      { initiator: 'iqn.b', isid: '800000000000', tsih: 1, peer: '192.0.2.7:40000', dataDigest: true },
    ],
    replicas: [
      {
        replicaId: 'r1',
        guid: 'a1',
        pool: 'pool-1',
        state: 'Rebuilding',
        upSeconds: 60,
        inflightWrites: 2,
        rebuild: { percent: 12.5, bytesPerSecond: 100, etaSeconds: 7 },
      },
    ],
  });
});

test('SetInitiators: durable first, then the sessions of others end', async () => {
  await client.call('SetInitiators', { iqns: ['iqn.a'] }, soon);
  expect([volume.granted, ended]).toEqual([['iqn.a'], [['iqn.a']]]);
  volume.problem = new VolumeError('busy', 'no quorum');
  await expect(client.call('SetInitiators', { iqns: [] }, soon)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'no quorum',
  });
  expect([volume.granted, ended]).toEqual([['iqn.a'], [['iqn.a']]]);
});

test.each([
  ['too many', Array.from({ length: 65 }, (_, i) => `iqn.${i}`)],
  ['a blank in one', ['iqn. a']],
  ['an empty one', ['']],
  ['one too long', ['x'.repeat(224)]],
])('SetInitiators with %s is refused', async (_name, iqns) => {
  await expect(client.call('SetInitiators', { iqns }, soon)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  expect(ended).toEqual([]);
});

// prettier-ignore
test.each([
  [12288, undefined,          12288],
  [8192,  undefined,          8192],
  [4096,  'INVALID_ARGUMENT', 8192],
  [8193,  'INVALID_ARGUMENT', 8192],
])('Resize from 8192 to %d: %s', async (sizeBytes, code, after) => {
  const answer = await client.call('Resize', { sizeBytes }, soon).then(
    () => undefined,
    (error: { code: string }) => error.code,
  );
  expect([answer, volume.sizeBytes]).toEqual([code, after]);
});

test('Resize of a volume that does not serve yet, or whose pools are full', async () => {
  volume.problem = new VolumeError('noSpace', 'full');
  await expect(client.call('Resize', { sizeBytes: 12288 }, soon)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
  });
  volume.sizeBytes = 0;
  await expect(client.call('Resize', { sizeBytes: 12288 }, soon)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
});

test('WatchStatus sends the first at once, and the next when it differs', async () => {
  const phases: string[] = [];
  for await (const { phase } of client.stream('WatchStatus', {})) {
    phases.push(phase);
    if (phases.length === 2) break;
    current = { ...current, phase: 'Degraded' };
    feed.changed();
  }
  expect(phases).toEqual(['Healthy', 'Degraded']);
});

const key = (status: VolumeStatus) => statusKey(statusOf('v', status, [], [], 0));
const withReplica = (change: Partial<VolumeStatus['replicas'][number]>): VolumeStatus => ({
  ...healthy,
  replicas: healthy.replicas.map((replica) => ({ ...replica, ...change })),
});

// prettier-ignore
test.each([
  [{ ...healthy, last: 21 },                                                              false],
  [{ ...healthy, flushed: 20 },                                                           false],
  [withReplica({ last: 21, durable: 21, inflightReads: 0, inflightWrites: 0 }),           false],
  [withReplica({ rebuild: { percent: 12.9, bytesPerSecond: 1, etaSeconds: 1 } }),         false],
  [withReplica({ rebuild: { percent: 13, bytesPerSecond: 100, etaSeconds: 7 } }),         true],
  [withReplica({ state: 'InSync', rebuild: undefined }),                                  true],
  [{ ...healthy, phase: 'Degraded' as const },                                            true],
  [{ ...healthy, sizeBytes: 12288 },                                                      true],
])('a change that counts: %#', (status, counts) => {
  expect(key(status) !== key(healthy)).toBe(counts);
});
