/**
 * Linux's own initiator against the target, and csi-node with it: a virtual machine with Debian's kernel, open-iscsi and
 * multipath-tools, in software emulation. The first time it downloads about 200 MB of Debian packages into the user's cache.
 *
 *     node e2e/iscsi/kernel.ts [WORD…]     checks whose name contains a word; closes with `N passed, N failed, N skipped`
 */
import { rm } from 'node:fs/promises';
import { endAll } from '../local/local-volume.ts';
import { runChecks, type Check } from '../local/suite.ts';
import { DownloadError } from '../debian.ts';
import { Bed, prepare, type Prepared } from './kernel/bed.ts';
import { csiChecks } from './kernel/csi-checks.ts';
import { csiOutageChecks } from './kernel/csi-outage-checks.ts';
import { fencingChecks } from './kernel/fencing-checks.ts';
import { initiatorChecks } from './kernel/initiator-checks.ts';
import { multipathChecks } from './kernel/multipath-checks.ts';
import { missing } from './kernel/packages.ts';
import { standardChecks } from './kernel/standard-checks.ts';
import { volumeChecks } from './kernel/volume-checks.ts';

let bed: Bed | undefined;
const opened = (): Bed => {
  if (bed === undefined) throw new Error('the guest did not boot');
  return bed;
};
const words = process.argv.slice(2);
const rest = [
  csiChecks,
  csiOutageChecks,
  initiatorChecks,
  standardChecks,
  volumeChecks,
  fencingChecks,
  multipathChecks,
]
  .flatMap((checks) => checks(opened))
  .filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

/** What the guest boots from, or why this machine can not have it. */
async function prepared(): Promise<Prepared | string> {
  const reason = await missing();
  if (reason !== undefined) return reason;
  try {
    return await prepare();
  } catch (error) {
    if (error instanceof DownloadError) return error.message;
    throw error;
  }
}

const found = await prepared();
const boot: Check = {
  name: 'the guest boots',
  timeoutMs: 180_000,
  run: async () => {
    if (typeof found !== 'string') bed = await Bed.open(found);
  },
};
try {
  const skip = typeof found === 'string' ? found : undefined;
  // Generous: an emulated machine shares two cores with whatever else runs.
  const checks = [boot, ...rest].map((check) => ({ timeoutMs: 180_000, ...check, skip }));
  // Checks that were all skipped are no failure.
  process.exitCode = Math.min(await runChecks(checks, []), skip === undefined ? 1 : 0);
} finally {
  await endAll();
  await bed?.close();
  if (typeof found !== 'string') await rm(found.folder, { recursive: true });
}
