/** `caskade pool check`, `inspect`, `import`: for pools that no daemon has open. */
import { helpOf, parseCount, parseFlags, type Command, type Flags } from '../../shared/edge/flags.ts';
import { CommandError, exitCode, UsageError } from '../../shared/exit-codes.ts';
import { engineHost } from '../device/engine-host.ts';
import { openFileDevice } from '../device/file-device.ts';
import type { BlockDevice } from '../engine/block-device.ts';
import { checkPool } from '../engine/check/check-pool.ts';
import { inspectBlock, inspectDevices, inspectPool } from '../engine/check/inspect.ts';
import { PoolRefusal } from '../engine/refusal.ts';
import { checkCommand, inspectCommand } from './commands.ts';

export const offlineCommands: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  check,
  inspect,
};

async function check(argv: readonly string[]): Promise<void> {
  const parsed = parse(checkCommand, argv);
  if (parsed === undefined) return;
  const { flags, operands } = parsed;
  await withDevices(operands, async (devices) => {
    const report = await checkPool({
      devices,
      host: engineHost,
      without: flags.without,
      ...rootBefore(flags['before-root']),
    });
    const { problems, txg, volumes, unitsReached, items } = report;
    if (flags.json) console.log(JSON.stringify(report));
    else {
      for (const problem of problems) console.log(problem);
      console.log(
        `root ${txg}: ${volumes} volumes, ${unitsReached} units of data and nodes, ${items} items: ${
          problems.length === 0 ? 'no problem' : `${problems.length} problems`
        }`,
      );
    }
    if (problems.length > 0) process.exitCode = exitCode.failure;
  });
}

async function inspect(argv: readonly string[]): Promise<void> {
  const parsed = parse(inspectCommand, argv);
  if (parsed === undefined) return;
  const { flags, operands } = parsed;
  const { volume, block, snapshot, without } = flags;
  if ((volume === undefined) !== (block === undefined))
    throw new UsageError('--volume and --block go together: give both, or neither');
  await withDevices(operands, async (devices) => {
    const options = { devices, host: engineHost, without, ...rootBefore(flags['before-root']) };
    const show = (lines: readonly string[]) => console.log(lines.join('\n'));
    if (volume !== undefined && block !== undefined) {
      show(await inspectBlock(options, { volume, block: parseBlock(block), snapshot }));
      return;
    }
    show(await inspectDevices(devices));
    show(await inspectPool(options));
  });
}

const rootBefore = (text: string | undefined): { readonly rewindBefore?: number } =>
  text === undefined ? {} : { rewindBefore: parseCount('--before-root', text, 1, 999_999_999) };

const parseBlock = (text: string): number => parseCount('--block', text, 0, 999_999_999);

/** The arguments, or undefined after the help that was asked for. */
function parse<const F extends Flags>(command: Command<F>, argv: readonly string[]) {
  const parsed = parseFlags(command, argv);
  if (parsed === undefined) console.log(helpOf(command));
  return parsed;
}

/** Opens what the paths name, each for this process alone, and closes it in the end. */
async function withDevices(
  paths: readonly string[],
  work: (devices: readonly BlockDevice[]) => Promise<void>,
): Promise<void> {
  const devices: BlockDevice[] = [];
  try {
    for (const path of paths) devices.push(await openFileDevice(path));
    await work(devices);
  } catch (error) {
    if (error instanceof PoolRefusal)
      throw new CommandError(`${error.reason}: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await Promise.all(devices.map((device) => device.close()));
  }
}
