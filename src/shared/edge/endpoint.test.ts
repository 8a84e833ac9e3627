import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, formatEndpoint, listenOn, parseEndpoint } from './endpoint.ts';

test.each([
  ['127.0.0.1:3260', { kind: 'tcp', host: '127.0.0.1', port: 3260 }],
  ['[::1]:0', { kind: 'tcp', host: '::1', port: 0 }],
  ['localhost:65535', { kind: 'tcp', host: 'localhost', port: 65_535 }],
  ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
])('%s is read and written', (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint);
  expect(formatEndpoint(parseEndpoint(text))).toBe(text);
});

test.each([
  '',
  '3260',
  ':3260',
  'host:',
  'host:65536',
  '::1:3260',
  'host:port',
  'unix:',
  `unix:/${'x'.repeat(107)}`,
])('%j is refused with its text in the message', (text) => {
  expect(() => parseEndpoint(text)).toThrow(`address ${text}`);
});

test('a unix socket: stale is replaced, live is in use, ours is for the owner alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'caskade-endpoint-'));
  const endpoint = parseEndpoint(`unix:${join(folder, 's')}`);
  writeFileSync(join(folder, 's'), '');
  expect(await answers(endpoint)).toBe(false);
  const server = createServer();
  expect(await listenOn(server, endpoint)).toEqual(endpoint);
  expect(await answers(endpoint)).toBe(true);
  expect(statSync(join(folder, 's')).mode & 0o777).toBe(0o600);
  await expect(listenOn(createServer(), endpoint)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test('port 0 answers the port that was bound', async () => {
  const server = createServer();
  const bound = await listenOn(server, parseEndpoint('127.0.0.1:0'));
  expect(bound).toMatchObject({ host: '127.0.0.1', port: expect.any(Number) });
  expect(await answers(bound)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
});
