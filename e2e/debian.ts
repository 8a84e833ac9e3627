/** What suites fetch from Debian and build of it, kept in the user's cache. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { attempt, run } from './shell.ts';

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

/** The Debian package of each program. */
export type Needs = Readonly<Record<string, string>>;

const isThere = async (program: string): Promise<boolean> =>
  (await attempt(['sh', '-c', `command -v ${program}`])).status === 0;

async function missingOf(needs: Needs): Promise<readonly (readonly [program: string, debian: string])[]> {
  const there = await Promise.all(Object.keys(needs).map(isThere));
  return Object.entries(needs).filter((_, i) => there[i] === false);
}

/**
 * Installs what is missing, as root where there is apt-get. Answers what still is, and what to install; undefined: nothing.
 */
export async function provide(needs: Needs): Promise<string | undefined> {
  const wanted = await missingOf(needs);
  if (wanted.length === 0) return undefined;
  if (process.getuid?.() === 0 && (await isThere('apt-get')))
    await install(wanted.map(([, debian]) => debian));
  const [still] = await missingOf(needs);
  return still && `${still[0]} is missing: install ${still[1]}`;
}

/** What can not be had is missing afterwards, which is what is told. */
async function install(packages: readonly string[]): Promise<void> {
  console.log(`installing ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, timeoutMs: 240_000, show: 'errors' } as const;
  const lock = ['-o', 'DPkg::Lock::Timeout=60'];
  await attempt(['apt-get', ...lock, 'update', '-qq'], options);
  await attempt(
    ['apt-get', ...lock, 'install', '-y', '-qq', '--no-install-recommends', ...packages],
    options,
  );
}
