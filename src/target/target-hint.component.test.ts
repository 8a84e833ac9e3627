import { afterEach, expect, test } from '@jest/globals';
import { ReplicaRig } from '../testing/replica-rig.ts';
import type { ReplicatedVolume } from './replicated-volume.ts';

const volume = 'pvc-1';
const open: { rig?: ReplicaRig; targets: ReplicatedVolume[] } = { targets: [] };

afterEach(async () => {
  for (const target of open.targets) await target.stop();
  await open.rig?.end();
  delete open.rig;
  open.targets = [];
});

function start(rig: ReplicaRig, instance: string): ReplicatedVolume {
  const target = rig.target({ instance });
  open.targets.push(target);
  return target;
}

test('R10: the target that is not meant to serve waits and takes nothing away; the other one comes to serve', async () => {
  const rig = await ReplicaRig.start({ replicas: 3, sizeBytes: 2 ** 20, port: 21_240 });
  open.rig = rig;
  const first = start(rig, 'first');
  await first.serving;
  const block = new Uint8Array(4096).fill(7);
  await first.write(0, block);
  const hint = (instance: string) => {
    for (let i = 0; i < 3; i++) expect(rig.server(i).hintTarget(volume, instance, 60_000)).toBe(true);
  };
  hint('second');
  const late = start(rig, 'late');
  // It has asked, and was told to wait: long after a grant would have run out the first one serves on.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(late.status().epoch).toBeGreaterThan(0);
  expect([late.status().phase, first.status().phase]).toEqual(['Init', 'Healthy']);
  await first.write(4096, block);

  const second = start(rig, 'second');
  await second.serving;
  expect(await first.ended).toContain('another target');
  expect(Buffer.from(await second.read(4096, 4096)).equals(block)).toBe(true);
  expect(second.status().epoch).toBeGreaterThan(1);
  expect(rig.server(0).hintTarget('another volume', 'second', 60_000)).toBe(false);
});
