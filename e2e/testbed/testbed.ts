/** The commands of the test bed for programs; README.md beside it says what they do. */
import { join } from 'node:path';
import { attempt, CommandError, run } from '../shell.ts';

const here = import.meta.dirname;
const home = process.env['HOME'] ?? '/root';
export const directory = process.env['TESTBED_DIR'] ?? '/var/tmp/caskade-testbed';
export const programs = process.env['TESTBED_BIN'] ?? join(home, '.cache/caskade-testbed/bin');
export const kubeconfig = join(directory, 'admin.kubeconfig');

/** This machine can not run a bed, or another bed holds it; the message says why. */
export class NoTestbed extends Error {
  override readonly name = 'NoTestbed';
  readonly cannot: boolean;
  constructor(message: string, cannot: boolean) {
    super(message);
    this.cannot = cannot;
  }
}

/** Is a bed of ours running? The line says whose it is. */
export interface Status {
  readonly running: boolean;
  readonly line: string;
}

async function status(): Promise<Status> {
  const { status: code, stdout } = await attempt([join(here, 'status')]);
  return { running: code === 0, line: stdout.trim() };
}

/**
 * Starts the bed, or reuses ours that runs; `told` hears first which of both. Builds what is missing, which takes ten minutes
 * the first time. A bed that does not come up is taken down again; one that ran before is left as it is. Answers what was there.
 */
export async function up(
  nodes: number,
  purpose: string,
  told: (before: Status) => void = () => undefined,
): Promise<Status> {
  const before = await status();
  told(before);
  const env = { ...process.env, TESTBED_PURPOSE: purpose };
  const command = [join(here, 'up'), String(nodes)];
  const result = await attempt(command, { env, timeoutMs: 30 * 60_000, show: 'errors' });
  if (result.status === 77 || result.status === 3)
    throw new NoTestbed(result.stderr.trim().split('\n').at(-1) ?? '', result.status === 77);
  if (result.status === 0) return before;
  if (!before.running) await down();
  throw new CommandError(command, result);
}

export const down = (): Promise<string> => run([join(here, 'down')], { timeoutMs: 120_000, show: 'errors' });

export type NodeVerb = 'kill' | 'start' | 'cut' | 'heal';

/** Power and network of a node, whose number is the N of `nodeN`. */
export const node = (verb: NodeVerb, number: number): Promise<string> =>
  run([join(here, 'node'), verb, String(number)], { timeoutMs: 120_000 });

/** Runs a command in the namespaces of a node. */
export const onNode = (number: number, ...command: readonly string[]): Promise<string> =>
  run([join(here, 'node'), 'exec', String(number), ...command]);

/** Adds disk K to a node unless it is there, and answers its device. */
export const addDisk = async (number: number, disk: number, size: string): Promise<string> =>
  (await run([join(here, 'node'), 'disk', String(number), 'add', String(disk), size])).trim();

/** I/O errors of disk K of a node, and their end. */
export const diskFault = (verb: 'fail' | 'heal', number: number, disk: number): Promise<string> =>
  run([join(here, 'node'), 'disk', String(number), verb, String(disk)]);
export const loadImage = (archive: string): Promise<string> =>
  run([join(here, 'image'), '--load', archive], { timeoutMs: 120_000 });

export const controlPlane = (verb: 'kill-apiserver' | 'start-apiserver'): Promise<string> =>
  run([join(here, 'control-plane'), verb], { timeoutMs: 120_000 });

/** The number of a node by its name. */
export const numberOf = (name: string): number => Number(name.replace(/^node/, ''));
