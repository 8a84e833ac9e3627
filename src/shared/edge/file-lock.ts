/**
 * A lock that dies with its holders: flock(2) on a file. Node has no such call, util-linux's `flock` takes it for us on
 * a descriptor it inherits; the lock belongs to the open file that we share with it, so it stays when `flock` has ended.
 * Children that inherit the descriptor hold it too.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** The descriptor that holds the lock, or undefined when somebody else does. Makes the file (mode 600) if need be. */
export function lockFile(path: string): number | undefined {
  const descriptor = openSync(path, 'a', 0o600);
  const { status, error, stderr } = spawnSync('flock', ['--nonblock', '--conflict-exit-code', '75', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
    encoding: 'utf8',
  });
  if (status === 0) return descriptor;
  closeSync(descriptor);
  if (status === 75) return undefined;
  throw new Error(`flock of ${path} failed: ${error?.message ?? stderr}`, { cause: error });
}
