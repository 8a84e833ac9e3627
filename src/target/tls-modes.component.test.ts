/** A volume whose links get TLS, and lose it again, one pool after another while it is written. */
import { connect } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import { prng } from '../shared/prng.ts';
import type { TlsMode } from '../shared/tls-files.ts';
import { authority, linkIdentities } from '../testing/link-identities.ts';
import type { ReplicaRig } from '../testing/replica-rig.ts';
import { rigPerTest } from '../testing/rig-per-test.ts';
import type { ReplicatedVolume } from './replicated-volume.ts';

const sizeBytes = 2 ** 20;
const writeBytes = 2 ** 16;
jest.setTimeout(120_000);

const identities = linkIdentities(1_000);
// So small a window that a pool which was away is rebuilt: from the others, over copy links.
const bed = rigPerTest({
  replicas: 3,
  sizeBytes,
  port: 21_260,
  timing: { windowBytesMax: 200_000, numberJump: 4_096 },
});

/** `LinkTls` by name, all of one authority, in this mode. */
function cluster(mode: TlsMode): (name: string) => LinkTls {
  const by = authority('one');
  return (name) => identities.tls(name, { by, believes: by }, mode);
}

const inMode = (mode: TlsMode) => ({ certFile: '', keyFile: '', caFile: '', mode });
const healthy = (target: ReplicatedVolume) => bed.until('Healthy', () => target.status().phase === 'Healthy');

/** Writes the volume whole again, while this pool is started with another TLS, and answers what is in it. */
async function restarted(
  rig: ReplicaRig,
  index: number,
  target: ReplicatedVolume,
  tls: LinkTls | 'none',
): Promise<Uint8Array> {
  const content = prng(81 + index).bytes(sizeBytes);
  const writeHalf = async (from: number) => {
    for (let at = from; at < from + sizeBytes / 2; at += writeBytes)
      await target.write(at, content.subarray(at, at + writeBytes));
  };
  await rig.stop(index);
  await writeHalf(0);
  await rig.start(index, tls);
  await writeHalf(sizeBytes / 2);
  await healthy(target);
  return content;
}

test('pools get TLS one after another, then the target, then it is required; and all back', async () => {
  const rig = await bed.start();
  const preferred = cluster('prefer');
  const pools = [0, 1, 2].map((i) => preferred(`pool-${i + 1}`));
  let target = rig.target({ tls: 'none' });
  await target.serving;
  await healthy(target);
  let content: Uint8Array = new Uint8Array();
  for (const [i, tls] of pools.entries()) content = await restarted(rig, i, target, tls);
  expect(target.plainLinks()).toBe(3);
  await target.stop();

  const ofTarget = preferred('target');
  target = rig.target({ tls: ofTarget });
  await target.serving;
  await healthy(target);
  expect(target.plainLinks()).toBe(0);
  for (const tls of [ofTarget, ...pools]) tls.setMode(inMode('require'));
  const stranger = rig.target({ tls: 'none' });
  await bed.until('it is refused', () => [0, 1, 2].every((i) => (rig.refusals(i)['tls'] ?? 0) > 0));
  expect(stranger.status().phase).toBe('Init');
  await stranger.stop();
  expect(Buffer.compare(await target.read(0, sizeBytes), content)).toBe(0);

  for (const tls of [ofTarget, ...pools]) tls.setMode(inMode('prefer'));
  for (const i of pools.keys()) {
    content = await restarted(rig, i, target, 'none');
    expect(target.plainLinks()).toBe(i + 1);
  }
  await target.stop();
  target = rig.target({ tls: 'none' });
  await target.serving;
  await healthy(target);
  expect(Buffer.compare(await target.read(0, sizeBytes), content)).toBe(0);
});

test('a target that requires TLS from now on leaves a pool without it, and serves with the others', async () => {
  const tls = cluster('prefer');
  const rig = await bed.start({ tls: tls('pools') });
  await rig.stop(2);
  await rig.start(2, 'none');
  const ofTarget = tls('target');
  const target = rig.target({ tls: ofTarget });
  await target.serving;
  await healthy(target);
  expect(target.plainLinks()).toBe(1);
  ofTarget.setMode(inMode('require'));
  await bed.until('it is left', () => target.status().replicas[2]?.state === 'Offline');
  await target.write(0, new Uint8Array(4096).fill(1));
  expect(target.plainLinks()).toBe(0);
  ofTarget.setMode(inMode('prefer'));
  await healthy(target);
});

test('a pool that requires TLS from now on ends the links without it', async () => {
  const ofPools = cluster('prefer')('pools');
  const rig = await bed.start({ tls: ofPools });
  const target = rig.target({ tls: 'none' });
  await target.serving;
  await healthy(target);
  ofPools.setMode(inMode('require'));
  await bed.until('no link stands', () => target.status().phase === 'Offline' && target.plainLinks() === 0);
  await bed.until('it is refused', () => (rig.refusals(0)['tls'] ?? 0) > 0);
  ofPools.setMode(inMode('prefer'));
  await healthy(target);
  expect(target.plainLinks()).toBe(3);
});

test('where certificates are not believed, who prefers TLS goes on without, and counts it', async () => {
  const rig = await bed.start({ tls: cluster('prefer')('pools') });
  const target = rig.target({ tls: cluster('prefer')('target') });
  await target.serving;
  await healthy(target);
  expect(target.plainLinks()).toBe(3);
  expect(target.refusals().tls).toBeGreaterThan(0);
});

test('who connects and says nothing, or something else, keeps nobody out', async () => {
  const rig = await bed.start({ tls: cluster('prefer')('pools') });
  const strangers = Array.from({ length: 8 }, (_, i) => {
    const socket = connect({ host: '127.0.0.1', port: 21_260 });
    socket.on('error', () => undefined);
    if (i % 2 === 0) socket.write(Buffer.alloc(64, 0x47));
    return socket;
  });
  const target = rig.target({ tls: 'none' });
  await target.serving;
  await bed.until('garbage is counted', () => (rig.refusals(0)['garbage'] ?? 0) === 4);
  for (const socket of strangers) socket.destroy();
  expect(rig.refusals(0)).toMatchObject({ crowd: 0, tls: 0 });
});
