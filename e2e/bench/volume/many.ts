/**
 * Thirty volumes on three pools at once, and what one more of them costs a pool.
 *
 * Each target is a process of its own, whose first twenty thousand writes are slow because they are compiled meanwhile: each
 * writes alone for a while before anything is measured, like the one that all are compared with. The sum is of eight writes
 * under way on each. So many writes under way in all wait thirty times as long as one volume's, whoever serves them: what
 * the neighbours cost a volume shows at one rate for all together, 30 % of the sum, against one volume that does all of it.
 */
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
import { median, microseconds, perSecond } from '../engine/figures.ts';
import { compiled, load, type Load, type Loaded } from '../initiator.ts';
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

type Row = Omit<Load, 'seconds'> & { readonly seconds: number };

const worstOf = ({ sessions }: Loaded): number => Math.max(...sessions.map(({ p99Us }) => p99Us));
const middle = <T>(of: readonly T[], value: (one: T) => number): number => median(of.map(value));

/** One volume and all in turns, so that what else the machine does falls on both; medians. */
async function reportSum(
  bench: Bench,
  first: Volume,
  urls: readonly string[],
  pids: readonly number[],
  full: Row,
): Promise<void> {
  const rounds = Array.from({ length: bench.rounds });
  const [ones, alls]: [Loaded[], Loaded[]] = [[], []];
  for (const _ of rounds) {
    ones.push(await load(first.urls, full));
    alls.push(await load(urls, full, pids));
  }
  const [sum, one] = [
    middle(alls, ({ perSecond: rate }) => rate),
    middle(ones, ({ perSecond: rate }) => rate),
  ];
  const cpuUs = alls.at(-1)?.cpuUs ?? [];
  const pools = cpuUs.slice(1, 4).reduce((total, us) => total + us, 0);
  const targets = cpuUs.reduce((total, us) => total + us, 0) - pools;
  bench.report({
    name: `${name}: sum of one`,
    ours: perSecond(sum),
    reference: perSecond(one),
    ratio: sum / one,
    floor: 1,
    goal: 1,
    better: 'more',
    note: `worst p99 ${microseconds(middle(alls, worstOf))}  CPU us: targets ${targets.toFixed(1)}, pools ${pools.toFixed(1)}`,
  });
  const [few, many]: [Loaded[], Loaded[]] = [[], []];
  const rate = 0.3 * sum;
  // One write at a time takes other ways than eight do: V8 compiles them.
  for (const _ of rounds) await load(urls, { ...full, rate: rate / urls.length });
  for (const _ of rounds) {
    few.push(await load(first.urls, { ...full, depth: 128, rate }));
    many.push(await load(urls, { ...full, rate: rate / urls.length }));
  }
  const [worst, alone] = [middle(many, worstOf), middle(few, ({ p99Us }) => p99Us)];
  bench.report({
    name: `${name}: worst p99 of alone, at 30 %`,
    ours: microseconds(worst),
    reference: microseconds(alone),
    ratio: worst / alone,
    floor: 4,
    goal: 4,
    better: 'less',
    note: `at ${perSecond(rate)} in all`,
  });
}

const portFrom = 21_700;

export async function manyVolumes(bench: Bench): Promise<void> {
  if (!bench.wanted(name)) return;
  // Its pools are twice as large, and hold 64 MiB of each of the thirty with room to spare.
  const first = await openVolume(bench, '4Gi');
  const extra: Extra[] = [];
  const row = { operation: 'write', bytes: 4096, depth: 8, warmSeconds: 0.5, spanMiB: 64 } as const;
  const warm = { ...row, seconds: 1.5 };
  const full = { ...row, seconds: 2 * bench.seconds };
  try {
    const pools = Object.values(first.line.pids.pools);
    await load(first.urls, warm);
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
      await load([one.url], warm);
    }
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const growth = pools.map((pid, i) => (residentBytes(pid) - (before[i] ?? 0)) / extra.length / mib);
    const urls = [...first.urls, ...extra.map(({ url }) => url)];
    const pids = [...first.pids, ...extra.map(({ process: child }) => child.pid ?? 0)];
    await reportSum(bench, first, urls, pids, full);
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
