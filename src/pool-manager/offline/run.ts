/** `caskade pool check`, `inspect`, `import`, `export`: for pools that no daemon has open. */
import { helpOf, parseCount, parseFlags } from '../../shared/edge/flags.ts';
import { CommandError, UsageError } from '../../shared/exit-codes.ts';
import { engineHost } from '../device/engine-host.ts';
import { openFileDevice } from '../device/file-device.ts';
import { nodeZstd } from '../device/node-zstd.ts';
import { poolOwner } from '../device/pool-owner.ts';
import type { BlockDevice } from '../engine/block-device.ts';
import { checkPool } from '../engine/check/check-pool.ts';
import { inspectBlock, inspectDevices, inspectPool } from '../engine/check/inspect.ts';
import { machinesLeft } from '../engine/group/heartbeat.ts';
import { importPool } from '../engine/pool/pool-import.ts';
import { PoolRefusal } from '../engine/refusal.ts';
import {
  checkCommand,
  exportCommand,
  importCommand,
  inspectCommand,
  type OfflineCommand,
} from './commands.ts';

/** What to print, and whether the exit status tells of something wrong. */
export interface Outcome {
  readonly text: string;
  readonly isWrong: boolean;
}

const fine = (lines: readonly string[]): Outcome => ({ text: lines.join('\n'), isWrong: false });

export const offlineCommands: Readonly<
  Record<OfflineCommand, (argv: readonly string[]) => Promise<Outcome>>
> = { check, inspect, import: importHere, export: exportPool };

async function check(argv: readonly string[]): Promise<Outcome> {
  const parsed = parseFlags(checkCommand, argv);
  if (parsed === undefined) return fine([helpOf(checkCommand)]);
  const { flags, operands } = parsed;
  return await withDevices(operands, async (devices) => {
    const report = await checkPool({ ...poolOn(devices, flags.without), ...before(flags['before-root']) });
    const { problems, txg, volumes, unitsReached, items } = report;
    const found = problems.length === 0 ? 'no problem' : `${problems.length} problems`;
    const sum = `root ${txg}: ${volumes} volumes, ${unitsReached} units of data and nodes, ${items} items: ${found}`;
    const text = flags.json ? JSON.stringify(report) : [...problems, sum].join('\n');
    return { text, isWrong: problems.length > 0 };
  });
}

async function inspect(argv: readonly string[]): Promise<Outcome> {
  const parsed = parseFlags(inspectCommand, argv);
  if (parsed === undefined) return fine([helpOf(inspectCommand)]);
  const { volume, block, snapshot, without, 'before-root': root } = parsed.flags;
  if ((volume === undefined) !== (block === undefined))
    throw new UsageError('--volume and --block go together: give both, or neither');
  return await withDevices(parsed.operands, async (devices) => {
    const options = { ...poolOn(devices, without), ...before(root) };
    if (volume === undefined || block === undefined)
      return fine([...(await inspectDevices(devices)), ...(await inspectPool(options))]);
    const question = { volume, block: parseCount('--block', block, 0, 999_999_999), snapshot };
    return fine(await inspectBlock(options, question));
  });
}

async function importHere(argv: readonly string[]): Promise<Outcome> {
  const parsed = parseFlags(importCommand, argv);
  if (parsed === undefined) return fine([helpOf(importCommand)]);
  const { flags, operands } = parsed;
  return await withDevices(operands, async (devices) => {
    const { guid, health, volumes, members } = await takeOver(devices, flags);
    return fine([`pool ${guid} imported: ${health}`, ...members, ...volumes]);
  });
}

async function exportPool(argv: readonly string[]): Promise<Outcome> {
  const parsed = parseFlags(exportCommand, argv);
  if (parsed === undefined) return fine([helpOf(exportCommand)]);
  const { flags, operands } = parsed;
  return await withDevices(operands, async (devices) => {
    const { guid, health, volumes } = await takeOver(devices, flags);
    return fine([`pool ${guid} exported: ${health}`, ...volumes]);
  });
}

interface TakingOver {
  readonly without: boolean;
  readonly 'rewind-before'?: string | undefined;
  readonly confirm?: string | undefined;
}

/** Imports the pool and leaves it in order; answers what there was, in lines. */
async function takeOver(
  devices: readonly BlockDevice[],
  { without, 'rewind-before': root, confirm }: TakingOver,
) {
  for (const machine of await machinesLeft(devices, poolOwner.machine)) {
    const [host = machine] = machine.split(' ');
    if (host !== confirm)
      throw new PoolRefusal(
        'DeviceInUse',
        `${host} had the pool open and has not left it in order: make sure that it is off, or sees these devices no more, and say so with --confirm ${host}`,
      );
  }
  const pool = await importPool({ ...poolOn(devices, without), ...before(root), owner: poolOwner });
  const { health, message, devices: found } = pool.status();
  const volumes = pool
    .volumes()
    .map((store) => `  volume ${store.identity.volume}  ${store.identity.guid}  last ${store.last}`);
  await pool.close();
  return {
    guid: pool.guid,
    health: `${health}${message === '' ? '' : `, ${message}`}`,
    volumes,
    members: found.map(({ name, state }) => `  device ${name}  ${state}`),
  };
}

const poolOn = (devices: readonly BlockDevice[], without: boolean) => ({
  devices,
  without,
  host: engineHost,
  zstd: nodeZstd,
});

const before = (root: string | undefined): { readonly rewindBefore?: number } =>
  root === undefined ? {} : { rewindBefore: parseCount('the root', root, 1, 999_999_999) };

/** Opens what the paths name, each for this process alone, and closes it in the end. */
async function withDevices(
  paths: readonly string[],
  work: (devices: readonly BlockDevice[]) => Promise<Outcome>,
): Promise<Outcome> {
  const devices: BlockDevice[] = [];
  try {
    for (const path of paths) devices.push(await openFileDevice(path));
    return await work(devices);
  } catch (error) {
    if (!(error instanceof PoolRefusal)) throw error;
    throw new CommandError(`${error.reason}: ${error.message}`, { cause: error });
  } finally {
    await Promise.all(devices.map((device) => device.close()));
  }
}
