/** Runs the machine's own tools: bounded in time and output, without a shell, and never with a secret in argv. */
import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** A tool that takes longer is killed and the call rejects; default 30 s. */
  readonly timeoutMs?: number;
  /** Written to its standard input: the way for secrets. */
  readonly input?: string;
}

/** The tool could not be started, took too long, or said no. `message` names it, its first and its last words. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** Of the system (`ENOENT`), `ETIMEDOUT`, or the exit status. */
  readonly code: string | number;
  readonly stderr: string;
  constructor(argv: readonly string[], code: string | number, stderr: string) {
    // Some say it first and explain themselves after that (mkfs.xfs), most say it last.
    const lines = stderr.trim().split('\n');
    const words = lines.length <= 3 ? lines : [...lines.slice(0, 1), '…', ...lines.slice(-2)];
    super(`${argv.join(' ')}: ${reasonOf(code)}${stderr.trim() === '' ? '' : `: ${words.join(' ')}`}`);
    this.code = code;
    this.stderr = stderr;
  }
}
const reasonOf = (code: string | number) =>
  code === 'ENOENT' ? 'not found' : code === 'ETIMEDOUT' ? 'took too long' : `failed (${code})`;

/** Port: what the node's steps need of the machine. */
export interface Commands {
  /** Resolves with whatever exit status; rejects with CommandError when it did not run or did not end in time. */
  tryRun(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Resolves with stdout; rejects with CommandError unless the status is 0. */
  run(argv: readonly string[], options?: CommandOptions): Promise<string>;
}

const outputBytesMax = 64 * 1024;

function start(
  argv: readonly string[],
  { timeoutMs = 30_000, input }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const [program = '', ...rest] = argv;
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (output[name].length < outputBytesMax) output[name] += text;
      });
    // A process that waits for a dead device can not be killed: the caller is answered all the same.
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      child.unref();
      reject(new CommandError(argv, 'ETIMEDOUT', output.stderr));
    }, timeoutMs);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(new CommandError(argv, error.code ?? 'EIO', ''));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === null) reject(new CommandError(argv, signal ?? 'EIO', output.stderr));
      else resolve({ status: code, ...output });
    });
    // A tool that ends without reading closes the pipe: no error of ours.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Runs tools behind `prefix` (`nsenter … --` for the host's namespaces; empty: here). */
export function commandsBehind(prefix: readonly string[]): Commands {
  return {
    tryRun: (argv, options = {}) => start([...prefix, ...argv], options),
    async run(argv, options = {}) {
      const result = await start([...prefix, ...argv], options);
      if (result.status !== 0) throw new CommandError(argv, result.status, result.stderr || result.stdout);
      return result.stdout;
    },
  };
}

/** Tools of this container, in its own namespaces. */
export const ownCommands: Commands = commandsBehind([]);

/** Tools of the host, in the namespaces of its process `pid` (1 with hostPID). */
export const hostCommands = (pid: number): Commands =>
  commandsBehind(['nsenter', '-t', String(pid), '-m', '-u', '-i', '-n', '-p', '-C', '--']);
