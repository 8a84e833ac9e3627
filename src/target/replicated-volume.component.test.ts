import { afterEach, expect, test } from '@jest/globals';
import type { ReplicatedVolume } from './replicated-volume.ts';
import { ReplicaRig, type RigOptions } from '../testing/replica-rig.ts';
import { prng } from '../shared/prng.ts';

const sizeBytes = 4 * 2 ** 20;
const open: { rig?: ReplicaRig; target?: ReplicatedVolume } = {};

async function start(
  options: Partial<RigOptions> = {},
): Promise<{ rig: ReplicaRig; target: ReplicatedVolume }> {
  const rig = await ReplicaRig.start({ replicas: 3, sizeBytes, port: 21_100, ...options });
  const target = rig.target();
  Object.assign(open, { rig, target });
  await target.serving;
  return { rig, target };
}

afterEach(async () => {
  await open.target?.stop();
  await open.rig?.end();
  delete open.target;
  delete open.rig;
});

const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 600; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never: ${what} ${JSON.stringify(open.target?.status())}`);
};

const healthy = (target: ReplicatedVolume) => until('Healthy', () => target.status().phase === 'Healthy');

test('write, read, flush; one replica crashes, the volume serves on; it comes back and is in sync', async () => {
  const { rig, target } = await start();
  const random = prng(1);
  const first = random.bytes(64 * 1024);
  await target.write(4096, first);
  await target.flush();
  await rig.crash(0);
  const second = random.bytes(64 * 1024);
  await target.write(1024 * 1024 + 512, second);
  await target.flush();
  expect(Buffer.compare(await target.read(4096, first.byteLength), first)).toBe(0);
  await rig.start(0);
  await healthy(target);
  expect(Buffer.compare(await target.read(1024 * 1024 + 512, second.byteLength), second)).toBe(0);
  const digests = await Promise.all([0, 1, 2].map((i) => rig.store(i).digest(0, sizeBytes / 4096)));
  expect(new Set(digests.map((digest) => Buffer.from(digest).toString('hex'))).size).toBe(1);
});
