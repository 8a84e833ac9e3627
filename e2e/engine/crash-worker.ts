/** One process of crash.ts: takes cases from its parent and answers each. */
import { type CrashCase, tryCrashes } from '../../src/testing/engine/crash-case.ts';

export interface CrashAnswer {
  readonly states: number;
  readonly failure?: string;
}

async function answer(one: CrashCase): Promise<CrashAnswer> {
  try {
    return { states: await tryCrashes(one) };
  } catch (error) {
    return { states: 0, failure: error instanceof Error ? error.message : String(error) };
  }
}

// Our own parent's message.
process.on('message', (one) => void answer(one as CrashCase).then((given) => process.send?.(given)));
