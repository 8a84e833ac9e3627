// Volumes overwritten by many requests at once while checkpoints and the cleaner run (src/testing/engine/overwrite-storm.ts).
//   node e2e/engine/storm.ts [--writes=N] [--minutes=M] [--first=SEED] [--processes=N] [--per=WRITES] [--stop-at-first]
//   node e2e/engine/storm.ts --layout=Y --seed=S [--per=WRITES]                               one run again
import { parseArgs } from 'node:util';
import { type LayoutName, layouts } from '../../src/testing/engine/layouts.ts';
import type { StormCase } from '../../src/testing/engine/overwrite-storm.ts';
import { processesUsual, workOff } from './workers.ts';

const { values } = parseArgs({
  options: {
    writes: { type: 'string', default: '60000' },
    minutes: { type: 'string', default: '5' },
    first: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(processesUsual) },
    layout: { type: 'string' },
    seed: { type: 'string' },
    per: { type: 'string', default: '3000' },
    'stop-at-first': { type: 'boolean', default: false },
  },
});

const perRun = Number(values.per);
const failuresMax = values['stop-at-first'] ? 1 : 20;
const endMs = performance.now() + Number(values.minutes) * 60_000;

function* cases(): Generator<StormCase> {
  const first = Number(values.seed ?? values.first);
  for (let seed = first; values.seed === undefined || seed === first; seed++)
    // Keys of the table. Those with log devices write nothing else to the others.
    for (const layout of Object.keys(layouts) as LayoutName[])
      if (!('logs' in layouts[layout]) && (values.layout ?? layout) === layout)
        yield { layout, seed, writes: perRun };
}

const waiting = cases();
const sums = { runs: 0, given: 0, writes: 0, reads: 0, blocks: 0, failed: 0 };

await workOff<{ readonly storm: StormCase }>({
  processes: Number(values.processes),
  next: () => {
    if (performance.now() > endMs || sums.failed >= failuresMax || sums.given >= Number(values.writes))
      return undefined;
    const { value } = waiting.next();
    sums.given += perRun;
    return value === undefined ? undefined : { storm: value };
  },
  done: ({ storm: { layout, seed, writes } }, answer) => {
    sums.runs++;
    if ('storm' in answer) {
      sums.writes += answer.storm.writes;
      sums.reads += answer.storm.reads;
      sums.blocks += answer.storm.blocksWritten;
    }
    if (!('failure' in answer)) return;
    sums.failed++;
    console.log(`FAILED node e2e/engine/storm.ts --layout=${layout} --seed=${seed} --per=${writes}`);
    console.log(`  ${answer.failure}`);
  },
});

const { runs, writes, reads, blocks, failed } = sums;
console.log(
  `${writes} writes of ${blocks} blocks, ${reads} reads, seeds from ${values.seed ?? values.first}`,
);
console.log(`${runs - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || writes === 0 ? 1 : 0;
