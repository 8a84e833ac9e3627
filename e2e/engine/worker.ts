/** One process of crash.ts, model.ts and storm.ts: takes cases from its parent and answers each. */
import { type CrashCase, type CrashCounts, tryCrashes } from '../../src/testing/engine/crash-case.ts';
import { type ModelCase, type ModelCounts, runModel } from '../../src/testing/engine/model-run.ts';
import { runStorm, type StormCase, type StormCounts } from '../../src/testing/engine/overwrite-storm.ts';

export type Case =
  | { readonly crash: CrashCase }
  | { readonly model: ModelCase }
  | { readonly storm: StormCase };
export type Answer =
  | { readonly crashes: CrashCounts }
  | { readonly counts: ModelCounts }
  | { readonly storm: StormCounts }
  | { readonly failure: string };

async function answer(one: Case): Promise<Answer> {
  try {
    if ('crash' in one) return { crashes: await tryCrashes(one.crash) };
    if ('storm' in one) return { storm: await runStorm(one.storm) };
    return { counts: await runModel(one.model) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

// Our own parent's message.
process.on('message', (one) => void answer(one as Case).then((given) => process.send?.(given)));
