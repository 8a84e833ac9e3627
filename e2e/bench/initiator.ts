/** Load on iSCSI units by tools/bench/initiator.c, which is compiled when it is needed (gcc). */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../shell.ts';

const top = join(import.meta.dirname, '../..');
const folder = join(top, 'build/bench');

export interface Load {
  /** write-flush: SYNCHRONIZE CACHE after each write, timed together. idle: logged in, nothing more. */
  readonly operation: 'read' | 'write' | 'write-fua' | 'write-flush' | 'idle';
  readonly bytes: number;
  /** Of each session. */
  readonly depth: number;
  readonly seconds: number;
  /** Before what counts. */
  readonly warmSeconds?: number;
  /** On each unit (1). */
  readonly sessions?: number;
  /** Of the unit that is used, from its start (64). */
  readonly spanMiB?: number;
  /** Operations per second and session at most. */
  readonly rate?: number;
  readonly sequential?: boolean;
  /** Sequential, and only every so-manieth place. */
  readonly stride?: number;
  /** So many operations of each session, however long they take; instead of `seconds`. */
  readonly count?: number;
  readonly digests?: boolean;
}

/** Latencies are in microseconds. */
export interface Loaded {
  readonly seconds: number;
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly sessions: readonly {
    readonly operations: number;
    readonly p50Us: number;
    readonly p99Us: number;
  }[];
  /** Processor time of all threads of each process asked about: in all, and per operation. */
  readonly processorNs: readonly number[];
  readonly cpuUs: readonly number[];
}

const isOlder = (file: string, than: string): boolean =>
  (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < statSync(than).mtimeMs;

/** The program tools/bench/NAME.c, compiled. */
export async function compiled(name: 'initiator' | 'delay'): Promise<string> {
  const [source, program] = [join(top, 'tools/bench', `${name}.c`), join(folder, name)];
  if (isOlder(program, source)) {
    mkdirSync(folder, { recursive: true });
    await run(['gcc', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source]);
  }
  return program;
}

/** `pids`: whose processor time is told. Throws CommandError when anything is not answered as it should be. */
export async function load(
  urls: readonly string[],
  { operation, bytes, depth, seconds, ...more }: Load,
  pids: readonly number[] = [],
): Promise<Loaded> {
  const { warmSeconds = 0.2, sessions = 1, spanMiB = 64, rate = 0 } = more;
  const { stride, count, sequential, digests } = more;
  const options = Object.entries({
    operation,
    bytes,
    depth,
    seconds,
    warm: warmSeconds,
    sessions,
    span: spanMiB,
    rate,
  });
  const command = [
    await compiled('initiator'),
    ...options.map(([name, value]) => `--${name}=${value}`),
    ...(sequential === true ? ['--sequential'] : []),
    ...(stride === undefined ? [] : [`--stride=${stride}`]),
    ...(count === undefined ? [] : [`--count=${count}`]),
    ...(digests === true ? ['--digests'] : []),
    ...pids.map((pid) => `--pid=${pid}`),
  ];
  const timeoutMs = Math.ceil((count === undefined ? seconds + warmSeconds + 90 : 600) * 1_000);
  const text = await run([...command, ...urls], { timeoutMs });
  const told = JSON.parse(text) as Omit<Loaded, 'perSecond' | 'cpuUs'>;
  const cpuUs = told.processorNs.map((ns) => ns / 1_000 / told.operations);
  return { ...told, perSecond: told.operations / told.seconds, cpuUs };
}
