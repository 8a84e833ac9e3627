// The simulator of replication (docs/replication.md): many seeds on all processors, one seed with its trace, or on and on.
//   node tools/sim.ts --seeds=N [--first=K] [--stop-at-first] [--naive] [--rewinds]     last line: `N seeds, V violations, T s`
//   node tools/sim.ts --seed=K [--keep=1,4-6]                      what happens, line by line
//   node tools/sim.ts --soak [--first=K]                           from seed K until interrupted
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { planOf } from '../src/testing/replication/sim-plan.ts';
import { Reach, reachPoints } from '../src/testing/replication/sim-reach.ts';
import { failRun, run } from '../src/testing/replication/sim-run.ts';
import { runSeeds, type SeedFailure } from '../src/testing/replication/sim-seeds.ts';
import { keepOf, keepText, planOfKept, shrink } from '../src/testing/replication/sim-shrink.ts';

interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly stopAtFirst: boolean;
  readonly naive: boolean;
  readonly rewinds: boolean;
}

interface ChunkDone {
  readonly seeds: number;
  readonly virtualMs: number;
  readonly failures: readonly SeedFailure[];
  readonly reach: ReadonlyMap<string, number>;
}

const chunkSeeds = 20;
const shrinkTriesMax = 400;
/** More failing seeds than that say nothing new. */
const shrunkMax = 3;
const soakSayMs = 60_000;

async function work({ first, count, ...how }: Chunk): Promise<ChunkDone> {
  const seeds = Array.from({ length: count }, (_, i) => first + i);
  const { reach, ...done } = await runSeeds(seeds, how);
  return { seeds: done.seeds, virtualMs: done.virtualMs, failures: done.failures, reach: reach.counts };
}

/** Hands out chunks of seeds until `count` are done, a failure ends it, or `stopped`. */
async function runMany(
  first: number,
  count: number,
  how: Omit<Chunk, 'first' | 'count'>,
  stopped: () => boolean,
  say: (total: Totals) => void,
): Promise<Totals> {
  const { rewinds } = how;
  const total: Totals = { seeds: 0, virtualMs: 0, failures: [], reach: new Reach(), rewinds };
  let next = first;
  const worker = async (): Promise<void> => {
    const thread = new Worker(new URL(import.meta.url));
    try {
      while (next < first + count && !stopped() && !(how.stopAtFirst && total.failures.length > 0)) {
        const chunk = { first: next, count: Math.min(chunkSeeds, first + count - next), ...how };
        next += chunk.count;
        const { promise, resolve, reject } = Promise.withResolvers<ChunkDone>();
        thread.once('message', resolve).once('error', reject);
        thread.postMessage(chunk);
        const done = await promise;
        thread.off('error', reject);
        total.seeds += done.seeds;
        total.virtualMs += done.virtualMs;
        total.failures.push(...done.failures);
        total.reach.add(done.reach);
        say(total);
      }
    } finally {
      await thread.terminate();
    }
  };
  const threads = Math.min(availableParallelism(), Math.ceil(count / chunkSeeds));
  await Promise.all(Array.from({ length: threads }, worker));
  return total;
}

interface Totals {
  seeds: number;
  virtualMs: number;
  readonly failures: SeedFailure[];
  readonly reach: Reach;
  readonly rewinds: boolean;
}

/** `wanted`: how many seeds there should be; of a soak and of a run that ends at its first failure none. */
async function report(total: Totals, startMs: number, shrinks: boolean, wanted: number): Promise<void> {
  const width = Math.max(...reachPoints.map((point) => point.length));
  for (const point of reachPoints)
    console.log(`${point.padEnd(width)}  ${total.reach.counts.get(point) ?? 0}`);
  const { never } = total.reach;
  if (never.length > 0) console.log(`never reached: ${never.join(', ')}`);
  const failures = total.failures.toSorted((a, b) => a.seed - b.seed);
  const more = total.rewinds ? ' REWINDS=1' : '';
  for (const { seed, message } of failures) console.log(`make sim SEED=${seed}${more}    # ${message}`);
  for (const failure of shrinks ? failures.slice(0, shrunkMax) : []) await tellShrunk(failure, total.rewinds);
  const seconds = (performance.now() - startMs) / 1_000;
  const speed = Math.round(total.virtualMs / 1_000 / seconds);
  console.log(
    `${Math.round(total.virtualMs / 1_000)} s of simulated time, ${speed} times faster than real time`,
  );
  console.log(`${total.seeds} seeds, ${failures.length} violations, ${seconds.toFixed(1)} s`);
  if (total.seeds < wanted) console.log(`interrupted: ${wanted} seeds were asked for`);
  process.exitCode = failures.length > 0 || total.seeds === 0 || total.seeds < wanted ? 1 : 0;
}

async function tellShrunk({ seed, message }: SeedFailure, rewinds: boolean): Promise<void> {
  const plan = planOf(seed, rewinds);
  const fails = async (shorter: typeof plan): Promise<string | undefined> => {
    try {
      await run(shorter);
      return undefined;
    } catch (error) {
      return String(error);
    }
  };
  const shrunk = await shrink(plan, message, fails, shrinkTriesMax);
  const more = rewinds ? ' REWINDS=1' : '';
  console.log(`make sim SEED=${seed}${more} KEEP=${keepText(shrunk.keep)}    # ${shrunk.message}`);
  for (const { atMs, act } of planOfKept(plan, shrunk.keep).events) {
    console.log(`  ${String(atMs).padStart(6)} ms  ${JSON.stringify(act)}`);
  }
}

async function replay(seed: number, keep: string | undefined, rewinds: boolean): Promise<void> {
  const plan = planOf(seed, rewinds);
  const shown = keep === undefined ? plan : planOfKept(plan, keepOf(keep));
  const { replicas, blocks, faultsMs, wildClocks, layout, scsi } = shown;
  console.log(`seed ${seed}: ${JSON.stringify({ replicas, blocks, faultsMs, wildClocks, layout, scsi })}`);
  let violations = 0;
  try {
    await run(shown, (line) => console.log(line));
  } catch (error) {
    violations = 1;
    console.log(error instanceof Error ? error.stack : error);
  }
  console.log(`1 seeds, ${violations} violations`);
  process.exitCode = violations;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      first: { type: 'string', default: '1' },
      seed: { type: 'string' },
      keep: { type: 'string' },
      soak: { type: 'boolean', default: false },
      'stop-at-first': { type: 'boolean', default: false },
      naive: { type: 'boolean', default: false },
      rewinds: { type: 'boolean', default: false },
    },
  });
  if (values.seed !== undefined) return replay(Number(values.seed), values.keep, values.rewinds);
  const startMs = performance.now();
  let stopped = false;
  process.once('SIGINT', () => (stopped = true)).once('SIGTERM', () => (stopped = true));
  let saidMs = startMs;
  let told = 0;
  const say = ({ seeds, failures }: Totals) => {
    if (!values.soak) return;
    for (; told < failures.length; told++)
      console.log(`make sim SEED=${failures[told]?.seed}    # ${failures[told]?.message}`);
    if (performance.now() - saidMs < soakSayMs) return;
    saidMs = performance.now();
    console.log(`${seeds} seeds, ${failures.length} violations so far`);
  };
  const count = values.soak ? Number.MAX_SAFE_INTEGER / 2 : Number(values.seeds);
  const { naive, rewinds } = values;
  const how = { stopAtFirst: values['stop-at-first'], naive, rewinds };
  const total = await runMany(Number(values.first), count, how, () => stopped, say);
  const partial = values.soak || values['stop-at-first'];
  await report(total, startMs, !values['stop-at-first'], partial ? 0 : count);
}

const answer = async (chunk: Chunk): Promise<void> => parentPort?.postMessage(await work(chunk));

process.on('unhandledRejection', failRun);
if (isMainThread) await main();
else parentPort?.on('message', (chunk: Chunk) => void answer(chunk));
