import { expect, test } from '@jest/globals';
import { silentLog } from '../../shared/log.ts';
import { ManualClock, settled } from '../../testing/manual-clock.ts';
import { ScriptedApi } from '../../testing/scripted-api.ts';
import { ApiError, apiError, ApiUnreachable } from './api-error.ts';
import { KubernetesClient } from './client.ts';
import { core } from './core-resources.ts';
import { collectionPath, objectPath } from './resource-path.ts';

const clientOf = (api: ScriptedApi, clock = new ManualClock()) =>
  new KubernetesClient({ connection: api, fieldManager: 'test', clock, log: silentLog, random: () => 0 });
/** Answers the errors in turn, then the object. */
const failing = (...errors: unknown[]) =>
  new ScriptedApi(() => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return { metadata: { name: 'a' } };
  });
const key = { namespace: 'ns', name: 'a' };

test('paths', () => {
  expect([
    collectionPath(core.nodes),
    collectionPath(core.pods, 'ns', { labelSelector: 'a=b,c', limit: 500, continue: undefined }),
    collectionPath(core.leases),
    objectPath(core.leases, key),
    objectPath(core.nodes, { name: 'n' }, 'status'),
    objectPath(core.configMaps, { namespace: 'a/b', name: 'c d' }),
  ]).toEqual([
    '/api/v1/nodes',
    '/api/v1/namespaces/ns/pods?labelSelector=a%3Db%2Cc&limit=500',
    '/apis/coordination.k8s.io/v1/leases',
    '/apis/coordination.k8s.io/v1/namespaces/ns/leases/a',
    '/api/v1/nodes/n/status',
    '/api/v1/namespaces/a%2Fb/configmaps/c%20d',
  ]);
});

test('a read is repeated when the server is away, four times in all', async () => {
  const clock = new ManualClock();
  const api = failing(new ApiUnreachable('1'), new ApiUnreachable('2'), new ApiUnreachable('3'));
  const read = clientOf(api, clock).get(core.configMaps, key);
  await clock.advanceSettled(2_000);
  await expect(read).resolves.toEqual({ metadata: { name: 'a' } });
  expect(api.requests.length).toBe(4);
  const down = failing(...Array.from({ length: 9 }, (_, i) => new ApiUnreachable(String(i))));
  const failed = clientOf(down, clock).get(core.configMaps, key).catch(String);
  await clock.advanceSettled(10_000);
  await expect(failed).resolves.toBe('ApiUnreachable: 3');
});

test('a write whose fate is unknown is not repeated', async () => {
  const api = failing(new ApiUnreachable('reset'));
  await expect(clientOf(api).create(core.configMaps, { metadata: key })).rejects.toThrow(ApiUnreachable);
  expect(api.requests.length).toBe(1);
});

test('a write that the server put off is repeated when it says', async () => {
  const clock = new ManualClock();
  const api = failing(new ApiError(429, 'TooManyRequests', 'later', 3_000));
  const write = clientOf(api, clock).create(core.configMaps, { metadata: key });
  await clock.advanceSettled(2_900);
  expect(api.requests.length).toBe(1);
  await clock.advanceSettled(200);
  await expect(write).resolves.toEqual({ metadata: { name: 'a' } });
});

test('a list whose pages are of a forgotten moment begins again', async () => {
  const answers = [
    { items: [{ metadata: { name: 'a' } }], metadata: { resourceVersion: '1', continue: 'x' } },
    new ApiError(410, 'Expired', 'the token is too old'),
    { items: [{ metadata: { name: 'a' } }], metadata: { resourceVersion: '5', continue: 'y' } },
    { items: [{ metadata: { name: 'b' } }], metadata: { resourceVersion: '5' } },
  ];
  const api = new ScriptedApi(() => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const { items, resourceVersion } = await clientOf(api).listAll(core.configMaps);
  expect([items.map(({ metadata }) => metadata.name), resourceVersion]).toEqual([['a', 'b'], '5']);
});

test('modify gives up after a bounded number of conflicts', async () => {
  const api = new ScriptedApi(({ method }) => {
    if (method === 'PUT') throw new ApiError(409, 'Conflict', 'changed');
    return { metadata: { name: 'a' } };
  });
  const attempt = clientOf(api).modify(core.configMaps, key, (object) => object);
  await expect(attempt).rejects.toThrow('changed');
  expect(api.requests.filter(({ method }) => method === 'PUT').length).toBe(5);
});

test('what is applied carries neither version nor record of managers', async () => {
  const api = new ScriptedApi(({ body }) => body);
  await clientOf(api).apply(core.configMaps, {
    metadata: { ...key, resourceVersion: '7', managedFields: [] },
    data: { x: '1' },
  });
  await settled();
  expect(api.requests[0]).toMatchObject({
    method: 'PATCH',
    path: '/api/v1/namespaces/ns/configmaps/a?fieldManager=test&force=true',
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { x: '1' } },
  });
  expect(api.requests[0]?.body).not.toHaveProperty('metadata.resourceVersion');
});

test.each([
  [
    404,
    { code: 404, reason: 'NotFound', message: 'pods "a" not found' },
    undefined,
    [404, 'NotFound', undefined],
  ],
  [
    429,
    { code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 2 } },
    undefined,
    [429, 'TooManyRequests', 2_000],
  ],
  [429, 'Too many requests, please try again later.\n', 1_000, [429, 'Unknown', 1_000]],
  [502, '<html>', undefined, [502, 'Unknown', undefined]],
  [500, { code: 410, reason: 'Expired' }, undefined, [410, 'Expired', undefined]],
] as const)('HTTP %d with %j', (status, body, retryAfterMs, expected) => {
  const error = apiError(status, body, retryAfterMs);
  expect([error.status, error.reason, error.retryAfterMs]).toEqual(expected);
});
