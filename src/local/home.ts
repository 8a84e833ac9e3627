/**
 * The folder D of a local volume:
 *
 *   state.json          what the volume is and which replicas are its members (written atomically)
 *   lock                held by the command and its children as long as any of them lives
 *   keys/               mode 700: the master key and what follows from it for each process (docs/security.md)
 *   config/             one configuration file per process
 *   pool-1/device-1 …   sparse files
 *   run/                mode 700: sockets; a link to a short folder where D's own path is too long for a socket
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { socketPathBytesMax } from '../shared/edge/endpoint.ts';
import { UsageError } from '../shared/exit-codes.ts';
import { flag, integer, list, object, oneOf, optional, record, text } from '../shared/shape.ts';
import type { Geometry } from './options.ts';

export interface LocalState extends Geometry {
  readonly format: 1;
  readonly volume: string;
  /** Pool → GUID of its replica: who counts. Empty until all of them have been created. */
  readonly members: Readonly<Record<string, string>>;
  /** Of the record that `members` is; absent: 1. */
  readonly version?: number;
  /** They are what was left when a person gave the others up (docs/durability.md). */
  readonly forced?: boolean;
  /** Members after the change that is under way. */
  readonly next?: { readonly version: number; readonly members: Readonly<Record<string, string>> };
  /** Pools that there are; absent: pool-1 to pool-N. */
  readonly pools?: readonly string[];
  /** Volumes that began as a snapshot of this one; absent: none. */
  readonly clones?: readonly CloneState[];
}

export interface CloneState {
  /** Of its target process. */
  readonly name: string;
  readonly volume: string;
  readonly snapshot: string;
  readonly sizeBytes: number;
  readonly members: Readonly<Record<string, string>>;
  /** Its portal; as it was bound at first. */
  readonly listen: string;
}

const stateShape = object({
  format: integer(1, 1),
  volume: text(),
  replicas: integer(1, 5),
  sizeBytes: integer(4096, Number.MAX_SAFE_INTEGER),
  layout: oneOf('stripe', 'mirror'),
  devicesPerPool: integer(1, 8),
  members: record(text()),
  version: optional(integer(1, Number.MAX_SAFE_INTEGER)),
  forced: optional(flag),
  next: optional(object({ version: integer(2, Number.MAX_SAFE_INTEGER), members: record(text()) })),
  pools: optional(list(text('give the name of a pool', /^pool-[1-6]$/))),
  clones: optional(
    list(
      object({
        name: text('give clone-1 to clone-8', /^clone-[1-8]$/),
        volume: text(),
        snapshot: text(),
        sizeBytes: integer(4096, Number.MAX_SAFE_INTEGER),
        members: record(text()),
        listen: text(),
      }),
    ),
  ),
});

export const poolNames = (state: Pick<Geometry, 'replicas'> & Pick<LocalState, 'pools'>): readonly string[] =>
  state.pools ?? Array.from({ length: state.replicas }, (_, i) => `pool-${i + 1}`);

/** A name that no pool of this volume has: one more than members may be, while one of them moves. */
export const freePoolName = (state: LocalState): string =>
  [1, 2, 3, 4, 5, 6].map((n) => `pool-${n}`).find((name) => !poolNames(state).includes(name)) ?? 'pool-6';

/** A new volume gets a name of its own, so that two of them are two disks to one initiator. */
export const newState = (geometry: Geometry): LocalState => ({
  format: 1,
  volume: `local-${randomBytes(4).toString('hex')}`,
  ...geometry,
  members: {},
});

/** Makes the folder if it is not there. Answers its real path. */
export function openFolder(dir: string): string {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return realpathSync(dir);
  } catch (error) {
    throw new UsageError(
      `--dir ${dir} can not be used (${(error as Error).message}): give a folder of yours`,
      {
        cause: error,
      },
    );
  }
}

/** The folder as a command finds it that does not start anything. */
export function existingFolder(dir: string): string {
  try {
    return realpathSync(dir);
  } catch (error) {
    throw new UsageError(`--dir ${dir} is not there: give the folder of a volume`, { cause: error });
  }
}

/** Undefined when nothing was ever made here. Throws UsageError for a folder that is not ours. */
export function readState(home: string): LocalState | undefined {
  let content: string;
  try {
    content = readFileSync(join(home, 'state.json'), 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const other = readdirSync(home).find((name) => name !== 'lock' && !name.startsWith('state.json.'));
    if (other === undefined) return undefined;
    throw new UsageError(`--dir ${home} holds ${other} and no volume: give an empty folder`);
  }
  try {
    const state = stateShape(JSON.parse(content), '');
    return { ...state, format: 1 };
  } catch (error) {
    throw new UsageError(
      `--dir ${home} has a state.json that can not be read (${(error as Error).message}): restore it`,
      {
        cause: error,
      },
    );
  }
}

export function writeState(home: string, state: LocalState): void {
  writeAtomically(join(home, 'state.json'), `${JSON.stringify(state, null, 2)}\n`, 0o600);
}

/** After a crash the file is the old or the new one, whole. */
export function writeAtomically(path: string, content: string, mode: number): void {
  const temporary = `${path}.${process.pid}`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, 'wx', mode);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(join(path, '..'));
}

export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The longest name below run/. */
const socketNameBytesMax = '/clone-1.admin'.length;

/** Makes run/ and answers the folder that sockets are in. The caller holds the lock. */
export function openRunFolder(home: string): string {
  const run = join(home, 'run');
  if (Buffer.byteLength(run) + socketNameBytesMax <= socketPathBytesMax) {
    mkdirSync(run, { recursive: true, mode: 0o700 });
    return run;
  }
  const { dev, ino } = statSync(home);
  const short = join(process.getuid?.() === 0 ? '/run' : '/tmp', `caskade-${dev}-${ino}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const found = lstatSync(short);
  // /tmp belongs to everybody: a folder or link that somebody else put there is not used.
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0)
    throw new UsageError(
      `--dir ${home} is too long for sockets, and ${short} is not a private folder of yours: remove it, or give a shorter --dir`,
    );
  rmSync(run, { force: true });
  symlinkSync(short, run);
  return short;
}

/** After an orderly stop: a folder outside D is not left behind. The caller holds the lock. */
export function closeRunFolder(home: string, run: string): void {
  if (run !== join(home, 'run')) rmSync(run, { recursive: true, force: true });
}

/** Where the sockets of D are, seen from another command. Undefined when it never ran. */
export function findRunFolder(home: string): string | undefined {
  try {
    return realpathSync(join(home, 'run'));
  } catch {
    return undefined;
  }
}
