/** A replica that was away, dense and in a checkerboard; one that was away under load, and what the load felt of its return. */
import { join } from 'node:path';
import { must } from '../../../src/shared/assert.ts';
import { restart, targetClient } from '../../local/local-volume.ts';
import { run } from '../../shell.ts';
import { until } from '../../until.ts';
import { median, microseconds } from '../engine/figures.ts';
import { load, type Load, type Loaded } from '../initiator.ts';
import { openVolume, type Bench, type Volume } from './bench.ts';

const mib = 2 ** 20;
/** Of a volume of 4 GiB; what changes while the replica is away. */
const size = '4Gi';
const denseMiB = 1_024;
const checkerMiB = 256;
/** So long at a time, until the replica is back; what its writers felt is that of the worst of these. */
const spellSeconds = 5;
/** A replica has to be back after so long. */
const backMsMax = 300_000;
const away = 'pool-3';
/**
 * Whether a replica is back yet: a look costs the target and this process some milliseconds each, which beside a load at a
 * fixed rate are felt by it.
 */
const lookMs = 100;
const lookUnderLoadMs = 1_000;

const changes: readonly {
  readonly name: string;
  readonly changedMiB: number;
  readonly write: Omit<Load, 'seconds'>;
  readonly floor: number;
  readonly goal: number;
}[] = [
  {
    name: `rebuild of ${denseMiB} MiB, dense`,
    changedMiB: denseMiB,
    write: { operation: 'write', bytes: mib, depth: 4, sequential: true, spanMiB: denseMiB, count: denseMiB },
    floor: 0.5,
    goal: 0.7,
  },
  {
    name: `rebuild of ${checkerMiB} MiB in every other 4 KiB`,
    changedMiB: checkerMiB,
    write: {
      operation: 'write',
      bytes: 4096,
      depth: 64,
      stride: 2,
      spanMiB: 2 * checkerMiB,
      count: checkerMiB * 256,
    },
    floor: 45,
    goal: 90,
  },
];

/** Bytes per second of copying: reads and writes of 1 MiB, past the cache, at once. */
async function copyRate(folder: string, sizeMiB: number): Promise<number> {
  const [from, to] = [join(folder, 'copy-from'), join(folder, 'copy-to')];
  const common = ['--ioengine=psync', '--direct=1', '--bs=1M', `--size=${sizeMiB}M`];
  await run(['fio', '--name=fill', '--rw=write', `--filename=${from}`, ...common]);
  await run(['fio', '--name=fill', '--rw=write', `--filename=${to}`, ...common]);
  const both = [
    ['--name=read', '--rw=read', `--filename=${from}`],
    ['--name=write', '--rw=write', `--filename=${to}`],
  ];
  const beganMs = performance.now();
  await run(['fio', ...common, ...both.flat()]);
  const seconds = (performance.now() - beganMs) / 1_000;
  await run(['rm', from, to]);
  return (sizeMiB * mib) / seconds;
}

interface Back {
  /** Of the pool's process from now on. */
  readonly pid: number;
  readonly all: number;
  readonly copying: number;
}

/**
 * The replica comes back. Seconds from the start of the pool's process, and from when the target has taken the replica in
 * to copy (it looks for one that was away every 3 s), until it is in sync.
 */
async function comeBack({ dir, line }: Volume, everyMs: number): Promise<Back> {
  const target = targetClient(dir, line);
  try {
    const pid = await restart(dir, away);
    const beganMs = performance.now();
    let copiesMs: number | undefined;
    return await until(
      `${away} in sync`,
      backMsMax,
      async () => {
        const { replicas } = await target.call('GetStatus', {}, { deadlineMs: 10_000 });
        const { state = '' } = replicas.find(({ pool }) => pool === away) ?? {};
        const nowMs = performance.now();
        if (state !== 'Offline') copiesMs ??= nowMs;
        if (state !== 'InSync') return state;
        return { pid, all: (nowMs - beganMs) / 1_000, copying: (nowMs - (copiesMs ?? beganMs)) / 1_000 };
      },
      everyMs,
    );
  } finally {
    target.close();
  }
}

const firstOf = ({ line }: Volume): number => must(line.pids.pools[away], away);

/** Rebuilds, and copying as much on the same disk, in turns: bytes per second, the median of each. */
async function rebuildOf(
  bench: Bench,
  { name, changedMiB, write, floor, goal }: (typeof changes)[number],
): Promise<void> {
  if (!bench.wanted(name)) return;
  const isCompared = floor < 1;
  const volume = await openVolume(bench, size);
  const rates: number[] = [];
  const references: number[] = [];
  try {
    await load(volume.urls, { ...write, seconds: 0 });
    let pid = firstOf(volume);
    for (let round = 0; round < bench.rounds; round++) {
      process.kill(pid, 'SIGKILL');
      await load(volume.urls, { ...write, seconds: 0 });
      const back = await comeBack(volume, lookMs);
      ({ pid } = back);
      rates.push((changedMiB * mib) / back.copying);
      if (isCompared) references.push(await copyRate(bench.folder, changedMiB));
    }
  } finally {
    await volume.end();
  }
  const rate = median(rates);
  const figure = { ours: `${(rate / mib).toFixed(0)} MiB/s`, floor, goal, better: 'more' } as const;
  if (!isCompared)
    return bench.report({ ...figure, name: `${name}, MiB/s`, reference: '', ratio: rate / mib });
  const reference = median(references);
  bench.report({
    ...figure,
    name,
    reference: `${(reference / mib).toFixed(0)} MiB/s`,
    ratio: rate / reference,
  });
}

const at = (volume: Volume, rate: number, seconds: number): Promise<Loaded> =>
  load(volume.urls, { operation: 'write', bytes: 4096, depth: 32, rate, seconds, spanMiB: 1_024 });

/** The p99 of five seconds each at this rate, from one spell to the next for as long as `goesOn` says. */
async function spells(volume: Volume, rate: number, goesOn: (done: number) => boolean): Promise<number[]> {
  const p99sUs: number[] = [];
  do p99sUs.push((await at(volume, rate, spellSeconds)).p99Us);
  while (goesOn(p99sUs.length));
  return p99sUs;
}

/** Under this rate until `work`, which ends by itself, is done. */
async function under<T>(
  volume: Volume,
  rate: number,
  work: Promise<T>,
): Promise<{ readonly result: T; readonly p99sUs: readonly number[] }> {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  const [result, p99sUs] = await Promise.all([done, spells(volume, rate, () => !isDone)]);
  return { result, p99sUs };
}

/** What the load of 30 % of the full rate changes while the replica is away is what it has to get. */
async function backUnderLoad(bench: Bench): Promise<void> {
  const { awaySeconds } = bench;
  const back = `back after ${awaySeconds} s away under load`;
  const felt = 'write p99 during that rebuild, of without';
  if (!bench.wanted(back) && !bench.wanted(felt)) return;
  const volume = await openVolume(bench, size);
  try {
    const full = { operation: 'write', bytes: 4096, depth: 32, seconds: 2, spanMiB: 1_024 } as const;
    const rates: number[] = [];
    for (let round = 0; round < bench.rounds; round++) rates.push((await load(volume.urls, full)).perSecond);
    const rate = median(rates) * 0.3;
    process.kill(firstOf(volume), 'SIGKILL');
    await at(volume, rate, awaySeconds);
    const busy = await under(volume, rate, comeBack(volume, lookUnderLoadMs));
    const bounds = { floor: 0.5, goal: 0.2, better: 'less' } as const;
    bench.report({
      name: back,
      ours: `${busy.result.all.toFixed(1)} s`,
      reference: `${awaySeconds} s`,
      ratio: busy.result.all / awaySeconds,
      ...bounds,
    });
    // The worst of several is more than one: as many spells are compared, those after it with those of the return.
    const quiet = await spells(volume, rate, (done) => done < busy.p99sUs.length);
    const [with_, without] = [Math.max(...busy.p99sUs), Math.max(...quiet)];
    const p99 = { ours: microseconds(with_), reference: microseconds(without), ratio: with_ / without };
    bench.report({ name: felt, ...p99, floor: 3, goal: 2, better: 'less' });
  } finally {
    await volume.end();
  }
}

export async function rebuilds(bench: Bench): Promise<void> {
  for (const change of changes) await rebuildOf(bench, change);
  await backUnderLoad(bench);
}
