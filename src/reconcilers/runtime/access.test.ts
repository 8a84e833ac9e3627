import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ManualClock } from '../../testing/manual-clock.ts';
import { AccessError, accessOfKubeconfig, accessOfServiceAccount } from './access.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caskade-access-'));
  writeFileSync(join(folder, 'token'), 'one\n');
  writeFileSync(join(folder, 'ca.crt'), 'the CA');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a renewed token is read within a minute', async () => {
  const clock = new ManualClock();
  const access = accessOfServiceAccount(folder, '10.96.0.1', '443', clock);
  const token = async () => ((await access()).options.headers as Record<string, string>)['authorization'];
  expect([await token(), (await access()).options.ca]).toEqual(['Bearer one', 'the CA']);
  writeFileSync(join(folder, 'token'), 'two\n');
  clock.advance(59_000);
  expect(await token()).toBe('Bearer one');
  clock.advance(2_000);
  expect(await token()).toBe('Bearer two');
});

test.each([
  ['10.96.0.1', '443', 'https://10.96.0.1/'],
  ['fd00::1', '6443', 'https://[fd00::1]:6443/'],
])('the server %s port %s is %s', async (host, port, url) => {
  const { server } = await accessOfServiceAccount(folder, host, port, new ManualClock())();
  expect(server.href).toBe(url);
});

test('a missing token is an error of the request', async () => {
  rmSync(join(folder, 'token'));
  const access = accessOfServiceAccount(folder, '10.96.0.1', '443', new ManualClock());
  await expect(access()).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a kubeconfig that is not there is named', async () => {
  const path = join(folder, 'kubeconfig');
  await expect(accessOfKubeconfig(path)()).rejects.toThrow(AccessError);
  await expect(accessOfKubeconfig(path)()).rejects.toThrow(path);
  writeFileSync(path, JSON.stringify({ kind: 'Config', 'current-context': 'none' }));
  await expect(accessOfKubeconfig(path)()).rejects.toThrow('its current context names no cluster');
});
