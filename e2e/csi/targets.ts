/** Attaching to a target of its own process: it dies and comes back, and it asks for a secret. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtoGrpcType } from '../../src/api/proto/csi.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { StatusError } from '../../src/shared/grpc/status-error.ts';
import type { Check } from '../local/suite.ts';
import { attempt, run } from '../shell.ts';
import type { World } from './world.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const { service } = loadProto<ProtoGrpcType>('csi.proto').csi.v1.Node;
const deadlineMs = 60_000;

class TargetProcess {
  readonly portal: string;
  readonly iqn: string;
  readonly #argv: readonly string[];
  #child: ChildProcess | undefined;

  constructor(world: World, name: string, port: number, flags: readonly string[] = []) {
    this.portal = `127.0.0.1:${port}`;
    this.iqn = `iqn.2016-09.com.openebs.cstor:${name}`;
    const file = join(world.folder, `${name}.img`);
    this.#argv = [main, 'target', '--file', file, '--listen', this.portal, '--iqn', this.iqn, ...flags];
    writeFileSync(file, '');
  }
  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#argv, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`the target ended with ${code}`)));
    });
  }
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

/** Calls of the kubelet for one volume of such a target. */
function node(world: World, volume: string, target: TargetProcess, secrets: Record<string, string> = {}) {
  const stagingTargetPath = join(world.kubelet, 'staging', volume);
  const volumeCapability = { mount: { fsType: 'ext4' }, accessMode: { mode: 'SINGLE_NODE_WRITER' as const } };
  const publishContext = { portal: target.portal, iqn: target.iqn, lun: '0' };
  const call = async (method: 'NodeStageVolume' | 'NodeUnstageVolume') => {
    const client = openClient(service, `unix:${world.nodeSocket}`);
    const request = { volumeId: volume, stagingTargetPath, volumeCapability, publishContext, secrets };
    try {
      await client.call(method, request, { deadlineMs });
    } finally {
      client.close();
    }
  };
  return {
    path: stagingTargetPath,
    stage: () => call('NodeStageVolume'),
    unstage: () => call('NodeUnstageVolume'),
  };
}

const seconds = (count: number) => new Promise<void>((resolve) => setTimeout(resolve, count * 1000));

export const targetChecks = (world: () => World): readonly Check[] => [
  {
    name: 'the target killed under a writer and back after five seconds: no error, every byte there',
    timeoutMs: 120_000,
    run: async () => {
      const target = new TargetProcess(world(), 'pvc-outage', 21650);
      await run(['truncate', '-s', '256M', join(world().folder, 'pvc-outage.img')]);
      await target.start();
      const { path, stage, unstage } = node(world(), 'pvc-outage', target);
      await stage();
      const lines = 200;
      const script = `i=0; while [ $i -lt ${lines} ]; do echo line-$i >> "$1/log" && sync -d "$1/log" || exit 1; i=$((i+1)); sleep 0.05; done`;
      const writing = attempt(['sh', '-c', script, 'writer', path], { timeoutMs: 100_000 });
      await seconds(2);
      await target.kill();
      await seconds(5);
      await target.start();
      const { status } = await writing;
      if (status !== 0) throw new Error(`the writer ended with ${status}`);
      await unstage();
      await stage();
      const log = readFileSync(join(path, 'log'), 'utf8');
      if (log !== Array.from({ length: lines }, (_, i) => `line-${i}\n`).join(''))
        throw new Error(`lines are missing:\n${log}`);
      await unstage();
      await target.kill();
    },
  },
  {
    name: 'CHAP: the right secret attaches and is in no argv, a wrong one is refused for good',
    run: async () => {
      const secret = 'correct-horse-battery';
      const chapFile = world().write('chap', `node-user ${secret}\n`);
      await run(['chmod', '600', chapFile]);
      const target = new TargetProcess(world(), 'pvc-chap', 21651, ['--chap-file', chapFile]);
      await run(['truncate', '-s', '64M', join(world().folder, 'pvc-chap.img')]);
      await target.start();
      const user = { 'node.session.auth.username': 'node-user' };
      const wrong = node(world(), 'pvc-chap', target, {
        ...user,
        'node.session.auth.password': 'wrong-horse-battery',
      });
      const refused = await wrong.stage().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!(refused instanceof StatusError) || refused.code !== 'UNAUTHENTICATED')
        throw new Error(`a wrong secret: ${String(refused)}`);
      const right = node(world(), 'pvc-chap', target, { ...user, 'node.session.auth.password': secret });
      await right.stage();
      const { stdout } = await attempt(['pgrep', '-af', 'pvc-chap']);
      if (stdout.includes(secret)) throw new Error('the secret is in an argv');
      const files = await attempt([
        'grep',
        '-rl',
        secret,
        join(world().plugin, 'attach', 'pvc-chap', 'chap'),
      ]);
      if (files.status === 0) throw new Error('the secret is still in a file');
      await right.unstage();
      await target.kill();
      const left = await world().leftovers();
      if (left.length > 0) throw new Error(`left over:\n${left.join('\n')}`);
    },
  },
];
