/** `caskade pool check`, `inspect`, `export`: for pools that no daemon has open. */
import { helpOf, parseCount, parseFlags } from '../../shared/edge/flags.ts';
import { CommandError, UsageError } from '../../shared/exit-codes.ts';
import { engineHost } from '../device/engine-host.ts';
import { openFileDevice } from '../device/file-device.ts';
import { nodeZstd } from '../device/node-zstd.ts';
import { poolOwner } from '../device/pool-owner.ts';
import type { BlockDevice } from '../engine/block-device.ts';
import { checkPool } from '../engine/check/check-pool.ts';
import { inspectBlock, inspectDevices, inspectPool } from '../engine/check/inspect.ts';
import { importPool } from '../engine/pool/pool-import.ts';
import { PoolRefusal } from '../engine/refusal.ts';
import { checkCommand, exportCommand, inspectCommand, type OfflineCommand } from './commands.ts';

/** What to print, and whether the exit status tells of something wrong. */
export interface Outcome {
  readonly text: string;
  readonly isWrong: boolean;
}

const fine = (lines: readonly string[]): Outcome => ({ text: lines.join('\n'), isWrong: false });

export const offlineCommands: Readonly<
  Record<OfflineCommand, (argv: readonly string[]) => Promise<Outcome>>
> = { check, inspect, export: exportPool };

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

async function exportPool(argv: readonly string[]): Promise<Outcome> {
  const parsed = parseFlags(exportCommand, argv);
  if (parsed === undefined) return fine([helpOf(exportCommand)]);
  const { without, 'rewind-before': root } = parsed.flags;
  return await withDevices(parsed.operands, async (devices) => {
    const pool = await importPool({ ...poolOn(devices, without), ...before(root), owner: poolOwner });
    const volumes = pool
      .volumes()
      .map((store) => `  ${store.identity.volume}  ${store.identity.guid}  last ${store.last}`);
    const { health, message } = pool.status();
    await pool.close();
    return fine([`pool ${pool.guid} exported: ${health}${message === '' ? '' : `, ${message}`}`, ...volumes]);
  });
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
