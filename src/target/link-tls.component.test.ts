/** TLS on the links between target and pools, and between pools: who is believed, over sockets. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { parseEndpoint } from '../shared/edge/endpoint.ts';
import { prng } from '../shared/prng.ts';
import { authority, linkIdentities, type Identity } from '../testing/link-identities.ts';
import { rigPerTest } from '../testing/rig-per-test.ts';

const sizeBytes = 2 ** 20;
const port = 21_200;
const lookMs = 20;
jest.setTimeout(30_000);

const { put, tls, write } = linkIdentities(lookMs);
const bed = rigPerTest({ replicas: 1, sizeBytes, port });
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** One pool with this identity, and a target that tries it; `none`: without TLS. */
async function meet(ofPool: Identity, ofTarget: Identity | 'none') {
  const pools = await bed.start({ tls: tls('pool', ofPool) });
  const target = pools.target({ tls: ofTarget === 'none' ? 'none' : tls('target', ofTarget) });
  return { pools, target };
}

test('a volume is written, read and rebuilt through TLS', async () => {
  const by = authority('one');
  const rig = await bed.start({ replicas: 2, tls: tls('pool', { by, believes: by }) });
  const target = rig.target({ tls: tls('target', { by, believes: by }) });
  await target.serving;
  const content = prng(1).bytes(sizeBytes);
  await target.write(0, content);
  await target.flush();
  await rig.add();
  target.setMembers(rig.change(rig.record(1, 0, 1), rig.record(2, 0, 1, 2)));
  await bed.until('three are in sync', () => {
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
  await bed.until('it is counted', () => (pools.refusals(0)['tls'] ?? 0) > 0);
  expect(target.status().phase).toBe('Init');
});

test('a pool does not believe a target of another authority', async () => {
  const [one, other] = [authority('one'), authority('other')];
  const { pools, target } = await meet({ by: one, believes: one }, { by: other, believes: one });
  await bed.until('it is counted', () => (pools.refusals(0)['tls'] ?? 0) > 0);
  expect(target.status().phase).toBe('Init');
});

test('a target does not believe a pool of another authority', async () => {
  const [one, other] = [authority('one'), authority('other')];
  const { target } = await meet({ by: other, believes: one }, { by: one, believes: one });
  await bed.until('it is counted', () => target.refusals().tls > 0);
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
  await bed.until('it is counted', () => (pools.refusals(0)['tls'] ?? 0) > 0);
  expect(target.status().phase).toBe('Init');
});

test('an expired authority is believed, the second of a file of several, too', async () => {
  const by = authority('old', [-2, -1]);
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
  await late.serving;
  expect(late.status().phase).not.toBe('Init');
});

test('files that can not be used change nothing', async () => {
  const by = authority('one');
  const { pools, target } = await meet({ by, believes: by }, { by, believes: by });
  await target.serving;
  put('pool', 'key', 'nothing');
  await new Promise((resolve) => setTimeout(resolve, 10 * lookMs));
  target.announce();
  await target.write(0, new Uint8Array(4096));
  const again = pools.target({ tls: tls('again', { by, believes: by }) });
  await again.serving;
  expect(again.refusals().tls).toBe(0);
});

test('who stands between two sessions, with a certificate that is believed, is refused and counted', async () => {
  const by = authority('one');
  const both = tls('both', { by, believes: by });
  const rig = await bed.start({ tls: both });
  const between = port + 50;
  const server = createServer((accepted) =>
    both.accept(accepted, {
      refused: () => undefined,
      known: (near) => {
        const far = both.dial(parseEndpoint(`127.0.0.1:${port}`));
        sockets.push(near, far);
        for (const socket of [near, far]) socket.on('error', () => undefined);
        near.pipe(far).pipe(near);
      },
    }),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(between, '127.0.0.1', () => resolve()));
  const target = rig.target({ port: between });
  await bed.until('it is counted', () => target.refusals().proof > 0);
  expect(target.status().phase).toBe('Init');
});
