/**
 * A pool belongs to one daemon: two on one node, two on two nodes that see the same disk. The second node is a host name
 * of its own (unshare --uts) and a second loop device over the same file, which no lock of the kernel connects with the first.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtoGrpcType as PoolProto } from '../../src/api/proto/pool.ts';
import type { PoolConfig } from '../../src/api/pool-config.ts';
import { openFileDevice } from '../../src/pool-manager/device/file-device.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { until } from '../until.ts';
import { caskade, inFolder } from './local-volume.ts';
import type { Check } from './suite.ts';

const adminToken = 'owner-checks-admin-token';
const soon = { deadlineMs: 20_000 };
const { service } = loadProto<PoolProto>('pool.proto').caskade.pool.v1.Pool;

interface Daemon {
  readonly process: ChildProcess;
  readonly ended: Promise<number>;
  readonly client: ReturnType<typeof openClient<typeof service>>;
  phase(): Promise<readonly [string, string, string]>;
}

/** A pool daemon on one device, as of the node of this name. */
function startPool(folder: string, node: string, device: string): Daemon {
  const path = (what: string) => join(folder, `${node}-${what}`);
  writeFileSync(path('key'), 'ab'.repeat(32), { mode: 0o600 });
  writeFileSync(path('token'), adminToken, { mode: 0o600 });
  const config: PoolConfig = {
    name: 'pool-e2e',
    layout: 'stripe',
    groups: [{ devices: [{ name: 'disk', paths: [device] }] }],
    listen: {
      replication: `unix:${path('r')}`,
      copy: `unix:${path('c')}`,
      admin: `unix:${path('a')}`,
    },
    keyFile: path('key'),
    adminTokenFile: path('token'),
  };
  writeFileSync(path('config'), JSON.stringify(config));
  const command = ['hostname "$0" && exec "$@"', node, ...caskade, 'pool', '--config', path('config')];
  const child = spawn('unshare', ['--uts', 'sh', '-c', ...command], { stdio: 'ignore' });
  const client = openClient(service, config.listen.admin, { token: adminToken });
  return {
    process: child,
    ended: new Promise((resolve) => void child.once('close', (status) => resolve(status ?? 128))),
    client,
    async phase() {
      const { phase, reason, message } = await client.call('GetStatus', {}, soon);
      return [phase, reason, message];
    },
  };
}

const becomes = (daemon: Daemon, what: string, wanted: RegExp, timeoutMs: number) =>
  until(
    what,
    timeoutMs,
    async () => {
      const status = await daemon.phase();
      return wanted.test(status.join(' ')) ? status : status.join(' ');
    },
    200,
  );

async function stop(...daemons: readonly Daemon[]): Promise<void> {
  for (const daemon of daemons) {
    daemon.client.close();
    daemon.process.kill('SIGCONT');
    daemon.process.kill('SIGTERM');
  }
  await Promise.all(daemons.map(({ ended }) => ended));
}

function sparse(folder: string): string {
  const file = join(folder, 'disk');
  writeFileSync(file, '');
  truncateSync(file, 64 * 2 ** 20);
  return file;
}

const losetup = (...args: string[]) => execFileSync('losetup', args, { encoding: 'utf8' }).trim();

/** A loop device over the file. Without udev somebody has to make the node of a new one. */
function attach(file: string, ...options: readonly string[]): string {
  const node = losetup('--find');
  if (!existsSync(node)) execFileSync('mknod', [node, 'b', '7', node.replace('/dev/loop', '')]);
  losetup(...options, node, file);
  return node;
}

function whyNoLoops(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    losetup('--find');
    return undefined;
  } catch {
    return 'this machine has no loop devices';
  }
}

async function create(daemon: Daemon): Promise<void> {
  await becomes(daemon, 'the daemon looks at an empty disk', /ABSENT/, 20_000);
  await daemon.client.call('CreatePool', {}, soon);
  await becomes(daemon, 'the pool', /ONLINE/, 5_000);
}

const oneNode: Check = {
  name: 'pool: of two daemons of one node on one device the second is refused, and has it when the first has ended',
  skip: process.getuid?.() === 0 ? undefined : 'needs root',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const file = sparse(folder);
      const first = startPool(folder, 'one', file);
      const daemons = [first];
      try {
        await create(first);
        const second = startPool(folder, 'two', file);
        daemons.push(second);
        await becomes(second, 'the refusal', /FAULTED DeviceInUse .*open in another process/, 20_000);
        assert.match((await first.phase()).join(' '), /ONLINE/);
        first.process.kill('SIGKILL');
        await first.ended;
        await becomes(second, 'the import after a crash', /ONLINE/, 30_000);
      } finally {
        await stop(...daemons);
      }
    }),
};

/** Many writes at a time, until it is killed. */
const writer = (device: string) => `
  import { openFileDevice } from '${join(import.meta.dirname, '../../src/pool-manager/device/file-device.ts')}';
  const device = await openFileDevice('${device}');
  const data = new Uint8Array(4096);
  const write = async (at) => { for (;;) { await device.write(at, data); await device.writeThrough(at, data); } };
  for (let i = 0; i < 30; i++) void write(4096 * i);
  setTimeout(() => console.log('writing'), 50);`;

const killed: Check = {
  name: 'pool: a device of a process that was killed amid writes is there for the next one',
  skip: whyNoLoops(),
  timeoutMs: 60_000,
  run: () =>
    inFolder(async (folder) => {
      const device = attach(sparse(folder), '--direct-io=on');
      try {
        for (let i = 0; i < 25; i++) {
          const child = spawn(process.execPath, ['--input-type=module', '-e', writer(device)], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          const ended = new Promise((resolve) => void child.once('close', resolve));
          await Promise.race([new Promise((resolve) => void child.stdout.once('data', resolve)), ended]);
          assert.ok(child.kill('SIGKILL'), 'the writer is at work');
          await ended;
          await (await openFileDevice(device)).close();
        }
      } finally {
        losetup('--detach', device);
      }
    }),
};

const twoNodes: Check = {
  name: 'pool: of two nodes that see one disk one has the pool; one that was stopped and finds the other in its place ends',
  skip: whyNoLoops(),
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const file = sparse(folder);
      const [here, there] = [attach(file), attach(file)];
      assert.notEqual(here, there);
      const daemons: Daemon[] = [];
      try {
        const first = startPool(folder, 'one', here);
        daemons.push(first);
        await create(first);
        const second = startPool(folder, 'two', there);
        daemons.push(second);
        const refused = /FAULTED DeviceInUse .*in use by [0-9a-f]{16} on one /;
        await becomes(second, 'the refusal', refused, 30_000);
        assert.match((await first.phase()).join(' '), /ONLINE/);

        first.process.kill('SIGSTOP');
        await becomes(second, 'the take-over of a silent owner', /ONLINE/, 40_000);
        first.process.kill('SIGCONT');
        assert.equal(await first.ended, 1, 'it has found the other owner');
        await becomes(second, 'the new owner', /ONLINE/, 5_000);

        second.process.kill('SIGTERM');
        await second.ended;
        const third = startPool(folder, 'three', here);
        daemons.push(third);
        await becomes(third, 'the import after an orderly end', /ONLINE/, 20_000);
      } finally {
        await stop(...daemons);
        losetup('--detach', here);
        losetup('--detach', there);
      }
    }),
};

export const ownerChecks: readonly Check[] = [oneNode, killed, twoNodes];
