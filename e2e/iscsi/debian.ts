/** What suites fetch from Debian and build of it, kept in the user's cache. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../shell.ts';

export const cacheRoot =
  process.env['CASKADE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'caskade');

/** What is not in the cache can not be had: no network, or no such package in the machine's sources. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
}

/** `run`, for commands that fetch packages. Throws DownloadError. */
export async function download(command: readonly string[], cwd: string): Promise<void> {
  try {
    await run(command, { cwd, timeoutMs: 600_000 });
  } catch (error) {
    throw new DownloadError(`no download: ${(error as Error).message.replaceAll('\n', ' ')}`, {
      cause: error,
    });
  }
}
