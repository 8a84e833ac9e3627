import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from './file-lock.ts';

test('one holder at a time, until the last copy of the descriptor is closed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'caskade-lock-'));
  const path = join(folder, 'lock');
  const first = lockFile(path);
  expect(first).toBeDefined();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(lockFile(path)).toBeUndefined();

  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore', first] });
  closeSync(first ?? -1);
  expect(lockFile(path)).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const second = lockFile(path);
  expect(second).toBeDefined();
  closeSync(second ?? -1);
  rmSync(folder, { recursive: true });
});
