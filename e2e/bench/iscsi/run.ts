// `caskade target` beside tgt, in turns, by an initiator of our own; libiscsi's iscsi-perf and qemu-img beside it. 3 minutes.
//   node e2e/bench/iscsi/run.ts [--rounds=3] [--seconds=1] [--only=WORD]
// STRICT=1: exit 1 when a figure is below its floor. On a machine with other load the ratios are of that load too.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { targetPortal, tgtPortal, type Portal } from '../../iscsi/portal.ts';
import { attempt } from '../../shell.ts';
import {
  heading,
  isReached,
  lineOf,
  median,
  milliseconds,
  perSecond,
  type Figure,
} from '../engine/figures.ts';
import { runLoad, type Load, type LoadResult } from './load.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];

interface Measured extends LoadResult {
  readonly cpuUs: number;
}

/** Of a process, in microseconds; the kernel counts in hundredths of a second. */
function cpuUsOf(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid ?? 'self'}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

async function measure(portal: Portal, load: Omit<Load, 'seconds'>): Promise<Measured> {
  const before = cpuUsOf(portal.pid);
  const result = await runLoad(portal, { ...load, seconds });
  return { ...result, cpuUs: (cpuUsOf(portal.pid) - before) / result.operations };
}

/** Both in turns, each time in the other order; answers the round of the median ratio. */
async function inTurns(ours: Portal, theirs: Portal, load: Omit<Load, 'seconds'>) {
  const pairs: { a: Measured; b: Measured }[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0 ? ours : theirs;
    const one = await measure(first, load);
    const two = await measure(first === ours ? theirs : ours, load);
    pairs.push(first === ours ? { a: one, b: two } : { a: two, b: one });
  }
  const sorted = pairs.toSorted((x, y) => x.a.perSecond / x.b.perSecond - y.a.perSecond / y.b.perSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('give --rounds of at least 1');
  return middle;
}

const figures: Figure[] = [];
function report(figure: Figure): void {
  figures.push(figure);
  console.log(lineOf(figure));
}
const wanted = (name: string) => name.includes(values.only);

/** Operation, size, depth and the floor against tgt. */
const floors = [
  { write: false, bytes: 4096, depth: 1, floor: 0.8 },
  { write: true, bytes: 4096, depth: 1, floor: 0.8 },
  { write: false, bytes: 4096, depth: 32, floor: 4 },
  { write: true, bytes: 4096, depth: 32, floor: 4 },
  { write: false, bytes: 4096, depth: 128, floor: 6 },
  { write: true, bytes: 4096, depth: 128, floor: 6 },
  { write: false, bytes: 131_072, depth: 8, floor: 0.6 },
  { write: true, bytes: 131_072, depth: 8, floor: 0.6 },
] as const;
/** Microseconds of CPU for one operation of 4 KiB. */
const cpuLimits: Readonly<Record<number, number>> = { 32: 4, 128: 3 };

const nameOf = ({ write, bytes, depth }: Omit<Load, 'seconds'>) =>
  `${bytes / 1024} KiB ${write ? 'write' : 'read'} QD${depth}`;

async function besideTgt(backing: 'memory' | 'file', ours: Portal, tgt: Portal): Promise<void> {
  for (const { floor, ...load } of floors) {
    const name = `${backing}: ${nameOf(load)}`;
    if (!wanted(name)) continue;
    const { a, b } = await inTurns(ours, tgt, load);
    const rates = { ours: perSecond(a.perSecond), reference: perSecond(b.perSecond) };
    report({ name, ...rates, ratio: a.perSecond / b.perSecond, goal: floor, better: 'more', cpuUs: a.cpuUs });
    const limit = cpuLimits[load.depth];
    if (backing !== 'memory' || load.bytes !== 4096 || limit === undefined) continue;
    const cpu = `${a.cpuUs.toFixed(1)} us`;
    report({ name: `${name}, CPU`, ours: cpu, reference: '', ratio: a.cpuUs, goal: limit, better: 'less' });
    if (load.depth !== 32) continue;
    const [ours99, ours50] = [milliseconds(a.p99Ms), milliseconds(a.p50Ms)];
    report({
      name: `${name}, p99 of p50`,
      ours: ours99,
      reference: ours50,
      ratio: a.p99Ms / a.p50Ms,
      goal: 3,
      better: 'less',
    });
  }
}

/** CPU of the target with both digests against without. */
async function digests(ours: Portal): Promise<void> {
  for (const [bytes, depth, limit] of [
    [4096, 32, 2.2],
    [131_072, 8, 3.5],
  ] as const) {
    const load = { write: true, bytes, depth };
    const name = `memory: ${nameOf(load)}, CPU with digests`;
    if (!wanted(name)) continue;
    const without = await measure(ours, load);
    const { cpuUs } = await measure(ours, { ...load, digests: true });
    const [a, b] = [`${cpuUs.toFixed(1)} us`, `${without.cpuUs.toFixed(1)} us`];
    report({ name, ours: a, reference: b, ratio: cpuUs / without.cpuUs, goal: limit, better: 'less' });
  }
}

/** Reads of 4 KiB at depth 32 by iscsi-perf, writes by qemu-img: operations per second. */
const others = [
  {
    name: 'memory: 4 KiB read QD32, iscsi-perf',
    floor: 2,
    async rate({ url }: Portal) {
      const { stdout } = await attempt([
        'iscsi-perf',
        '-m',
        '32',
        '-b',
        '8',
        '-t',
        String(Math.max(2, seconds)),
        '-r',
        url,
      ]);
      return Number(/iops average (\d+)/.exec(stdout)?.[1] ?? Number.NaN);
    },
  },
  {
    name: 'memory: 4 KiB write QD32, qemu-img',
    floor: 1.3,
    rate: async ({ url }: Portal) => {
      const count = 40_000;
      const command = [
        'qemu-img',
        'bench',
        '-f',
        'raw',
        '-t',
        'none',
        '-w',
        '-c',
        String(count),
        '-d',
        '32',
        '-s',
        '4K',
      ];
      const { stdout } = await attempt([...command, '-S', '32436224', url]);
      return count / Number(/in ([\d.]+) seconds/.exec(stdout)?.[1] ?? Number.NaN);
    },
  },
] as const;

async function byOthers(ours: Portal, tgt: Portal): Promise<void> {
  for (const tool of others) {
    const { name, floor } = tool;
    if (!wanted(name)) continue;
    const ratios: { a: number; b: number }[] = [];
    for (let round = 0; round < rounds; round++)
      ratios.push({ a: await tool.rate(ours), b: await tool.rate(tgt) });
    const ratio = median(ratios.map(({ a, b }) => a / b));
    const rates = {
      ours: perSecond(median(ratios.map(({ a }) => a))),
      reference: perSecond(median(ratios.map(({ b }) => b))),
    };
    report({ name, ...rates, ratio, goal: floor, better: 'more' });
  }
}

const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
console.log(`${machine}; Node ${process.version}; ${commit}; load ${loadavg()[0]?.toFixed(1)}\n\n${heading}`);

const tgt = await tgtPortal();
for (const backing of ['memory', 'file'] as const) {
  const ours = await targetPortal(backing);
  try {
    await besideTgt(backing, ours, tgt);
    if (backing === 'memory') await digests(ours);
    if (backing === 'memory') await byOthers(ours, tgt);
  } finally {
    await ours.stop();
  }
}
await tgt.stop();
const short = figures.filter((figure) => !isReached(figure)).length;
console.log(`\n${figures.length - short} ok, ${short} short`);
process.exitCode = process.env['STRICT'] === '1' && short > 0 ? 1 : 0;
