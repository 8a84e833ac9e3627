/** `caskade local` as a test sees it: the command line, its first line, its pids. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProtoGrpcType as TargetProto } from '../../src/api/proto/target.ts';
import type { LocalStatus } from '../../src/local/status.ts';
import type { Comparison } from '../../src/local/replicas.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { attempt, run, type Result } from '../shell.ts';
import { until } from '../until.ts';

/** The command under test: bin/caskade, or what $CASKADE says (`node src/main.ts` needs no build). */
export const caskade: readonly string[] = process.env['CASKADE']?.split(' ') ?? [
  join(import.meta.dirname, '../../bin/caskade'),
];

export interface FirstLine {
  readonly portal: string;
  readonly iqn: string;
  readonly lun: number;
  readonly pids: { readonly target: number; readonly pools: Readonly<Record<string, number>> };
  readonly admin: Readonly<Record<string, string>>;
}

/** A process of ours that prints one line when it serves. */
export class Served<Line> {
  readonly line: Line;
  readonly process: ChildProcess;
  /** Everything it printed after the first line. */
  readonly later: readonly string[];
  readonly ended: Promise<number | string>;
  readonly logFile: string;

  constructor(of: {
    line: Line;
    process: ChildProcess;
    later: string[];
    ended: Promise<number | string>;
    logFile: string;
  }) {
    this.line = of.line;
    this.process = of.process;
    this.later = of.later;
    this.ended = of.ended;
    this.logFile = of.logFile;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** SIGTERM; answers the exit status, or the signal that ended it. */
  async stop(): Promise<number | string> {
    this.process.kill('SIGTERM');
    return await this.ended;
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}

const running = new Set<ChildProcess>();

/** Ends what a failed check left behind. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running].map(
      (child) =>
        new Promise<void>((resolve) => {
          child.once('close', () => resolve());
          child.kill('SIGKILL');
        }),
    ),
  );
}

/** Starts `caskade ARGV` and waits for its line. Its errors go to a file that is shown when it ends without one. */
export async function serve<Line>(
  argv: readonly string[],
  logFile: string,
  timeoutMs = 60_000,
  env: NodeJS.ProcessEnv = {},
): Promise<Served<Line>> {
  const [file = '', ...args] = [...caskade, ...argv];
  const log = openSync(logFile, 'a');
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', log], env: { ...process.env, ...env } });
  assert.ok(child.stdout !== null);
  closeSync(log);
  running.add(child);
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (status, signal) => {
      running.delete(child);
      resolve(signal ?? status ?? -1);
    });
  });
  const lines: string[] = [];
  const first = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    first.resolve(line);
    lines.push(line);
  });
  const timer = setTimeout(
    () =>
      first.reject(new Error(`${argv.join(' ')}: no line within ${timeoutMs / 1000} s\n${tail(logFile)}`)),
    timeoutMs,
  );
  ended.then(
    (how) => first.reject(new Error(`${argv.join(' ')} ended (${how}) before it served\n${tail(logFile)}`)),
    () => undefined,
  );
  try {
    const line = JSON.parse(await first.promise) as Line;
    return new Served({ line, process: child, later: lines, ended, logFile });
  } finally {
    clearTimeout(timer);
  }
}

const tail = (file: string) => readFileSync(file, 'utf8').split('\n').slice(-15).join('\n');

/** A folder that is gone after the check, with everything that was started in it. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'caskade-e2e-'));
  try {
    await work(folder);
  } catch (error) {
    const kept = join(tmpdir(), `caskade-e2e-failed-${process.pid}.log`);
    if (existsSync(join(folder, 'log'))) copyFileSync(join(folder, 'log'), kept);
    throw new Error(`${String(error)} (log: ${kept})`, { cause: error });
  } finally {
    await endAll();
    rmSync(folder, { recursive: true });
  }
}

export interface VolumeOptions {
  readonly replicas?: number;
  readonly size?: string;
  readonly listen?: string;
  readonly more?: readonly string[];
}

/** The command line that serves a volume in `dir`. */
export const startArgv = (
  dir: string,
  { replicas = 3, size = '64M', listen = '127.0.0.1:0', more = [] }: VolumeOptions = {},
) => ['local', '--dir', dir, '--replicas', String(replicas), '--size', size, '--listen', listen, ...more];

/** A served volume in `folder`/d. */
export const startLocal = (folder: string, options: VolumeOptions = {}): Promise<Served<FirstLine>> =>
  serve<FirstLine>(startArgv(join(folder, 'd'), options), join(folder, 'log'));

export const command = (...argv: readonly string[]): Promise<Result> => attempt([...caskade, ...argv]);

export async function statusOf(dir: string): Promise<LocalStatus> {
  return JSON.parse(await run([...caskade, 'local', 'status', '--dir', dir, '--json'])) as LocalStatus;
}

export async function restart(dir: string, name: string): Promise<number> {
  const { pid } = JSON.parse(await run([...caskade, 'local', 'restart', '--dir', dir, name])) as {
    pid: number;
  };
  return pid;
}

export const healthy = (dir: string, timeoutMs = 60_000): Promise<LocalStatus> =>
  until(
    `${dir} healthy`,
    timeoutMs,
    async () => {
      const status = await statusOf(dir);
      const good = status.state === 'Healthy' && status.replicas.every(({ state }) => state === 'Healthy');
      return good ? status : JSON.stringify(status);
    },
    200,
  );

/** All replicas hold the same bytes; the digest. */
export async function identical(dir: string): Promise<string> {
  const { stdout } = await command('local', 'verify', '--dir', dir, '--json');
  const comparison = JSON.parse(stdout) as Comparison;
  assert.ok(comparison.equal, `replicas differ: ${stdout}`);
  return comparison.replicas[0]?.sha256 ?? '';
}

export function isAlive(pid: number): boolean {
  try {
    // A zombie is no process any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export const gone = (pids: readonly number[], timeoutMs: number): Promise<object> =>
  until(
    'processes gone',
    timeoutMs,
    () => Promise.resolve(pids.some(isAlive) ? `${pids.filter(isAlive).join(', ')} live` : {}),
    50,
  );

/** The bearer token of a process of the volume in `dir`. */
export const token = (dir: string, name: string) =>
  readFileSync(join(dir, 'keys', `${name}.token`), 'utf8').trim();

/** Admin calls to the target of a served volume. */
export function targetClient(dir: string, { admin }: FirstLine) {
  const { service } = loadProto<TargetProto>('target.proto').caskade.target.v1.Target;
  return openClient(service, `unix:${admin['target'] ?? ''}`, { token: token(dir, 'target') });
}
