/** One suite at a time as a process: to its end, to its limit, or until this process is told to end. */
import { type ChildProcess, spawn } from 'node:child_process';

/** A suite that was told to end cleans up after itself; what is left of it then is killed. */
const cleanUpMsMax = 120_000;

let running: ChildProcess | undefined;
let stoppedBy: NodeJS.Signals | undefined;

/** The signal that has ended this run before its end; undefined: none. */
export const endedBy = (): NodeJS.Signals | undefined => stoppedBy;

/** From now on SIGINT and SIGTERM end the suite under way in order, and no other one begins. */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stoppedBy === undefined) console.error(`\n${signal}: the suite under way is ended`);
      stoppedBy = signal;
      if (running !== undefined) end(running);
    });
}

/** It alone is told: what it has started it ends itself, and needs some of it for that. */
function end(child: ChildProcess): void {
  child.kill('SIGTERM');
  const limit = setTimeout(() => killGroup(child, 'SIGKILL'), cleanUpMsMax);
  child.once('close', () => clearTimeout(limit));
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, signal);
}

/** Passes the output through as it comes, and answers it with the exit status. */
export function runSuite(
  command: string,
  args: readonly string[],
  { cwd, minutesMax }: { readonly cwd: string; readonly minutesMax: number },
): Promise<{ readonly status: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    if (stoppedBy !== undefined) return resolve({ status: 1, output: '' });
    // A group of its own, so that what outlives its limit is stopped with its children.
    const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running = child;
    let output = '';
    const limit = setTimeout(() => {
      output += `\nstopped after ${minutesMax} minutes\n`;
      killGroup(child, 'SIGTERM');
    }, minutesMax * 60_000);
    child.stdout.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-1_000_000);
      process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => void process.stderr.write(chunk));
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(limit);
      running = undefined;
      resolve({ status: status ?? 1, output });
    });
  });
}
