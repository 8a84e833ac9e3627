// The engine beside fio, on files of one disk, O_DIRECT on both sides, in turns. At most 12 minutes.
//   node e2e/bench/engine/run.ts [--folder=DIR] [--scale=1] [--only=fresh,layouts,snapshots,aged] [--record]
// STRICT=1: exit 1 when a figure is short. --record: the table goes into docs/performance.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchAged } from './aged.ts';
import { type Figure, heading, isReached, lineOf } from './figures.ts';
import type { Bench } from './bench.ts';
import { benchFresh } from './fresh.ts';
import { benchLayouts } from './layouts.ts';
import { benchSnapshots } from './snapshots.ts';
import { recordFigures } from './record.ts';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: process.env['BENCH_DIR'] ?? '/var/tmp' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string', default: 'fresh,layouts,snapshots,aged' },
    record: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(values.folder, 'caskade-bench-'));
const figures: Figure[] = [];
const bench: Bench = {
  folder,
  scale: Number(values.scale),
  report(figure) {
    figures.push(figure);
    console.log(lineOf(figure));
  },
};

const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
const machine = [
  `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  `Node ${process.version}`,
  execFileSync('fio', ['--version'], { encoding: 'utf8' }).trim(),
].join('; ');

const parts: Readonly<Record<string, () => Promise<void>>> = {
  fresh: () => benchFresh(bench),
  layouts: () => benchLayouts(bench, [{ layout: 'mirror', devices: 2, goal: 0.4, usable: 0.45 }]),
  snapshots: () => benchSnapshots(bench),
  aged: () => benchAged(bench),
};

console.log(`${machine}\n${commit}, files in ${values.folder}\n\n${heading}`);
try {
  for (const name of values.only.split(',')) {
    const part = parts[name];
    if (part === undefined) throw new Error(`no part ${name}: use ${Object.keys(parts).join(', ')}`);
    await part();
  }
} finally {
  rmSync(folder, { recursive: true });
}
const short = figures.filter((figure) => !isReached(figure)).length;
console.log(`\n${figures.length - short} ok, ${short} short`);
if (values.record) recordFigures({ machine, commit, figures });
process.exitCode = process.env['STRICT'] === '1' && short > 0 ? 1 : 0;
