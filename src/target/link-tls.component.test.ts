/** TLS on the links between target and pools, and between pools: who is believed, over sockets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { TlsFiles } from '../shared/tls-files.ts';
import { makeAuthority, makeCertificate, type Certificate } from '../shared/certificates.ts';
import { parseEndpoint } from '../shared/edge/endpoint.ts';
import { LinkTls } from '../shared/edge/link-tls.ts';
import { silentLog } from '../shared/log.ts';
import { prng } from '../shared/prng.ts';
import { ReplicaRig } from '../testing/replica-rig.ts';
import type { ReplicatedVolume } from './replicated-volume.ts';

const sizeBytes = 2 ** 20;
const port = 21_200;
const dayMs = 86_400_000;
const lookMs = 20;
jest.setTimeout(30_000);

let folder = '';
let rig: ReplicaRig | undefined;
const targets: ReplicatedVolume[] = [];
const opened: LinkTls[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caskade-tls-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  for (const target of targets.splice(0)) await target.stop();
  await rig?.end();
  for (const each of opened.splice(0)) each.stop();
  rmSync(folder, { recursive: true });
});

const days = (from: number, to: number) => ({
  notBefore: new Date(Date.now() + from * dayMs),
  notAfter: new Date(Date.now() + to * dayMs),
});
const authority = (name: string) => ({ name, ...makeAuthority(name, days(-1, 1)) });

interface Identity {
  /** Who has signed it. */
  readonly by: Certificate & { readonly name: string };
  readonly believes: Certificate;
  /** Days from now that it is valid from, and to. */
  readonly valid?: readonly [number, number];
}

function write(name: string, { by, believes, valid = [-1, 1] }: Identity): TlsFiles {
  const own = makeCertificate(by, by.name, name, days(...valid));
  const put = (what: string, pem: string): string => {
    const path = join(folder, `${name}.${what}`);
    writeFileSync(path, pem);
    return path;
  };
  return {
    certFile: put('crt', own.certificate),
    keyFile: put('key', own.key),
    caFile: put('ca', believes.certificate),
  };
}

function tls(name: string, identity: Identity): LinkTls {
  const one = new LinkTls(write(name, identity), lookMs, silentLog);
  opened.push(one);
  return one;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!holds()) throw new Error(`never: ${what}`);
}

/** One pool with this identity, and a target that tries it; `none`: without TLS. */
async function meet(ofPool: Identity, ofTarget: Identity | 'none') {
  rig = await ReplicaRig.start({ replicas: 1, sizeBytes, port, tls: tls('pool', ofPool) });
  const target = rig.target({ tls: ofTarget === 'none' ? 'none' : tls('target', ofTarget) });
  targets.push(target);
  return { pools: rig, target };
}

test('a volume is written, read and rebuilt through TLS', async () => {
  const by = authority('one');
  rig = await ReplicaRig.start({ replicas: 2, sizeBytes, port, tls: tls('pool', { by, believes: by }) });
  const target = rig.target({ tls: tls('target', { by, believes: by }) });
  targets.push(target);
  await target.serving;
  const content = prng(1).bytes(sizeBytes);
  await target.write(0, content);
  await target.flush();
  await rig.add();
  target.setMembers(rig.change(rig.record(1, 0, 1), rig.record(2, 0, 1, 2)));
  await until('three are in sync', () => {
    const { membership, replicas } = target.status();
    return (
      membership.settled && membership.version === 2 && replicas.every(({ state }) => state === 'InSync')
    );
  });
  expect(Buffer.compare(await target.read(0, sizeBytes), content)).toBe(0);
  expect(target.refusals()).toMatchObject({ tls: 0, proof: 0 });
});

test('a plain target is refused and counted', async () => {
  const by = authority('one');
  const { pools, target } = await meet({ by, believes: by }, 'none');
  await until('it is counted', () => (pools.refusals(0)['tls'] ?? 0) > 0);
  expect(target.status().phase).toBe('Init');
});

test('a pool does not believe a target of another authority', async () => {
  const [one, other] = [authority('one'), authority('other')];
  const { pools, target } = await meet({ by: one, believes: one }, { by: other, believes: one });
  await until('it is counted', () => (pools.refusals(0)['tls'] ?? 0) > 0);
  expect(target.status().phase).toBe('Init');
});

test('a target does not believe a pool of another authority', async () => {
  const [one, other] = [authority('one'), authority('other')];
  const { target } = await meet({ by: other, believes: one }, { by: one, believes: one });
  await until('it is counted', () => target.refusals().tls > 0);
  expect(target.status().phase).toBe('Init');
});

test('a certificate whose time is over, or not there yet, is believed: no volume stops for a clock or a renewal', async () => {
  const by = authority('one');
  const { target } = await meet({ by, believes: by, valid: [-2, -1] }, { by, believes: by, valid: [1, 2] });
  await target.serving;
  expect(target.refusals()).toMatchObject({ tls: 0, proof: 0 });
});

test('a certificate of another authority of the same name is refused, expired or not', async () => {
  const [one, other] = [authority('one'), authority('one')];
  const { pools, target } = await meet(
    { by: one, believes: one },
    { by: other, believes: one, valid: [-2, -1] },
  );
  await until('it is counted', () => (pools.refusals(0)['tls'] ?? 0) > 0);
  expect(target.status().phase).toBe('Init');
});

test('an expired authority is believed, the second of a file of several, too', async () => {
  const by = { name: 'old', ...makeAuthority('old', days(-2, -1)) };
  const next = authority('next');
  const believes = { ...next, certificate: next.certificate + by.certificate };
  const { target } = await meet({ by, believes }, { by, believes });
  await target.serving;
  expect(target.refusals().tls).toBe(0);
});

test('certificates are exchanged while all run: the files are read again', async () => {
  const [by, next] = [authority('one'), authority('next')];
  const { pools, target } = await meet({ by, believes: by }, { by, believes: by });
  await target.serving;
  // The pool serves links that stand and goes by the new ones for others.
  write('pool', { by: next, believes: next });
  const late = pools.target({ tls: tls('late', { by: next, believes: next }) });
  targets.push(late);
  await late.serving;
  expect(late.status().phase).not.toBe('Init');
});

test('files that can not be used change nothing', async () => {
  const by = authority('one');
  const { target } = await meet({ by, believes: by }, { by, believes: by });
  await target.serving;
  writeFileSync(join(folder, 'pool.key'), 'nothing');
  await new Promise((resolve) => setTimeout(resolve, 10 * lookMs));
  target.announce();
  await target.write(0, new Uint8Array(4096));
  const again = rig?.target({ tls: tls('again', { by, believes: by }) });
  if (again) targets.push(again);
  await again?.serving;
  expect(again?.refusals().tls).toBe(0);
});

test('who stands between two sessions, with a certificate that is believed, is refused and counted', async () => {
  const by = authority('one');
  const both = tls('both', { by, believes: by });
  rig = await ReplicaRig.start({ replicas: 1, sizeBytes, port, tls: both });
  const between = port + 50;
  const server = both.server();
  servers.push(server);
  server.on('secureConnection', (near: TLSSocket) => {
    const far = both.dial(parseEndpoint(`127.0.0.1:${port}`));
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(between, '127.0.0.1', () => resolve()));
  const target = rig.target({ port: between });
  targets.push(target);
  await until('it is counted', () => target.refusals().proof > 0);
  expect(target.status().phase).toBe('Init');
});
