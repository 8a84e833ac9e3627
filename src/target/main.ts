/** `caskade target`: the iSCSI target of one volume. */
import { helpOf, parseFlags } from '../shared/edge/flags.ts';
import { keepIdleHeap } from '../shared/edge/idle-heap.ts';
import { openLog } from '../shared/edge/logger.ts';
import { reportToParent } from '../shared/edge/parent.ts';
import { UsageError } from '../shared/exit-codes.ts';
import { targetCommand } from './options.ts';

export async function run(argv: readonly string[]): Promise<void> {
  const parsed = parseFlags(targetCommand, argv);
  if (parsed === undefined) {
    console.log(helpOf(targetCommand));
    return;
  }
  keepIdleHeap();
  const { config, ...rest } = parsed.flags;
  if (config === undefined) {
    const { runStandalone } = await import('./standalone-target.ts');
    await runStandalone(parsed.flags, openLog({ role: 'target' }), (line) => console.log(line));
    return;
  }
  const other = Object.entries(rest).find(([, value]) => value !== undefined);
  if (other !== undefined)
    throw new UsageError(`option --${other[0]} does not go with --config: set it in the file ${config}`);
  const { runConfigured } = await import('./configured-target.ts');
  try {
    await runConfigured(config, ({ volume, instance }) =>
      openLog({ role: 'target', volume, ...(instance === undefined ? {} : { instance }) }),
    );
  } catch (error) {
    if (error instanceof UsageError) await reportToParent({ event: 'usage', message: error.message });
    throw error;
  }
}
