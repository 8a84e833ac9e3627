/** Processor time of the target with both digests against without. */
import { median } from '../engine/figures.ts';
import { load } from '../initiator.ts';
import { nameOf, type Bench, type Row, type Served } from './bench.ts';

const bounds = [
  { bytes: 4096, depth: 32, floor: 2.2, goal: 1.8 },
  { bytes: 131_072, depth: 8, floor: 3.5, goal: 3 },
] as const;

export async function digests(bench: Bench, { url, pid }: Served): Promise<void> {
  const cpuOf = async (row: Row, both: boolean) => {
    const { cpuUs } = await load([url], { ...row, seconds: bench.seconds, digests: both }, [pid]);
    return cpuUs[0] ?? Number.NaN;
  };
  for (const { floor, goal, ...shape } of bounds)
    for (const operation of ['read', 'write'] as const) {
      const row: Row = { operation, ...shape };
      const name = `memory: ${nameOf(row)}, digests`;
      if (!bench.wanted(name)) continue;
      const pairs: { a: number; b: number }[] = [];
      for (let round = 0; round < bench.rounds; round++)
        pairs.push({ a: await cpuOf(row, true), b: await cpuOf(row, false) });
      const us = (value: number) => `${value.toFixed(1)} us`;
      bench.report({
        name,
        ours: us(median(pairs.map(({ a }) => a))),
        reference: us(median(pairs.map(({ b }) => b))),
        ratio: median(pairs.map(({ a, b }) => a / b)),
        floor,
        goal,
        better: 'less',
      });
    }
}
