/** The secrets of a local volume, below D/keys: all follow from one random master key (docs/security.md). */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsFiles } from '../shared/tls-files.ts';
import { makeAuthority, makeCertificate } from '../shared/certificates.ts';
import { readKey, readToken } from '../shared/edge/config-file.ts';
import { adminToken, linkKey, poolKey } from '../shared/keys.ts';
import { poolNames, writeAtomically, type LocalState } from './home.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const folder = (home: string) => join(home, 'keys');

export const keyFile = (home: string, pool: string): string => join(folder(home), `${pool}.key`);
export const tokenFile = (home: string, name: string): string => join(folder(home), `${name}.token`);
/** `name`: of the target process. */
export const linkKeysFile = (home: string, name: string): string => join(folder(home), `${name}-links.json`);

/** Makes the master key when D is new, and the files of each process from it, all mode 600. */
export function writeKeys(home: string, state: LocalState): void {
  mkdirSync(folder(home), { recursive: true, mode: 0o700 });
  const masterFile = join(folder(home), 'master.key');
  if (!existsSync(masterFile)) write(masterFile, hex(randomBytes(32)));
  const master = readKey(masterFile);
  for (const pool of poolNames(state)) {
    write(keyFile(home, pool), hex(poolKey(master, pool)));
    write(tokenFile(home, pool), adminToken(master, 'pool', pool));
  }
  for (const { name, volume } of [{ name: 'target', volume: state.volume }, ...(state.clones ?? [])]) {
    const links = poolNames(state).map((pool) => [pool, hex(linkKey(poolKey(master, pool), volume, pool))]);
    write(linkKeysFile(home, name), JSON.stringify(Object.fromEntries(links)));
    write(tokenFile(home, name), adminToken(master, 'target', volume));
  }
  const names = [...poolNames(state), 'target', ...(state.clones ?? []).map(({ name }) => name)];
  writeCertificates(home, names);
}

/** For `--tls`: of an authority of this D, made once. */
export const tlsFiles = (home: string, name: string): TlsFiles => ({
  certFile: join(folder(home), `${name}.crt`),
  keyFile: join(folder(home), `${name}.tls-key`),
  caFile: join(folder(home), 'authority.crt'),
});

const authorityName = 'caskade local';
const validYears = 20;

function writeCertificates(home: string, names: readonly string[]): void {
  const authorityFiles = { certificate: tlsFiles(home, '').caFile, key: join(folder(home), 'authority.key') };
  const notBefore = new Date(Date.now() - 86_400_000);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + validYears);
  const validity = { notBefore, notAfter };
  if (!existsSync(authorityFiles.key)) {
    const made = makeAuthority(authorityName, validity);
    write(authorityFiles.certificate, made.certificate);
    write(authorityFiles.key, made.key);
  }
  const authority = {
    certificate: readFileSync(authorityFiles.certificate, 'utf8'),
    key: readFileSync(authorityFiles.key, 'utf8'),
  };
  for (const name of names) {
    const { certFile, keyFile } = tlsFiles(home, name);
    if (existsSync(certFile)) continue;
    const { certificate, key } = makeCertificate(authority, authorityName, name, validity);
    write(keyFile, key);
    write(certFile, certificate);
  }
}

const write = (file: string, content: string) => writeAtomically(file, `${content}\n`, 0o600);

/** The bearer token of a process: for commands of the same user. */
export const readAdminToken = (home: string, name: string): string => readToken(tokenFile(home, name));
