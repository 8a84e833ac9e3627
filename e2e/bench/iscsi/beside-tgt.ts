/** Operations per second beside tgt; what one costs; how even they are. */
import { perSecond } from '../engine/figures.ts';
import type { Loaded } from '../initiator.ts';
import { inTurns } from '../turns.ts';
import { nameOf, sideOf, type Bench, type Row, type Served } from './bench.ts';

/** Against tgt. */
const bounds: readonly (Pick<Row, 'bytes' | 'depth'> & { readonly floor: number; readonly goal: number })[] =
  [
    { bytes: 4096, depth: 1, floor: 0.8, goal: 1 },
    { bytes: 4096, depth: 32, floor: 4, goal: 6 },
    { bytes: 4096, depth: 128, floor: 6, goal: 10 },
    { bytes: 131_072, depth: 8, floor: 0.6, goal: 1 },
  ];
/** Microseconds of processor time for one operation of 4 KiB, by depth. */
const cpuBounds: Readonly<Record<number, { readonly floor: number; readonly goal: number }>> = {
  32: { floor: 4, goal: 3 },
  128: { floor: 3, goal: 2 },
};

export async function besideTgt(
  bench: Bench,
  backing: 'memory' | 'file',
  ours: Served,
  tgt: Served,
): Promise<void> {
  for (const { floor, goal, ...shape } of bounds)
    for (const operation of ['read', 'write'] as const) {
      const row: Row = { operation, ...shape };
      const name = `${backing}: ${nameOf(row)}`;
      if (!bench.wanted(name)) continue;
      const { ours: a, theirs: b, ratio } = await inTurns(sideOf(ours), sideOf(tgt), row, bench);
      const cpuUs = a.cpuUs[0] ?? Number.NaN;
      const [rate, reference] = [perSecond(a.perSecond), perSecond(b.perSecond)];
      bench.report({ name, ours: rate, reference, ratio, floor, goal, better: 'more', cpuUs, latency: a });
      if (backing === 'memory' && row.bytes === 4096) cost(bench, name, row.depth, a);
    }
}

function cost(
  bench: Bench,
  name: string,
  depth: number,
  { cpuUs: [cpuUs = Number.NaN], p50Us, p99Us }: Loaded,
): void {
  const bound = cpuBounds[depth];
  if (bound === undefined) return;
  const told = { reference: '', better: 'less' } as const;
  bench.report({ name: `${name}, CPU us`, ours: `${cpuUs.toFixed(1)} us`, ratio: cpuUs, ...bound, ...told });
  if (depth !== 32) return;
  const spread = {
    ours: `${p99Us.toFixed(0)} us`,
    reference: `${p50Us.toFixed(0)} us`,
    ratio: p99Us / p50Us,
  };
  bench.report({ name: `${name}, p99 of p50`, ...spread, floor: 3, goal: 2, better: 'less' });
}
