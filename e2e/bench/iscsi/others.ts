/** Load by initiators that were not written here: iscsi-perf of libiscsi, qemu-img. */
import { attempt } from '../../shell.ts';
import { median, perSecond } from '../engine/figures.ts';
import type { Bench, Served } from './bench.ts';

const writes = 40_000;

const others = [
  {
    name: 'memory: 4 KiB read QD32, iscsi-perf',
    floor: 2,
    goal: 3,
    async rate(url: string, seconds: number) {
      const time = String(Math.max(2, Math.ceil(seconds)));
      const { stdout } = await attempt(['iscsi-perf', '-m', '32', '-b', '8', '-t', time, '-r', url]);
      return Number(/iops average (\d+)/.exec(stdout)?.[1] ?? Number.NaN);
    },
  },
  {
    name: 'memory: 4 KiB write QD32, qemu-img',
    floor: 1.3,
    goal: 1.7,
    async rate(url: string) {
      const count = ['-c', String(writes), '-d', '32', '-s', '4K', '-S', '32436224'];
      const { stdout } = await attempt(['qemu-img', 'bench', '-f', 'raw', '-t', 'none', '-w', ...count, url]);
      return writes / Number(/in ([\d.]+) seconds/.exec(stdout)?.[1] ?? Number.NaN);
    },
  },
] as const;

export async function byOthers(bench: Bench, ours: Served, tgt: Served): Promise<void> {
  for (const other of others) {
    const { name, floor, goal } = other;
    if (!bench.wanted(name)) continue;
    const pairs: { a: number; b: number }[] = [];
    for (let round = 0; round < bench.rounds; round++)
      pairs.push({
        a: await other.rate(ours.url, bench.seconds),
        b: await other.rate(tgt.url, bench.seconds),
      });
    bench.report({
      name,
      ours: perSecond(median(pairs.map(({ a }) => a))),
      reference: perSecond(median(pairs.map(({ b }) => b))),
      ratio: median(pairs.map(({ a, b }) => a / b)),
      floor,
      goal,
      better: 'more',
    });
  }
}
