import { expect, test } from '@jest/globals';
import { silentLog } from '../../shared/log.ts';
import { ManualClock, settled } from '../../testing/manual-clock.ts';
import { ScriptedApi } from '../../testing/scripted-api.ts';
import { ApiError, ApiUnreachable } from './api-error.ts';
import { KubernetesClient } from './client.ts';
import { core } from './core-resources.ts';
import { Reflector } from './reflector.ts';

const object = (name: string, version: number) => ({
  metadata: {
    namespace: 'ns',
    name,
    uid: `uid-${name}`,
    resourceVersion: String(version),
    managedFields: [{}],
  },
});
const list = (version: number, ...items: object[]) => ({
  items,
  metadata: { resourceVersion: String(version) },
});

/** A reflector of ConfigMaps over a scripted API server, started and synced. */
async function started(first = list(10, object('a', 3))) {
  const clock = new ManualClock();
  const api = new ScriptedApi(() => first);
  const client = new KubernetesClient({
    connection: api,
    fieldManager: 'test',
    clock,
    log: silentLog,
    random: () => 0,
  });
  const seen: string[] = [];
  const reflector = new Reflector(
    core.configMaps,
    { namespace: 'ns' },
    { client, clock, log: silentLog, random: () => 0 },
    ({ type, object: { metadata } }) => seen.push(`${type} ${metadata.name}@${metadata.resourceVersion}`),
  );
  reflector.start();
  await reflector.synced;
  await settled();
  return { clock, api, reflector, seen };
}

test('lists once, then watches from the version of the list with bookmarks and a timeout', async () => {
  const { api, reflector, seen } = await started();
  expect(seen).toEqual(['added a@3']);
  expect(reflector.store.list()[0]?.metadata).not.toHaveProperty('managedFields');
  expect(reflector.store.list()[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(api.watching.request.path).toBe(
    '/api/v1/namespaces/ns/configmaps?watch=true&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=300',
  );
  await reflector.stop();
});

test('a watch that the server ends goes on from the last event or bookmark, a second later at the earliest', async () => {
  const { api, clock, reflector, seen } = await started();
  api.watching.send('ADDED', object('b', 12));
  api.watching.send('BOOKMARK', { metadata: { resourceVersion: '40' } });
  api.watching.end();
  await clock.advanceSettled(900);
  expect(api.watches.length).toBe(1);
  await clock.advanceSettled(100);
  expect(api.watches.map(({ version }) => version)).toEqual(['10', '40']);
  expect(seen).toEqual(['added a@3', 'added b@12']);
  expect(api.requests.length).toBe(1);
  await reflector.stop();
});

test('a broken connection is tried again after growing pauses, without a list', async () => {
  const { api, clock, reflector } = await started();
  api.watchErrors.push(...Array.from({ length: 8 }, () => new ApiUnreachable('no route')));
  api.watching.end(new ApiUnreachable('reset'));
  const openAfterMs: number[] = [];
  for (let ms = 0; ms < 200_000 && api.watches.length === 1; ms += 100) {
    await clock.advanceSettled(100);
    openAfterMs[0] = ms + 100;
  }
  // 0.5 + 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30 s
  expect(openAfterMs).toEqual([121_500]);
  expect([api.watching.version, api.requests.length]).toEqual(['10', 1]);
  await reflector.stop();
});

test.each([
  [
    'as an event',
    (api: ScriptedApi) => api.watching.send('ERROR', { code: 410, reason: 'Expired', message: 'too old' }),
  ],
  [
    'as an answer',
    (api: ScriptedApi) => {
      api.watchErrors.push(new ApiError(410, 'Expired', 'too old'));
      api.watching.end(new ApiUnreachable('reset'));
    },
  ],
])('410 %s: a new list, and what is missing from it is deleted', async (_, refuse) => {
  const { api, clock, reflector, seen } = await started(list(10, object('a', 3), object('b', 4)));
  api.answer = () => list(90, object('b', 4), object('c', 80));
  refuse(api);
  await clock.advanceSettled(3_000);
  expect(seen).toEqual(['added a@3', 'added b@4', 'deleted a@3', 'added c@80']);
  expect(api.watching.version).toBe('90');
  await reflector.stop();
});

test('429 waits for as long as the server asks', async () => {
  const { api, clock, reflector } = await started();
  api.watchErrors.push(new ApiError(429, 'TooManyRequests', 'later', 20_000));
  api.watching.end(new ApiUnreachable('reset'));
  await clock.advanceSettled(20_400);
  expect(api.watches.length).toBe(1);
  await clock.advanceSettled(200);
  expect(api.watches.length).toBe(2);
  await reflector.stop();
});

test('a version that is refused again and again leads to a new list', async () => {
  const { api, clock, reflector, seen } = await started();
  // after etcd was restored from an older copy: the version is of a future that never came
  api.watchErrors.push(
    ...Array.from({ length: 5 }, () => new ApiError(504, 'Timeout', 'Too large resource version')),
  );
  api.answer = () => list(7, object('a', 2));
  api.watching.end();
  await clock.advanceSettled(60_000);
  expect(api.watching.version).toBe('7');
  expect(seen).toEqual(['added a@3', 'changed a@2']);
  await reflector.stop();
});

test('refresh ends the watch and lists anew', async () => {
  const { api, reflector, seen } = await started();
  api.answer = () => list(20, object('a', 15));
  await reflector.refresh();
  expect(seen).toEqual(['added a@3', 'changed a@15']);
  await settled();
  expect(api.watching.version).toBe('20');
  await reflector.stop();
});

test('refresh waits for an API server that is away', async () => {
  const { api, clock, reflector } = await started();
  api.answer = () => {
    throw new ApiUnreachable('away');
  };
  let refreshed = false;
  void reflector.refresh().then(() => (refreshed = true));
  await clock.advanceSettled(60_000);
  expect(refreshed).toBe(false);
  api.answer = () => list(20);
  await clock.advanceSettled(60_000);
  expect([refreshed, reflector.store.size]).toEqual([true, 0]);
  await reflector.stop();
});

test('stopped, it holds neither a watch nor a timer', async () => {
  const { api, clock, reflector } = await started();
  await reflector.stop();
  await clock.advanceSettled(60_000);
  expect([api.watches.length, clock.timers]).toEqual([1, 0]);
});
