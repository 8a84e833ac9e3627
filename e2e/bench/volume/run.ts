// `caskade local` with three replicas beside tgt with one copy, on files of one disk, by tools/bench/initiator.c.
// 20 minutes, ten of them with a replica away.
//   node e2e/bench/volume/run.ts [--rounds=3] [--seconds=1] [--away=600] [--folder=DIR] [--only=WORD] [--record]
// Sizes of rebuilds are a part of what users have: their names say how much. STRICT=1: exit 1 when a figure is
// below its floor. --record: the table goes into docs/performance.md. Where a machine is shared the ratios are of that too.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { headingWithFloors } from '../engine/figures.ts';
import { commit, machine } from '../machine.ts';
import { beginTable } from '../table.ts';
import type { Bench } from './bench.ts';
import { besideTgt } from './beside-tgt.ts';
import { flushLatency } from './flush-latency.ts';
import { idleVolume } from './idle.ts';
import { manyVolumes } from './many.ts';
import { rebuilds } from './rebuild.ts';
import { slowReplica } from './slow-replica.ts';
import { targetStarts } from './starts.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1' },
    away: { type: 'string', default: '600' },
    folder: { type: 'string', default: process.env['BENCH_DIR'] ?? '/var/tmp' },
    only: { type: 'string', default: '' },
    record: { type: 'boolean', default: false },
  },
});

const where = `${machine()}; load ${loadavg()[0]?.toFixed(1)} when it began`;
const table = beginTable(`${where}; ${commit()}\n\n${headingWithFloors}`, {
  bench: 'bench-volume',
  machine: where,
  record: values.record,
});
const bench: Bench = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  awaySeconds: Number(values.away),
  folder: mkdtempSync(join(values.folder, 'caskade-bench-')),
  wanted: (name) => name.includes(values.only),
  report: table.report,
};

try {
  const parts = [besideTgt, flushLatency, slowReplica, manyVolumes, rebuilds, targetStarts, idleVolume];
  for (const part of parts) await part(bench);
} finally {
  rmSync(bench.folder, { recursive: true });
}
table.end();
