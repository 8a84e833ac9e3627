/** The secrets of a local volume, below D/keys: all follow from one random master key (docs/security.md). */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readKey, readToken } from '../shared/edge/config-file.ts';
import { adminToken, linkKey, poolKey } from '../shared/keys.ts';
import { poolNames, writeAtomically, type LocalState } from './home.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const folder = (home: string) => join(home, 'keys');

export const keyFile = (home: string, pool: string): string => join(folder(home), `${pool}.key`);
export const tokenFile = (home: string, name: string): string => join(folder(home), `${name}.token`);
export const linkKeysFile = (home: string): string => join(folder(home), 'target-links.json');

/** Makes the master key when D is new, and the files of each process from it, all mode 600. */
export function writeKeys(home: string, state: LocalState): void {
  mkdirSync(folder(home), { recursive: true, mode: 0o700 });
  const masterFile = join(folder(home), 'master.key');
  if (!existsSync(masterFile)) write(masterFile, hex(randomBytes(32)));
  const master = readKey(masterFile);
  const links: Record<string, string> = {};
  for (const pool of poolNames(state)) {
    const key = poolKey(master, pool);
    write(keyFile(home, pool), hex(key));
    write(tokenFile(home, pool), adminToken(master, 'pool', pool));
    links[pool] = hex(linkKey(key, state.volume, pool));
  }
  write(linkKeysFile(home), JSON.stringify(links));
  write(tokenFile(home, 'target'), adminToken(master, 'target', state.volume));
}

const write = (file: string, content: string) => writeAtomically(file, `${content}\n`, 0o600);

/** The bearer token of a process: for commands of the same user. */
export const readAdminToken = (home: string, name: string): string => readToken(tokenFile(home, name));
