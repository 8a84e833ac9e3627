/** Commands that speak to the one that runs in D, or to its processes. Each answers what to print. */
import type { VolumeScrubRead } from '../api/proto/caskade/target/v1/VolumeScrub.ts';
import type { ForcedWish } from '../replication/forced-change.ts';
import { CommandError, UsageError } from '../shared/exit-codes.ts';
import { askControl, isRunning, type MembersChange } from './control.ts';
import type { ChangeSeen } from './members.ts';
import { existingFolder, findRunFolder, poolNames, readState, type LocalState } from './home.ts';
import { localLimits, requireFree } from './options.ts';
import type { Places } from './processes.ts';
import { comparisonTable, compareReplicas, saveReplica } from './replicas.ts';
import { createSnapshot, deleteSnapshot, listSnapshots, revertTo } from './snapshots.ts';
import { statusTable, type LocalStatus } from './status.ts';

export async function restart(dir: string, name: string): Promise<string> {
  const { stopMs, startMs } = localLimits;
  const run = await runningIn(dir);
  return JSON.stringify(await askControl(run, { do: 'restart', name }, stopMs + startMs + 5_000));
}

/** Answers when the change is made; ended before, the change goes on all the same. */
export async function changeReplicas(dir: string, change: MembersChange, name: string): Promise<string> {
  const { startMs, askMs, changeLookMs } = localLimits;
  const run = await runningIn(dir);
  await askControl(run, { do: 'members', change, name }, startMs * 2 + 5_000);
  for (;;) {
    const seen = (await askControl(run, { do: 'change' }, askMs + 5_000)) as ChangeSeen;
    if (seen.failed !== undefined) throw new CommandError(seen.failed);
    if (seen.done) return JSON.stringify({ replicas: seen.replicas });
    await new Promise((next) => setTimeout(next, changeLookMs));
  }
}

/** What was said to be lost is given up; the volume serves when this answers, or soon. */
export async function forceMembers(dir: string, wish: ForcedWish): Promise<string> {
  const { startMs, stopMs } = localLimits;
  const run = await runningIn(dir);
  return JSON.stringify(await askControl(run, { do: 'force', ...wish }, (startMs + stopMs) * 2));
}

const snapshotCalls = {
  create: (places: Places, name: string) => createSnapshot(places, name, Date.now()),
  delete: deleteSnapshot,
} as const;

export async function changeSnapshot(
  dir: string,
  what: keyof typeof snapshotCalls,
  name: string,
): Promise<string> {
  const { places } = await volumeIn(dir);
  return await snapshotCalls[what](places, name);
}

export async function snapshots(dir: string, json: boolean): Promise<string> {
  const { places } = await volumeIn(dir);
  return await listSnapshots(places, json);
}

export async function revert(dir: string, name: string, removeNewer: boolean): Promise<string> {
  const { places } = await volumeIn(dir);
  return await revertTo(places, name, removeNewer);
}

/** Answers when the new volume serves. */
export async function clone(dir: string, snapshot: string, listen: string): Promise<string> {
  await requireFree(listen);
  const run = await runningIn(dir);
  return JSON.stringify(await askControl(run, { do: 'clone', snapshot, listen }, localLimits.startMs * 3));
}

export async function removeClone(dir: string, name: string): Promise<string> {
  const { startMs, stopMs } = localLimits;
  const run = await runningIn(dir);
  return JSON.stringify(await askControl(run, { do: 'removeClone', name }, startMs + stopMs));
}

export async function status(dir: string, json: boolean): Promise<string> {
  const run = await runningIn(dir);
  const answered = (await askControl(run, { do: 'status' }, localLimits.askMs + 5_000)) as LocalStatus;
  return json ? JSON.stringify(answered) : statusTable(answered);
}

/** Answers when all is compared; `equal`: nothing is left that differs. Ended before, the comparison goes on all the same. */
export async function scrub(dir: string, json: boolean): Promise<{ equal: boolean; text: string }> {
  const { askMs, changeLookMs } = localLimits;
  const run = await runningIn(dir);
  await askControl(run, { do: 'scrub' }, askMs + 5_000);
  for (;;) {
    const seen = (await askControl(run, { do: 'scrubbed' }, askMs + 5_000)) as VolumeScrubRead;
    if (seen.state === 'done')
      return { equal: seen.leftBlocks === 0, text: json ? JSON.stringify(seen) : scrubText(seen) };
    await new Promise((next) => setTimeout(next, changeLookMs));
  }
}

const scrubText = ({ different, mendedBlocks, leftBlocks, message }: VolumeScrubRead): string =>
  different === 0
    ? 'all replicas in sync hold the same'
    : `${different} groups of blocks differed: ${mendedBlocks} blocks were written anew, ${leftBlocks} still differ${message === '' ? '' : ` (${message})`}`;

/** `equal`: all replicas hold the same bytes. */
export async function verify(
  dir: string,
  snapshot: string | undefined,
  json: boolean,
): Promise<{ equal: boolean; text: string }> {
  const { places, state } = await volumeIn(dir);
  const comparison = await compareReplicas(places, state, snapshot);
  return {
    equal: comparison.equal,
    text: json ? JSON.stringify(comparison) : comparisonTable(comparison),
  };
}

export async function readReplica(
  dir: string,
  name: string,
  snapshot: string | undefined,
  file: string,
): Promise<string> {
  const { places, state } = await volumeIn(dir);
  if (!poolNames(state).includes(name))
    throw new UsageError(`NAME ${name} is unknown: give one of ${poolNames(state).join(', ')}`);
  return JSON.stringify(await saveReplica(places, { volume: state.volume, snapshot }, name, file));
}

/** The folder of the sockets of the command that runs in `dir`. */
async function runningIn(dir: string): Promise<string> {
  const run = findRunFolder(existingFolder(dir));
  if (run === undefined || !(await isRunning(run)))
    throw new CommandError(`no caskade local runs in ${dir}: start it with caskade local --dir ${dir} …`);
  return run;
}

async function volumeIn(dir: string): Promise<{ places: Places; state: LocalState }> {
  const home = existingFolder(dir);
  const state = readState(home);
  if (state === undefined) throw new UsageError(`--dir ${dir} holds no volume: give the folder of one`);
  return { places: { home, run: await runningIn(dir) }, state };
}
