import { expect, test } from '@jest/globals';
import { silentLog } from '../../shared/log.ts';
import { ManualClock, settled } from '../../testing/manual-clock.ts';
import { ScriptedApi } from '../../testing/scripted-api.ts';
import { ApiError, ApiUnreachable, NotLeader } from './api-error.ts';
import { KubernetesClient } from './client.ts';
import { core } from './core-resources.ts';
import { Informers } from './informer.ts';
import type { Lease } from './lease.ts';
import { runManager, type Stoppable } from './manager.ts';

/** A role with one informer, over an API server with one ConfigMap and one Lease. */
function play(lease: boolean, stop: () => Promise<void> = () => Promise.resolve()) {
  const clock = new ManualClock();
  const state = { away: false, lease: undefined as Lease | undefined, lists: 0 };
  const api = new ScriptedApi(({ method, path, body }) => {
    if (state.away) throw new ApiUnreachable('away');
    if (path.includes('/leases')) {
      if (method === 'GET' && state.lease === undefined) throw new ApiError(404, 'NotFound', 'none');
      if (method !== 'GET') state.lease = body as Lease;
      return state.lease;
    }
    state.lists++;
    return { items: [{ metadata: { name: `list-${state.lists}`, resourceVersion: '1' } }], metadata: {} };
  });
  const client = new KubernetesClient({
    connection: api,
    fieldManager: 'test',
    clock,
    log: silentLog,
    random: () => 0,
  });
  const informers = new Informers({ client, clock, log: silentLog, random: () => 0 });
  const informer = informers.of(core.configMaps);
  const begun: string[][] = [];
  const parts: Stoppable[] = [];
  let write: () => Promise<unknown> = () => Promise.reject(new Error('not begun'));
  const manager = runManager({
    client,
    informers,
    log: silentLog,
    clock,
    lease: lease ? { namespace: 'ns', name: 'role', identity: 'a' } : undefined,
    controllers: ({ client: fenced }) => {
      begun.push(informer.store.list().map(({ metadata }) => metadata.name));
      write = () => fenced.create(core.configMaps, { metadata: { namespace: 'ns', name: 'x' } });
      parts.push({ stop, stuck: () => 'it hangs' });
      return parts;
    },
  });
  let ended: string | undefined;
  void manager.ended.then((reason) => (ended = reason));
  return { clock, state, api, manager, begun, ended: () => ended, write: () => write() };
}

test('without a lease work begins when everything is known', async () => {
  const { manager, begun, clock, state, write } = play(false);
  state.away = true;
  await clock.advanceSettled(5_000);
  expect([begun, manager.notReady()]).toEqual([[], 'the first list from the API server is not complete']);
  state.away = false;
  await clock.advanceSettled(60_000);
  expect([begun.length, manager.notReady(), manager.isWorking]).toEqual([1, undefined, true]);
  await write();
  expect(manager.unhealthy()).toBe('it hangs');
  await manager.stop();
  expect(manager.isWorking).toBe(false);
});

test('a new leader begins with a fresh list', async () => {
  const { manager, begun, clock } = play(true);
  await clock.advanceSettled(1_000);
  expect(begun).toEqual([['list-2']]);
  await manager.stop();
});

test('a leader that loses its lease stops its work, and the role ends', async () => {
  const { begun, clock, state, ended, write } = play(true);
  await clock.advanceSettled(1_000);
  expect(begun.length).toBe(1);
  state.away = true;
  await clock.advanceSettled(10_500);
  expect(ended()).toBe('leadership lost: not renewed for 10000 ms');
  await expect(write()).rejects.toThrow(NotLeader);
});

test('work that does not stop is left behind after 10 s', async () => {
  const { clock, state, ended } = play(true, () => new Promise<void>(() => undefined));
  await clock.advanceSettled(1_000);
  state.away = true;
  await clock.advanceSettled(15_000);
  expect(ended()).toBeUndefined();
  await clock.advanceSettled(6_000);
  expect(ended()).toBe('leadership lost: not renewed for 10000 ms');
});

test('stopped in order, the lease is given back and nothing is left', async () => {
  const { manager, clock, state, ended } = play(true);
  await clock.advanceSettled(1_000);
  await manager.stop();
  await settled();
  expect([state.lease?.spec?.holderIdentity, clock.timers, ended()]).toEqual(['', 0, undefined]);
});

test('stopped before it was elected, it ends too', async () => {
  const { manager, clock, state, begun } = play(true);
  state.away = true;
  await clock.advanceSettled(3_000);
  await manager.stop();
  expect([begun, clock.timers]).toEqual([[], 0]);
});
