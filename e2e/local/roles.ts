/** What pool and target do in a cluster, shown on local processes: fencing, changed files, devices that are gone. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtoGrpcType as PoolProto } from '../../src/api/proto/pool.ts';
import type { TargetConfig } from '../../src/api/target-config.ts';
import type { PoolConfig } from '../../src/api/pool-config.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { login } from '../initiator/initiator.ts';
import { until } from '../until.ts';
import {
  caskade,
  healthy,
  inFolder,
  restart,
  serve,
  startArgv,
  startLocal,
  statusOf,
  targetClient,
  token,
  type FirstLine,
} from './local-volume.ts';
import type { Check } from './suite.ts';
import { spawn } from 'node:child_process';

const soon = { deadlineMs: 10_000 };
/** Changes the target's file; a started target looks at it every two seconds. */
function changeTarget(dir: string, change: (config: TargetConfig) => TargetConfig): void {
  const file = join(dir, 'config', 'target.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as TargetConfig;
  writeFileSync(`${file}.new`, JSON.stringify(change(config)));
  renameSync(`${file}.new`, file);
}

const granted: Check = {
  name: 'target: only granted initiators log in; the replicas remember whom, a restarted target obeys',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const { line } = await startLocal(folder);
      const restartGranted = async () => {
        changeTarget(dir, (config) => ({ ...config, initiators: 'granted' }));
        await restart(dir, 'target');
        await healthy(dir);
      };
      const enter = (node: string) =>
        login({ portal: line.portal, target: line.iqn, initiator: `iqn.2016-09.com.openebs.csi:${node}` });
      const refused = { name: 'LoginError', statusClass: 2 };
      await restartGranted();
      await assert.rejects(enter('node1'), refused);

      const client = targetClient(dir, line);
      // Names are the same in upper and lower case.
      await client.call('SetInitiators', { iqns: ['iqn.2016-09.com.openebs.csi:Node1'] }, soon);
      const session = await enter('node1');
      await session.write(0, Buffer.alloc(4096, 1));
      await assert.rejects(enter('node2'), refused);
      const status = await client.call('GetStatus', {}, soon);
      assert.deepEqual(status.sessions, ['iqn.2016-09.com.openebs.csi:node1']);
      const [one, ...others] = status.initiatorSessions;
      assert.deepEqual([one?.initiator, one?.discovery, others], [status.sessions[0], false, []]);
      assert.match(one?.peer ?? '', /^127\.0\.0\.1:\d+$/);

      await client.call('SetInitiators', { iqns: ['iqn.2016-09.com.openebs.csi:node2'] }, soon);
      await session.closed;
      await assert.rejects(enter('node1'), refused);
      await (await enter('node2')).logout();

      await restartGranted();
      assert.deepEqual((await client.call('GetStatus', {}, soon)).initiators, [
        'iqn.2016-09.com.openebs.csi:node2',
      ]);
      await assert.rejects(enter('node1'), refused);
      const after = await enter('node2');
      assert.equal((await after.read(0, 4096))[0], 1);
      await after.logout();
      client.close();
    }),
};

const resized: Check = {
  name: 'target: grows by Resize, and by a larger size in its file; never shrinks',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const { line } = await startLocal(folder, { size: '32M' });
      const client = targetClient(dir, line);
      const session = await login({ portal: line.portal, target: line.iqn });
      await session.write(32 * 2 ** 20 - 4096, Buffer.alloc(4096, 7));
      await client.call('Resize', { sizeBytes: 40 * 2 ** 20 }, soon);
      await assert.rejects(client.call('Resize', { sizeBytes: 32 * 2 ** 20 }, soon), {
        code: 'INVALID_ARGUMENT',
      });
      changeTarget(dir, (config) => ({ ...config, sizeBytes: 48 * 2 ** 20 }));
      await until('the size of the file', 10_000, async () => {
        const { sizeBytes } = await client.call('GetStatus', {}, soon);
        return sizeBytes === 48 * 2 ** 20 ? {} : String(sizeBytes);
      });
      session.cut();
      const again = await login({ portal: line.portal, target: line.iqn });
      assert.equal((await again.capacity()).sizeBytes, 48 * 2 ** 20);
      assert.deepEqual(
        [(await again.read(32 * 2 ** 20 - 4096, 4096))[0], (await again.read(48 * 2 ** 20 - 4096, 4096))[0]],
        [7, 0],
      );
      await again.logout();
      client.close();
    }),
};

const moved: Check = {
  name: 'target: a replica that moved is found by the changed file, without a restart',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const { line } = await startLocal(folder);
      await healthy(dir);
      const run = join(dir, 'run');
      const [replication, copy] = [`unix:${join(run, 'moved.data')}`, `unix:${join(run, 'moved.copy')}`];
      const file = join(dir, 'config', 'pool-2.json');
      const config = JSON.parse(readFileSync(file, 'utf8')) as PoolConfig;
      writeFileSync(file, JSON.stringify({ ...config, listen: { ...config.listen, replication, copy } }));
      process.kill(line.pids.pools['pool-2'] ?? 0, 'SIGKILL');
      await until('pool-2 offline', 15_000, async () => {
        const status = await statusOf(dir);
        return status.replicas[1]?.state === 'Offline' ? {} : JSON.stringify(status);
      });
      await restart(dir, 'pool-2');
      // Nobody listens at the old address any more.
      const pool = { pool: 'pool-2', replication, copy };
      changeTarget(dir, (of) => ({ ...of, replicas: { ...of.replicas, 'pool-2': pool } }));
      await healthy(dir);
    }),
};

const lostDevice: Check = {
  name: 'pool: a device that is gone is a refusal with a reason; the volume serves without it',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const first = await startLocal(folder);
      await healthy(dir);
      assert.equal(await first.stop(), 0);
      rmSync(join(dir, 'pool-3', 'device-1'));
      const again = await startLocal(folder);
      const { service } = loadProto<PoolProto>('pool.proto').caskade.pool.v1.Pool;
      const admin = `unix:${again.line.admin['pool-3'] ?? ''}`;
      const client = openClient(service, admin, { token: token(dir, 'pool-3') });
      const status = await client.call('GetStatus', {}, soon);
      assert.deepEqual([status.phase, status.reason], ['POOL_PHASE_FAULTED', 'DeviceMissing']);
      assert.match(status.message, /device-1/);
      await assert.rejects(client.call('CreatePool', { overwrite: ['device-1'] }, soon), {
        code: 'FAILED_PRECONDITION',
      });
      const { state, replicas } = await statusOf(dir);
      assert.deepEqual([state, replicas[2]?.state], ['Degraded', 'Offline']);

      const noToken = openClient(service, admin);
      await assert.rejects(noToken.call('GetStatus', {}, soon), { code: 'UNAUTHENTICATED' });
      const othersToken = openClient(service, admin, { token: token(dir, 'pool-1') });
      await assert.rejects(othersToken.call('GetStatus', {}, soon), { code: 'UNAUTHENTICATED' });
      for (const open of [client, noToken, othersToken]) open.close();
      assert.equal(await again.stop(), 0);
    }),
};

const http: Check = {
  name: 'target, pool: /healthz, /readyz and /metrics',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      await startLocal(folder, { replicas: 1 });
      const pids = new Map<string, number>();
      const open = async (name: string, port: number) => {
        const file = join(dir, 'config', `${name}.json`);
        const config = JSON.parse(readFileSync(file, 'utf8')) as TargetConfig | PoolConfig;
        const listen = { ...config.listen, http: `127.0.0.1:${port}` };
        writeFileSync(file, JSON.stringify({ ...config, listen }));
        pids.set(name, await restart(dir, name));
      };
      const get = async (port: number, path: string) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        return { status: response.status, body: await response.text() };
      };
      const [ofTarget, ofPool] = [21_311, 21_312];
      await open('target', ofTarget);
      await healthy(dir);
      assert.deepEqual(await get(ofTarget, '/healthz'), { status: 200, body: 'ok\n' });
      assert.deepEqual(await get(ofTarget, '/readyz'), { status: 200, body: 'ok\n' });
      assert.match((await get(ofTarget, '/metrics')).body, /^openebs_volume_status 3$/m);

      await open('pool-1', ofPool);
      assert.deepEqual(await get(ofPool, '/readyz'), { status: 200, body: 'ok\n' });
      assert.match((await get(ofPool, '/metrics')).body, /^openebs_pool_status\{pool="pool-1"\} 1$/m);

      process.kill(pids.get('pool-1') ?? 0, 'SIGKILL');
      await open('target', ofTarget);
      const waiting = await get(ofTarget, '/readyz');
      assert.equal(waiting.status, 503);
      assert.match(waiting.body, /^not serving yet: /);
      assert.equal((await get(ofTarget, '/healthz')).status, 200);
    }),
};

const early: Check = {
  name: 'local: SIGTERM while it starts ends it in order, at any moment; the next start goes on',
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const [file = '', ...args] = [...caskade, ...startArgv(dir)];
      for (const afterMs of [400, 700, 1_000]) {
        const child = spawn(file, args, { stdio: 'ignore' });
        const ended = new Promise((resolve) => {
          child.once('close', (status, signal) => resolve(signal ?? status));
        });
        setTimeout(() => child.kill('SIGTERM'), afterMs);
        const how = await ended;
        assert.ok(how === 0 || how === 'SIGTERM', `after ${afterMs} ms: ${String(how)}`);
      }
      const local = await serve<FirstLine>(startArgv(dir), join(folder, 'log'));
      await healthy(dir);
      assert.equal(await local.stop(), 0);
    }),
};

export const roleChecks: readonly Check[] = [granted, resized, moved, lostDevice, http, early];
