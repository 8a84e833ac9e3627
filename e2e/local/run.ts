/** `node e2e/local/run.ts [words]`: the checks whose name contains one of the words, or all. */
import { fullPoolChecks } from './full-pools.ts';
import { interfaceChecks } from './interface.ts';
import { memberChecks } from './members.ts';
import { mismatchChecks } from './mismatch.ts';
import { ownerChecks } from './owner.ts';
import { repairChecks } from './repair.ts';
import { roleChecks } from './roles.ts';
import { snapshotChecks } from './snapshots.ts';
import { runChecks } from './suite.ts';
import { survivalChecks } from './survival.ts';

process.exitCode = Math.min(
  await runChecks(
    [
      ...interfaceChecks,
      ...roleChecks,
      ...ownerChecks,
      ...memberChecks,
      ...repairChecks,
      ...mismatchChecks,
      ...fullPoolChecks,
      ...snapshotChecks,
      ...survivalChecks,
    ],
    process.argv.slice(2),
  ),
  1,
);
