// Random operations on pools of every layout, compared with a naive model while devices err, rot, lose writes or come
// back as they were long ago (src/testing/engine/model-run.ts).
//   node e2e/engine/model.ts [--operations=N] [--minutes=M] [--first=SEED] [--processes=N]
//   node e2e/engine/model.ts --layout=Y --seed=S [--per=N]                                    one run again
import { parseArgs } from 'node:util';
import { type LayoutName, layouts } from '../../src/testing/engine/layouts.ts';
import type { ModelCase, ModelCounts } from '../../src/testing/engine/model-run.ts';
import { processesUsual, workOff } from './workers.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    minutes: { type: 'string', default: '60' },
    first: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(processesUsual) },
    layout: { type: 'string' },
    seed: { type: 'string' },
    per: { type: 'string', default: '4000' },
    'stop-at-first': { type: 'boolean', default: false },
  },
});

const perRun = Number(values.per);
const runsMax =
  values.seed === undefined ? Math.ceil(Number(values.operations) / perRun) : Object.keys(layouts).length;
const endMs = performance.now() + Number(values.minutes) * 60_000;

function* cases(): Generator<ModelCase> {
  for (let seed = Number(values.seed ?? values.first); ; seed++)
    // Keys of the table.
    for (const layout of Object.keys(layouts) as LayoutName[])
      if ((values.layout ?? layout) === layout) yield { layout, seed, operations: perRun };
}

const waiting = cases();
const sums = new Map<string, ModelCounts>();
let given = 0;
let failed = 0;

await workOff<{ readonly model: ModelCase }>({
  processes: Number(values.processes),
  next: () => {
    if (performance.now() > endMs || failed >= (values['stop-at-first'] ? 1 : 20) || given >= runsMax)
      return undefined;
    const { value } = waiting.next();
    if (value === undefined || (values.seed !== undefined && String(value.seed) !== values.seed))
      return undefined;
    given++;
    return { model: value };
  },
  done: ({ model: { layout, seed, operations } }, answer) => {
    if ('counts' in answer) add(layout, answer.counts);
    if (!('failure' in answer)) return;
    failed++;
    console.log(`FAILED node e2e/engine/model.ts --layout=${layout} --seed=${seed} --per=${operations}`);
    console.log(`  ${answer.failure}`);
  },
});

function add(layout: string, counts: ModelCounts): void {
  const sum = sums.get(layout) ?? { operations: 0, faults: 0, crashes: 0, errors: 0 };
  for (const key of ['operations', 'faults', 'crashes', 'errors'] as const) sum[key] += counts[key];
  sums.set(layout, sum);
}

let operations = 0;
for (const [layout, sum] of sums) {
  operations += sum.operations;
  const { faults, crashes, errors } = sum;
  console.log(
    `${layout.padEnd(12)} ${sum.operations} operations, ${faults} faults, ${crashes} restarts, ${errors} errors answered`,
  );
}
console.log(`${operations} operations, seeds from ${values.seed ?? values.first}`);
console.log(`${given - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || operations === 0 ? 1 : 0;
