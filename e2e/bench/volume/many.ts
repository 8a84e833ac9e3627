/** Thirty volumes on three pools at once, and what one more of them costs a pool. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TargetConfig } from '../../../src/api/target-config.ts';
import { findRunFolder } from '../../../src/local/home.ts';
import { keyFile, readAdminToken } from '../../../src/local/keys.ts';
import { poolClient } from '../../../src/local/processes.ts';
import { must } from '../../../src/shared/assert.ts';
import { readKey } from '../../../src/shared/edge/config-file.ts';
import { linkKey } from '../../../src/shared/keys.ts';
import { caskade } from '../../local/local-volume.ts';
import { attempt } from '../../shell.ts';
import { until } from '../../until.ts';
import { perSecond } from '../engine/figures.ts';
import { compiled, load } from '../initiator.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { openVolume, type Bench, type Volume } from './bench.ts';

const volumesMax = 30;
const sizeBytes = 1 << 30;
const mib = 2 ** 20;
const name = 'thirty volumes on three pools';

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;

interface Extra {
  readonly url: string;
  readonly process: ChildProcess;
}

/** One more volume on the pools of `of`, with a target of its own that listens on `port`. */
async function addVolume(of: Volume, index: number, port: number): Promise<Extra> {
  const { dir, line } = of;
  const places = { home: dir, run: must(findRunFolder(dir), 'a running volume') };
  const config = JSON.parse(readFileSync(join(dir, 'config', 'target.json'), 'utf8')) as TargetConfig;
  const volume = `${config.volume}-${index}`;
  const pools = Object.keys(line.pids.pools);
  const members: Record<string, string> = {};
  for (const pool of pools) {
    const client = poolClient(places, pool);
    const { guid } = await client.call(
      'CreateReplica',
      { volume, replicaId: pool, sizeBytes },
      { deadlineMs: 60_000 },
    );
    client.close();
    members[pool] = guid;
  }
  const folder = join(of.folder, volume);
  mkdirSync(folder);
  const links = pools.map((pool) => [
    pool,
    Buffer.from(linkKey(readKey(keyFile(dir, pool)), volume, pool)).toString('hex'),
  ]);
  const secret = { mode: 0o600 };
  writeFileSync(join(folder, 'links.json'), JSON.stringify(Object.fromEntries(links)), secret);
  writeFileSync(join(folder, 'token'), readAdminToken(dir, 'target'), secret);
  const iqn = `iqn.2016-09.com.openebs.cstor:${volume}`;
  const own: TargetConfig = {
    ...config,
    volume,
    iqn,
    sizeBytes,
    membership: { version: 1, members },
    listen: { iscsi: `127.0.0.1:${port}`, admin: `unix:${join(places.run, `t${index}`)}` },
    keyFile: join(folder, 'links.json'),
    adminTokenFile: join(folder, 'token'),
  };
  writeFileSync(join(folder, 'target.json'), JSON.stringify(own), secret);
  const [file = '', ...args] = caskade;
  const child = spawn(file, [...args, 'target', '--config', join(folder, 'target.json')], {
    stdio: 'ignore',
  });
  return { url: `iscsi://127.0.0.1:${port}/${iqn}/0`, process: child };
}

const portFrom = 21_700;

export async function manyVolumes(bench: Bench): Promise<void> {
  if (!bench.wanted(name)) return;
  const first = await openVolume(bench, '1Gi');
  const extra: Extra[] = [];
  const row = {
    operation: 'write',
    bytes: 4096,
    depth: 8,
    seconds: 3 * bench.seconds,
    warmSeconds: 1,
    spanMiB: 64,
  } as const;
  try {
    const pools = Object.values(first.line.pids.pools);
    const alone = await load(first.urls, row);
    const before = pools.map(residentBytes);
    const program = await compiled('initiator');
    for (let index = 1; index < volumesMax; index++) {
      const one = await addVolume(first, index, portFrom + index);
      extra.push(one);
      await until(`volume ${index}`, 60_000, async () => {
        const { status, stderr } = await attempt([
          program,
          '--operation=read',
          '--depth=1',
          '--count=1',
          one.url,
        ]);
        return status === 0 ? {} : stderr;
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const growth = pools.map((pid, i) => (residentBytes(pid) - (before[i] ?? 0)) / extra.length / mib);
    const all = await load([...first.urls, ...extra.map(({ url }) => url)], row);
    const sum = { ours: perSecond(all.perSecond), reference: perSecond(alone.perSecond) };
    bench.report({
      name: `${name}: sum of one`,
      ...sum,
      ratio: all.perSecond / alone.perSecond,
      floor: 1,
      goal: 1,
      better: 'more',
    });
    const worstUs = Math.max(...all.sessions.map(({ p99Us }) => p99Us));
    const worst = {
      ours: `${(worstUs / 1_000).toFixed(1)} ms`,
      reference: `${(alone.p99Us / 1_000).toFixed(1)} ms`,
    };
    bench.report({
      name: `${name}: worst p99 of alone`,
      ...worst,
      ratio: worstUs / alone.p99Us,
      floor: 4,
      goal: 4,
      better: 'less',
    });
    const most = Math.max(...growth);
    bench.report({
      name: 'idle volume: growth of a pool, MiB',
      ours: `${most.toFixed(1)} MiB`,
      reference: '',
      ratio: most,
      floor: 4,
      goal: 2,
      better: 'less',
    });
  } finally {
    for (const { process: child } of extra) child.kill('SIGKILL');
    await first.end();
  }
}
