/**
 * `node e2e/csi/run.ts [words]`: the CSI roles and the node disk manager as processes, with real targets, real mounts and
 * a real API server. Runs itself again in mount and pid namespaces of its own, so that nothing of it is seen outside.
 */
import { spawn } from 'node:child_process';
import { unavailable } from '../apiserver/api-server.ts';
import { provide } from '../debian.ts';
import { runChecks, type Check } from '../local/suite.ts';
import { attempt } from '../shell.ts';
import { blockDeviceChecks } from './block-devices.ts';
import { sanityChecks } from './sanity.ts';
import { targetChecks } from './targets.ts';
import { volumeChecks } from './volumes.ts';
import { World } from './world.ts';

const inside = 'CASKADE_E2E_NAMESPACE';

const needs = {
  'qemu-storage-daemon': 'qemu-system-common',
  losetup: 'mount',
  'mkfs.xfs': 'xfsprogs',
  nsenter: 'util-linux',
};

async function missing(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'root is needed to mount';
  const lacking = await provide(needs);
  if (lacking !== undefined) return lacking;
  if ((await attempt(['unshare', '--mount', 'true'])).status !== 0) return 'no mount namespaces here';
  return unavailable();
}

async function checks(): Promise<number> {
  const words = process.argv.slice(2);
  const skip = await missing();
  let world: World | undefined;
  const opened = (): World => {
    if (world === undefined) throw new Error('the world did not open');
    return world;
  };
  const open: Check = {
    name: 'an API server, targets, csi-controller and csi-node start',
    timeoutMs: 150_000,
    run: async () => {
      world = await World.open();
    },
  };
  const rest = [
    ...volumeChecks(opened),
    ...targetChecks(opened),
    ...sanityChecks(opened),
    ...blockDeviceChecks(opened),
  ];
  const wanted = rest.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  try {
    return await runChecks(
      [open, ...wanted].map((check) => (skip === undefined ? check : { ...check, skip })),
      [],
    );
  } finally {
    await world?.close();
  }
}

if (process.env[inside] === undefined && process.getuid?.() === 0) {
  // As the first process of a pid namespace it takes everything with it, however it ends.
  const namespaces = [
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ];
  const argv = [...namespaces, process.execPath, ...process.argv.slice(1)];
  const child = spawn('unshare', argv, { stdio: 'inherit', env: { ...process.env, [inside]: '1' } });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else process.exitCode = Math.min(await checks(), 1);
