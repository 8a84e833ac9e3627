/**
 * Linux's own initiator against the target, and csi-node with it: a virtual machine with Debian's kernel, open-iscsi and
 * multipath-tools, in software emulation. The first time it downloads about 200 MB of Debian packages into the user's cache.
 *
 *     node e2e/iscsi/kernel.ts [WORD…]     checks whose name contains a word; closes with `N passed, N failed, N skipped`
 */
import { endAll } from '../local/local-volume.ts';
import { runChecks, type Check } from '../local/suite.ts';
import { Bed } from './kernel/bed.ts';
import { csiChecks } from './kernel/csi-checks.ts';
import { initiatorChecks } from './kernel/initiator-checks.ts';
import { volumeChecks } from './kernel/volume-checks.ts';
import { multipathChecks } from './kernel/multipath-checks.ts';
import { missing } from './kernel/packages.ts';

let bed: Bed | undefined;
const opened = (): Bed => {
  if (bed === undefined) throw new Error('the guest did not boot');
  return bed;
};
const boot: Check = {
  name: 'the guest boots',
  timeoutMs: 600_000,
  run: async () => {
    bed = await Bed.open();
  },
};
const words = process.argv.slice(2);
const rest = [
  ...csiChecks(opened),
  ...initiatorChecks(opened),
  ...volumeChecks(opened),
  ...multipathChecks(opened),
].filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const skip = await missing();
try {
  const checks = [boot, ...rest].map((check) => (skip === undefined ? check : { ...check, skip }));
  process.exitCode = Math.min(await runChecks(checks, []), 1);
} finally {
  await endAll();
  await bed?.close();
}
