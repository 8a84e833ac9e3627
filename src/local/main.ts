/** `caskade local`: a replicated volume from files of this machine, and the commands that speak to it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { lockFile } from '../shared/edge/file-lock.ts';
import { requirePrivate } from '../shared/edge/config-file.ts';
import {
  helpOf,
  parseFlags,
  type Command,
  type Flags,
  type FlagValues,
  type Parsed,
} from '../shared/edge/flags.ts';
import { openLog } from '../shared/edge/logger.ts';
import { stopRequested } from '../shared/edge/shutdown.ts';
import { exitCode, UsageError } from '../shared/exit-codes.ts';
import { ChapFileError, parseChapFile } from '../target/iscsi/chap-file.ts';
import {
  changeReplicas,
  changeSnapshot,
  clone,
  forceMembers,
  readReplica,
  removeClone,
  restart,
  revert,
  scrub,
  snapshots,
  status,
  verify,
} from './commands.ts';
import { isRunning, membersChanges, serveControl, type Request } from './control.ts';
import {
  closeRunFolder,
  findRunFolder,
  newState,
  openFolder,
  openRunFolder,
  readState,
  writeState,
  type LocalState,
} from './home.ts';
import { writeKeys } from './keys.ts';
import {
  forceCommand,
  localLimits,
  newGeometry,
  parseQuorumWait,
  readReplicaCommand,
  replicaCommands,
  requireFree,
  requireSame,
  restartCommand,
  scrubCommand,
  snapshotCommands,
  startCommand,
  statusCommand,
  verifyCommand,
} from './options.ts';
import { adminSocket, targetIqn, type Places } from './processes.ts';
import { Supervisor } from './supervisor.ts';

/** Each prints what its command answers; nothing after `--help`. */
const subcommands: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  async restart(argv) {
    const parsed = parse(restartCommand, argv);
    if (parsed !== undefined) console.log(await restart(parsed.flags.dir, parsed.operands[0] ?? ''));
  },
  async replica(argv) {
    const [verb = '', ...rest] = argv;
    if (verb === 'force') return await force(rest);
    const change = membersChanges.find((one) => one === verb);
    if (change === undefined)
      throw new UsageError(`replica ${verb} is unknown: give one of ${membersChanges.join(', ')}, force`);
    const parsed = parse<{ dir: typeof replicaCommands.add.flags.dir }>(replicaCommands[change], rest);
    if (parsed !== undefined)
      console.log(await changeReplicas(parsed.flags.dir, change, parsed.operands[0] ?? ''));
  },
  async snapshot(argv) {
    const [verb = '', ...rest] = argv;
    const text = await snapshotCommand(verb, rest);
    if (text !== undefined) console.log(text);
  },
  async status(argv) {
    const parsed = parse(statusCommand, argv);
    if (parsed !== undefined) console.log(await status(parsed.flags.dir, parsed.flags.json));
  },
  async verify(argv) {
    const parsed = parse(verifyCommand, argv);
    if (parsed === undefined) return;
    const { equal, text } = await verify(parsed.flags.dir, parsed.flags.snapshot, parsed.flags.json);
    console.log(text);
    if (!equal) process.exitCode = exitCode.failure;
  },
  async scrub(argv) {
    const parsed = parse(scrubCommand, argv);
    if (parsed === undefined) return;
    const { equal, text } = await scrub(parsed.flags.dir, parsed.flags.json);
    console.log(text);
    if (!equal) process.exitCode = exitCode.failure;
  },
  async 'read-replica'(argv) {
    const parsed = parse(readReplicaCommand, argv);
    if (parsed !== undefined) {
      const { dir, snapshot, out } = parsed.flags;
      console.log(await readReplica(dir, parsed.operands[0] ?? '', snapshot, out));
    }
  },
};

export async function run(argv: readonly string[]): Promise<void> {
  const [name = '', ...rest] = argv;
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (subcommand !== undefined) await subcommand(rest);
  else await start(argv);
}

/** What to print; undefined after the help that was asked for. */
async function snapshotCommand(verb: string, argv: readonly string[]): Promise<string | undefined> {
  switch (verb) {
    case 'create':
    case 'delete': {
      const parsed = parse<{ dir: typeof snapshotCommands.create.flags.dir }>(snapshotCommands[verb], argv);
      return parsed && (await changeSnapshot(parsed.flags.dir, verb, parsed.operands[0] ?? ''));
    }
    case 'list': {
      const parsed = parse(snapshotCommands.list, argv);
      return parsed && (await snapshots(parsed.flags.dir, parsed.flags.json));
    }
    case 'revert': {
      const parsed = parse(snapshotCommands.revert, argv);
      return (
        parsed && (await revert(parsed.flags.dir, parsed.operands[0] ?? '', parsed.flags['remove-newer']))
      );
    }
    case 'clone': {
      const parsed = parse(snapshotCommands.clone, argv);
      return parsed && (await clone(parsed.flags.dir, parsed.operands[0] ?? '', parsed.flags.listen));
    }
    case 'remove-clone': {
      const parsed = parse(snapshotCommands['remove-clone'], argv);
      return parsed && (await removeClone(parsed.flags.dir, parsed.operands[0] ?? ''));
    }
    default:
      throw new UsageError(
        `snapshot ${verb} is unknown: give one of ${Object.keys(snapshotCommands).join(', ')}`,
      );
  }
}

async function force(argv: readonly string[]): Promise<void> {
  const parsed = parse(forceCommand, argv);
  if (parsed === undefined) return;
  const { dir, survivors, volume = '', loss = '' } = parsed.flags;
  console.log(await forceMembers(dir, { volume, survivors: survivors.split(','), loss }));
}

/** The arguments, or undefined after the help that was asked for. */
function parse<const F extends Flags>(command: Command<F>, argv: readonly string[]): Parsed<F> | undefined {
  const parsed = parseFlags(command, argv);
  if (parsed === undefined) console.log(helpOf(command));
  return parsed;
}

async function start(argv: readonly string[]): Promise<void> {
  const parsed = parse(startCommand, argv);
  if (parsed === undefined) return;
  const { flags } = parsed;
  const choices = {
    tls: flags.tls,
    chapFile: flags['chap-file'] === undefined ? undefined : checkChapFile(flags['chap-file']),
    quorumWaitSeconds: parseQuorumWait(flags['quorum-wait']),
  };
  const home = openFolder(flags.dir);
  const lock = await takeLock(flags.dir, home);
  const state = await claim(flags, home);
  const places: Places = { home, run: openRunFolder(home) };
  writeKeys(home, state);

  const log = openLog({ role: 'local', volume: state.volume });
  const stop = stopRequested(log, localLimits.stopMs * 3);
  const supervisor = new Supervisor({ places, state, listen: flags.listen, choices, lock, log });
  const control = await serveControl(places.run, (request) => answer(supervisor, request), log);
  const end = async () => {
    control.close();
    const inOrder = await supervisor.stop();
    closeRunFolder(places.home, places.run);
    return inOrder;
  };
  let portal: string | undefined;
  try {
    portal = await Promise.race([supervisor.start(), stop.then(() => undefined)]);
  } catch (error) {
    await end();
    throw error;
  }
  if (portal !== undefined) {
    const admin = supervisor.names.map((name) => [name, adminSocket(places, name)]);
    const line = {
      portal,
      iqn: targetIqn(state.volume),
      lun: 0,
      pids: supervisor.pids,
      admin: Object.fromEntries(admin) as Record<string, string>,
    };
    console.log(JSON.stringify(line));
    await stop;
  }
  const inOrder = await end();
  if (!inOrder) log.error('not every process ended in order: see its log above');
  // Not by itself: connections of other commands may still be open.
  process.exit(inOrder ? 0 : 1);
}

/** What D holds; a new D becomes what the flags say. The last check before anything is written. */
async function claim(flags: FlagValues<typeof startCommand.flags>, home: string): Promise<LocalState> {
  const there = readState(home);
  if (there !== undefined) requireSame(flags, flags.dir, there);
  const state = there ?? newState(newGeometry(flags));
  await requireFree(flags.listen);
  if (there === undefined) writeState(home, state);
  return state;
}

/** The descriptor that holds D's lock. Children of a command that was killed keep it for two seconds at most. */
async function takeLock(dir: string, home: string): Promise<number> {
  const path = resolve(home, 'lock');
  for (const waitUntil = performance.now() + localLimits.orphansMs; ;) {
    const lock = lockFile(path);
    if (lock !== undefined) return lock;
    if (performance.now() > waitUntil || (await isRunning(findRunFolder(home))))
      throw new UsageError(
        `--dir ${dir} is in use by a running caskade local: stop that, or give another folder`,
      );
    await new Promise((next) => setTimeout(next, 50));
  }
}

function checkChapFile(file: string): string {
  requirePrivate('--chap-file', file);
  try {
    parseChapFile(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ChapFileError)
      throw new UsageError(`--chap-file ${file}: ${error.message}`, { cause: error });
    throw error;
  }
  return resolve(file);
}

async function answer(supervisor: Supervisor, request: Request): Promise<unknown> {
  switch (request.do) {
    case 'who':
      return { pid: process.pid };
    case 'status':
      return await supervisor.status();
    case 'members':
      return await supervisor.members.begin(request.change, request.name);
    case 'change':
      return supervisor.members.seen();
    case 'scrub':
      return await supervisor.scrub();
    case 'scrubbed':
      return supervisor.scrubbed();
    case 'clone':
      return await supervisor.clones.make(request.snapshot, request.listen);
    case 'removeClone':
      return await supervisor.clones.remove(request.name);
    case 'force':
      return supervisor.members.force(request);
    case 'restart':
      return { name: request.name, pid: await supervisor.restart(request.name) };
  }
}
