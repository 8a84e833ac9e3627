import { expect, test } from '@jest/globals';
import { Gauge, Registry } from '@prometheus-io/client';
import { createServer } from 'node:net';
import { openHealth } from './health-endpoint.ts';
import { listenOn, parseEndpoint } from './endpoint.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  const bound = await listenOn(server, parseEndpoint('127.0.0.1:0'));
  await new Promise((resolve) => server.close(resolve));
  return bound.kind === 'tcp' ? bound.port : 0;
}

test('probes and metrics; a reason when not ready', async () => {
  const port = await freePort();
  const metrics = new Registry();
  new Gauge({ name: 'answer', help: 'of everything', registers: [metrics] }).set(42);
  let notReady: string | undefined = 'importing';
  const health = await openHealth(`127.0.0.1:${port}`, () =>
    Promise.resolve({ healthy: () => undefined, ready: () => notReady, metrics }),
  );
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()];
  };
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  expect(await get('/readyz')).toEqual([503, 'importing\n']);
  notReady = undefined;
  expect(await get('/readyz?verbose')).toEqual([200, 'ok\n']);
  expect((await get('/metrics'))[1]).toContain('answer 42');
  expect((await get('/'))[0]).toBe(404);
  await expect(openHealth(`127.0.0.1:${port}`, () => Promise.reject(new Error('not asked')))).rejects.toThrow(
    'not asked',
  );
  await health.stop();
});

test('no address, no listener; a wrong or busy one is the user’s', async () => {
  const never = () => Promise.reject(new Error('not asked'));
  await (await openHealth(undefined, never)).stop();
  await expect(openHealth('unix:/tmp/x', never)).rejects.toThrow('listen.http unix:/tmp/x is no HOST:PORT');
  const busy = createServer();
  const bound = await listenOn(busy, parseEndpoint('127.0.0.1:0'));
  const address = bound.kind === 'tcp' ? `127.0.0.1:${bound.port}` : '';
  const checks = { healthy: () => undefined, ready: () => undefined, metrics: new Registry() };
  await expect(openHealth(address, () => Promise.resolve(checks))).rejects.toThrow(
    `listen.http ${address} is in use`,
  );
  await new Promise((resolve) => busy.close(resolve));
});
