// Power cuts at every moment of recorded runs of the engine (src/testing/engine): what is left must check clean, import
// and be a state that the pool was in, none that is older than the last flush that was answered.
//   node e2e/engine/crash.ts [--states=N] [--minutes=M] [--first=SEED] [--processes=N] [--stop-at-first]
//   node e2e/engine/crash.ts --feature=X --layout=Y --seed=S [--only=STATE] [--states=N]     one run again
import { parseArgs } from 'node:util';
import type { CrashCase } from '../../src/testing/engine/crash-case.ts';
import { type Feature, type FeatureName, features } from '../../src/testing/engine/features.ts';
import { type LayoutName, layouts } from '../../src/testing/engine/layouts.ts';
import { processesUsual, workOff } from './workers.ts';

const { values } = parseArgs({
  options: {
    states: { type: 'string' },
    minutes: { type: 'string', default: '6' },
    first: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(processesUsual) },
    feature: { type: 'string' },
    layout: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    per: { type: 'string' },
    'stop-at-first': { type: 'boolean', default: false },
  },
});

/** Names are keys of the tables. */
const featureNames = Object.keys(features) as FeatureName[];
const layoutNames = Object.keys(layouts) as LayoutName[];
const failuresMax = values['stop-at-first'] ? 1 : 20;
const statesMax = Number(values.states ?? 10_000);
const endMs = performance.now() + Number(values.minutes) * 60_000;

const pairs = featureNames.flatMap((feature) => {
  const { layouts: own = layoutNames }: Feature = features[feature];
  return own.map((layout) => ({ feature, layout }));
});
/** So that each pair has its turn. */
const perRun = Number(values.per ?? Math.min(300, Math.ceil(statesMax / pairs.length)));

/** Every feature on every layout it is for, then again with the next seed. */
function* cases(): Generator<CrashCase> {
  const firstSeed = Number(values.seed ?? values.first);
  for (let seed = firstSeed; values.seed === undefined || seed === firstSeed; seed++)
    for (const { feature, layout } of pairs) {
      if ((values.feature ?? feature) !== feature || (values.layout ?? layout) !== layout) continue;
      const only = values.only === undefined ? {} : { only: Number(values.only) };
      yield { feature, layout, seed, statesMax: perRun, ...only };
    }
}

const waiting = cases();
let given = 0;
let states = 0;
let imported = 0;
const runs = new Map<string, { runs: number; states: number }>();
const failures: string[] = [];

await workOff<{ readonly crash: CrashCase }>({
  processes: Number(values.processes),
  next: () => {
    if (performance.now() > endMs || failures.length >= failuresMax || given >= statesMax) return undefined;
    const { value } = waiting.next();
    given += perRun;
    return value === undefined ? undefined : { crash: value };
  },
  done: ({ crash: one }, answer) => {
    const { states: count, imported: own } =
      'crashes' in answer ? answer.crashes : { states: 0, imported: 0 };
    given += count - perRun;
    states += count;
    imported += own;
    const sum = runs.get(one.feature) ?? { runs: 0, states: 0 };
    runs.set(one.feature, { runs: sum.runs + 1, states: sum.states + count });
    if (!('failure' in answer)) return;
    const again = `--feature=${one.feature} --layout=${one.layout} --seed=${one.seed} --per=${one.statesMax}`;
    failures.push(again);
    console.log(`FAILED node e2e/engine/crash.ts ${again}\n  ${answer.failure}`);
  },
});

for (const [feature, sum] of runs)
  console.log(`${feature.padEnd(12)} ${sum.runs} runs, ${sum.states} states`);
const ran = [...runs.values()].reduce((sum, each) => sum + each.runs, 0);
// The others differ from one of these in nothing that was read of it (src/testing/engine/same-reads.ts).
console.log(`${imported} of the states were imported, each of those that differ in what an import reads`);
console.log(`${states} states after crashes, seeds from ${values.seed ?? values.first}`);
console.log(`${ran - failures.length} passed, ${failures.length} failed`);
// A slow machine does not make fewer states enough; whoever asks for more than there is time for means a soak.
const isShort =
  values.seed === undefined && statesMax <= 100_000 && states < statesMax && failures.length === 0;
if (isShort) console.log(`only ${states} of ${statesMax} states within ${values.minutes} minutes`);
process.exitCode = failures.length > 0 || states === 0 || isShort ? 1 : 0;
