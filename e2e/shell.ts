/** Running programs from the suites and the demo: output captured, a deadline on each, failures that say what was run. */
import { spawn } from 'node:child_process';

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly input?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  /** After this the program is killed and counts as failed (default one minute). */
  readonly timeoutMs?: number | undefined;
  /** Its error output (and its output, with `all`) goes to ours as it comes. */
  readonly show?: 'errors' | 'all' | undefined;
}

/** A program that did not do what it was asked. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly result: Result;
  constructor(command: readonly string[], result: Result) {
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-6).join('\n');
    super(`${command.join(' ').slice(0, 300)}: exit status ${result.status}\n${said}`);
    this.result = result;
  }
}

/** Runs to the end and answers whatever its exit status was. */
export function attempt(command: readonly string[], options: Options = {}): Promise<Result> {
  const [file = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => {
      out.push(chunk);
      if (options.show === 'all') process.stdout.write(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors.push(chunk);
      if (options.show !== undefined) process.stderr.write(chunk);
    });
    child.once('error', reject);
    child.once('close', (status, signal) => {
      const stderr = Buffer.concat(errors).toString() + (signal === null ? '' : `\nended by ${signal}`);
      resolve({ status: status ?? 1, stdout: Buffer.concat(out).toString(), stderr });
    });
    if (options.input !== undefined && child.stdin !== null) {
      // A program that ends before it has read everything says so by its status.
      child.stdin.on('error', () => undefined);
      child.stdin.end(options.input);
    }
  });
}

/** Runs to the end and answers its output; throws CommandError unless its exit status is 0. */
export async function run(command: readonly string[], options: Options = {}): Promise<string> {
  const result = await attempt(command, options);
  if (result.status !== 0) throw new CommandError(command, result);
  return result.stdout;
}
