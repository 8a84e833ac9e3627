// `caskade target` beside tgt, in turns, by tools/bench/initiator.c; libiscsi's iscsi-perf and qemu-img beside it. 5 minutes.
//   node e2e/bench/iscsi/run.ts [--rounds=3] [--seconds=1] [--only=WORD] [--record]
// STRICT=1: exit 1 when a figure is below its floor. --record: the table goes into docs/performance.md.
// On a machine with other load the ratios are of that load too.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { targetPortal, tgtPortal } from '../../iscsi/portal.ts';
import { headingWithFloors } from '../engine/figures.ts';
import { commit, machine } from '../machine.ts';
import { beginTable } from '../table.ts';
import type { Bench } from './bench.ts';
import { besideTgt } from './beside-tgt.ts';
import { digests } from './digests.ts';
import { garbage } from './garbage.ts';
import { byOthers } from './others.ts';
import { manySessions } from './sessions.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    record: { type: 'boolean', default: false },
  },
});

const where = `${machine()}; load ${loadavg()[0]?.toFixed(1)} when it began`;
const table = beginTable(`${where}; ${commit()}\n\n${headingWithFloors}`, {
  bench: 'bench-iscsi',
  machine: where,
  record: values.record,
});
const bench: Bench = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  wanted: (name) => name.includes(values.only),
  report: table.report,
};

// Like beside like: memory beside a file in memory, a file beside a file.
for (const [backing, parent] of [
  ['memory', '/dev/shm'],
  ['file', undefined],
] as const) {
  await using running = new AsyncDisposableStack();
  const ours = await targetPortal(backing);
  running.defer(() => ours.stop());
  const tgt = await tgtPortal({ parent, tuned: true });
  running.defer(() => tgt.stop());
  await besideTgt(bench, backing, ours, tgt);
  if (backing === 'memory') await digests(bench, ours);
  if (backing === 'memory') await byOthers(bench, ours, tgt);
  if (backing === 'file') await manySessions(bench, ours);
}
await garbage(bench);
table.end();
