/** A few processes that work on cases, each one at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Two on the machines of CI. */
export const processesUsual = Math.max(2, Math.min(8, availableParallelism()));

/**
 * Gives each case to a process that is free; `next` answers undefined when there is nothing left. A process that ends
 * in the middle of a case has failed it: `done` gets a message then.
 */
export async function workOff<Case extends object, Answer>(options: {
  readonly script: string;
  readonly processes: number;
  readonly next: () => Case | undefined;
  readonly done: (one: Case, answer: Answer | string) => void;
}): Promise<void> {
  const { script, processes, next, done } = options;
  const start = () => fork(join(import.meta.dirname, script), { execArgv: ['--max-old-space-size=1500'] });
  const worker = async (): Promise<void> => {
    let child = start();
    for (let one = next(); one !== undefined; one = next()) {
      // Our own child answers with what the case asks for.
      const answer = (await ask(child, one)) as Answer | undefined;
      if (answer === undefined) child = start();
      done(one, answer ?? 'the process ended');
    }
    child.disconnect();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  await Promise.all(Array.from({ length: processes }, worker));
}

/** Undefined: the process ended without an answer. */
async function ask(child: ChildProcess, one: object): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, 'exit', { signal }).then(
    () => undefined,
    () => undefined,
  );
  const answered = once(child, 'message', { signal }).then(
    ([answer]) => answer as unknown,
    () => undefined,
  );
  child.send(one);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    over.abort();
  }
}
