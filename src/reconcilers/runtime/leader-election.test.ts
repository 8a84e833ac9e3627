import { expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../api/object-meta.ts';
import { silentLog } from '../../shared/log.ts';
import { ManualClock, settled } from '../../testing/manual-clock.ts';
import { ScriptedApi } from '../../testing/scripted-api.ts';
import { ApiError, ApiUnreachable, NotLeader } from './api-error.ts';
import { KubernetesClient } from './client.ts';
import { core } from './core-resources.ts';
import { LeaderElection } from './leader-election.ts';
import type { Lease } from './lease.ts';

/** One Lease with optimistic locking, and a switch that takes the API server away. */
class LeaseServer {
  lease: Lease | undefined;
  away = false;
  readonly clock = new ManualClock();
  readonly api = new ScriptedApi(({ method, body, path }) => {
    if (this.away) throw new ApiUnreachable('away');
    if (!path.includes('leases')) return body;
    if (method === 'GET') {
      if (this.lease === undefined) throw new ApiError(404, 'NotFound', 'no lease');
      return this.lease;
    }
    const wish = body as Lease & KubernetesObject;
    if (method === 'POST' && this.lease !== undefined) throw new ApiError(409, 'AlreadyExists', 'there');
    const version = Number(this.lease?.metadata.resourceVersion ?? 0);
    if (method === 'PUT' && wish.metadata.resourceVersion !== String(version))
      throw new ApiError(409, 'Conflict', 'changed');
    this.lease = { ...wish, metadata: { ...wish.metadata, resourceVersion: String(version + 1) } };
    return this.lease;
  });
  candidate(identity: string) {
    const { clock, api } = this;
    const client = new KubernetesClient({
      connection: api,
      fieldManager: identity,
      clock,
      log: silentLog,
      random: () => 0,
    });
    const election = new LeaderElection({
      client,
      clock,
      log: silentLog,
      namespace: 'ns',
      name: 'operator',
      identity,
    });
    election.start();
    return { election, client: client.fencedBy(election) };
  }
  get writes(): number {
    return this.api.requests.filter(({ method }) => method === 'PUT').length;
  }
}
const anything = { metadata: { namespace: 'ns', name: 'x' } };

test('of two one leads; the other waits while the lease is renewed', async () => {
  const server = new LeaseServer();
  const [a, b] = [server.candidate('a'), server.candidate('b')];
  await server.clock.advanceSettled(60_000);
  expect([a.election.isLeader, b.election.isLeader]).toEqual([true, false]);
  await expect(a.client.create(core.configMaps, anything)).resolves.toMatchObject(anything);
  await expect(b.client.create(core.configMaps, anything)).rejects.toThrow(NotLeader);
  expect(server.writes).toBe(12); // one renewal in 5 s
  await Promise.all([a.election.stop(), b.election.stop()]);
});

test('the lease that is given back is taken at once', async () => {
  const server = new LeaseServer();
  const a = server.candidate('a');
  await settled();
  const b = server.candidate('b');
  await server.clock.advanceSettled(1_000);
  await a.election.stop();
  expect(server.lease?.spec?.holderIdentity).toBe('');
  await server.clock.advanceSettled(2_000);
  expect(b.election.isLeader).toBe(true);
  await expect(a.client.create(core.configMaps, anything)).rejects.toThrow(NotLeader);
  await b.election.stop();
});

test('cut off, the leader stops writing 10 s after its last renewal, before the other one may begin', async () => {
  const server = new LeaseServer();
  const a = server.candidate('a');
  await settled();
  expect(a.election.isLeader).toBe(true);
  server.away = true;
  let lost = '';
  void a.election.lost.then((reason) => (lost = reason));
  await server.clock.advanceSettled(9_900);
  expect([a.election.isLeader, lost]).toEqual([true, '']);
  await server.clock.advanceSettled(200);
  expect([a.election.isLeader, lost, a.election.signal.aborted]).toEqual([
    false,
    'not renewed for 10000 ms',
    true,
  ]);
  server.away = false;
  await server.clock.advanceSettled(60_000);
  expect(a.election.isLeader).toBe(false); // its process ends; it does not come back by itself
});

test('a leader that slept refuses to write before any timer of its has run', async () => {
  const server = new LeaseServer();
  const a = server.candidate('a');
  await settled();
  const late = new ManualClock();
  late.advance(11_000);
  Object.assign(server.clock, { nowMs: () => late.nowMs() });
  expect(a.election.closed()).toMatch(/renewed 11000 ms ago/);
  await expect(a.client.create(core.configMaps, anything)).rejects.toThrow(NotLeader);
});

test('a killed leader is replaced 15 s after its last renewal was seen', async () => {
  const server = new LeaseServer();
  const a = server.candidate('a');
  await settled();
  const record = server.lease;
  await a.election.stop();
  server.lease = record; // as if it had not been given back
  const b = server.candidate('b');
  await server.clock.advanceSettled(14_000);
  expect(b.election.isLeader).toBe(false);
  await server.clock.advanceSettled(3_000);
  expect(b.election.isLeader).toBe(true);
  expect(server.lease?.spec?.leaseTransitions).toBe(1);
  await b.election.stop();
});

test('a leader whose lease somebody else took ends at once', async () => {
  const server = new LeaseServer();
  const a = server.candidate('a');
  await settled();
  const { lease } = server;
  server.lease = {
    metadata: { namespace: 'ns', name: 'operator', resourceVersion: '77' },
    spec: { ...lease?.spec, holderIdentity: 'b' },
  };
  let lost = '';
  void a.election.lost.then((reason) => (lost = reason));
  await server.clock.advanceSettled(8_000);
  expect([a.election.isLeader, lost]).toEqual([false, 'taken by b']);
  await a.election.stop();
  expect(server.lease?.spec?.holderIdentity).toBe('b');
});

test('a deleted lease is made again', async () => {
  const server = new LeaseServer();
  const a = server.candidate('a');
  await settled();
  server.lease = undefined;
  server.api.answer = ((inner) => (request) => {
    if (server.lease === undefined && request.method === 'PUT') throw new ApiError(404, 'NotFound', 'gone');
    return inner(request);
  })(server.api.answer);
  await server.clock.advanceSettled(20_000);
  expect([a.election.isLeader, server.lease]).toMatchObject([true, { spec: { holderIdentity: 'a' } }]);
  await a.election.stop();
});
