// The engine beside fio, on files of one disk, O_DIRECT on both sides, in turns. At most 12 minutes.
//   node e2e/bench/engine/run.ts [--folder=DIR] [--scale=1] [--only=fresh,layouts,snapshots,aged] [--record]
// --only takes names of parts, and words that are in the names of steps: --only=random-read (--list shows all).
// STRICT=1: exit 1 when a figure is short. --record: the table goes into docs/performance.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { agedPart } from './aged.ts';
import { commit, machine } from '../machine.ts';
import { beginTable } from '../table.ts';
import { heading } from './figures.ts';
import type { Bench, Part } from './bench.ts';
import { freshPart } from './fresh.ts';
import { layoutsPart } from './layouts.ts';
import { snapshotsPart } from './snapshots.ts';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: process.env['BENCH_DIR'] ?? '/var/tmp' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string', default: 'fresh,layouts,snapshots,aged' },
    list: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

const parts: Readonly<Record<string, Part>> = {
  fresh: freshPart,
  layouts: layoutsPart,
  snapshots: snapshotsPart,
  aged: agedPart,
};
const words = values.only.split(',');
const isWanted = (part: string, step: string) => words.some((word) => word === part || step.includes(word));
const all = Object.entries(parts).map(([name, part]) => ({
  name,
  part,
  steps: part.steps.filter((step) => isWanted(name, step)),
}));
const idle = words.find(
  (word) => !all.some(({ name, steps }) => name === word || steps.some((step) => step.includes(word))),
);
if (idle !== undefined || values.list) {
  for (const [name, { steps }] of Object.entries(parts)) console.log(`${name}: ${steps.join(', ')}`);
  if (idle !== undefined) console.error(`no part is named ${idle}, and no step has that in its name`);
  process.exit(idle === undefined ? 0 : 2);
}

const folder = mkdtempSync(join(values.folder, 'caskade-bench-'));
const where = `${machine()}; ${execFileSync('fio', ['--version'], { encoding: 'utf8' }).trim()}`;
const table = beginTable(`${where}\n${commit()}, files in ${values.folder}\n\n${heading}`, {
  bench: 'bench-engine',
  machine: where,
  record: values.record,
});
const bench: Bench = { folder, scale: Number(values.scale), report: table.report };

try {
  for (const { part, steps } of all)
    if (steps.length > 0) await part.run(bench, (step) => steps.includes(step));
} finally {
  rmSync(folder, { recursive: true });
}
table.end();
