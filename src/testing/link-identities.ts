/** Certificates for links, made for one test after the other: files in a folder that goes with the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { makeAuthority, makeCertificate, type Certificate } from '../shared/certificates.ts';
import { LinkTls } from '../shared/edge/link-tls.ts';
import { silentLog } from '../shared/log.ts';
import type { TlsFiles, TlsMode } from '../shared/tls-files.ts';

const dayMs = 86_400_000;

export interface Identity {
  /** Who has signed it. */
  readonly by: Certificate & { readonly name: string };
  readonly believes: Certificate;
  /** Days from now that it is valid from, and to; a day on both sides unless given. */
  readonly valid?: readonly [number, number];
}

const days = (from: number, to: number) => ({
  notBefore: new Date(Date.now() + from * dayMs),
  notAfter: new Date(Date.now() + to * dayMs),
});

/** `valid`: days from now that it is valid from, and to. */
export const authority = (name: string, valid: readonly [number, number] = [-1, 1]) => ({
  name,
  ...makeAuthority(name, days(...valid)),
});

/** Files are looked at every `lookMs`. To be called once in a file of tests. */
export function linkIdentities(lookMs: number) {
  const opened: LinkTls[] = [];
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'caskade-tls-'));
  });
  afterEach(() => {
    for (const each of opened.splice(0)) each.stop();
    rmSync(folder, { recursive: true });
  });
  /** Writes a file of this identity, or another content of one; answers its path. */
  const put = (name: string, what: 'crt' | 'key' | 'ca', pem: string): string => {
    const path = join(folder, `${name}.${what}`);
    writeFileSync(path, pem);
    return path;
  };
  /** Writes the files of `name` anew; who uses them reads them again. */
  const write = (name: string, { by, believes, valid = [-1, 1] }: Identity): TlsFiles => {
    const own = makeCertificate(by, by.name, name, days(...valid));
    return {
      certFile: put(name, 'crt', own.certificate),
      keyFile: put(name, 'key', own.key),
      caFile: put(name, 'ca', believes.certificate),
    };
  };
  const tls = (name: string, identity: Identity, mode: TlsMode = 'require'): LinkTls => {
    const one = new LinkTls({ ...write(name, identity), mode }, lookMs, silentLog);
    opened.push(one);
    return one;
  };
  return { put, write, tls };
}
