/** A few processes that work on cases, each one at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Answer, Case } from './worker.ts';

/** Two on the machines of CI. */
export const processesUsual = Math.max(2, Math.min(8, availableParallelism()));

/** As many processes as processors: collectors of one's own threads only get in the way. */
const memoryFlags = ['--max-old-space-size=1500', '--max-semi-space-size=64', '--single-threaded-gc'];
/** Large buffers come and go with each state: glibc keeps the memory of those that went for those that come. */
const memory = { MALLOC_MMAP_THRESHOLD_: `${64 * 2 ** 20}`, MALLOC_TRIM_THRESHOLD_: `${512 * 2 ** 20}` };
/**
 * A process is replaced after so many cases: what a pool holds that a case abandoned, its strips say
 * (src/pool-manager/engine/group/arena.ts), ends with its process alone, as in a crash.
 */
const casesPerProcess = 20;

/**
 * Gives each case to a process that is free; `next` answers undefined when there is nothing left. A process that ends
 * in the middle of a case has failed it.
 */
export async function workOff<One extends Case>(options: {
  readonly processes: number;
  readonly next: () => One | undefined;
  readonly done: (one: One, answer: Answer) => void;
}): Promise<void> {
  const { processes, next, done } = options;
  const start = () =>
    fork(join(import.meta.dirname, 'worker.ts'), {
      execArgv: memoryFlags,
      env: { ...process.env, ...memory },
    });
  const worker = async (): Promise<void> => {
    for (let one = next(); one !== undefined;) {
      const child = start();
      for (let cases = 0; one !== undefined && cases < casesPerProcess && isAlive(child); cases++) {
        done(one, (await ask(child, one)) ?? { failure: 'the process ended' });
        one = next();
      }
      await end(child);
    }
  };
  await Promise.all(Array.from({ length: processes }, worker));
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

async function end(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
}

const nothing = (): undefined => undefined;

/** Undefined: the process ended without an answer. */
async function ask(child: ChildProcess, one: Case): Promise<Answer | undefined> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, 'exit', { signal }).then(nothing, nothing);
  // Our own child's message.
  const answered = once(child, 'message', { signal }).then(([answer]) => answer as Answer, nothing);
  child.send(one);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    over.abort();
  }
}
