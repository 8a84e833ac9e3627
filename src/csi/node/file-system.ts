/** Makes and checks file systems with the image's own tools. */
import { CommandError, ownCommands, type Commands } from './command.ts';
import type { FileSystem } from './plan.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';

const minutes = 60_000;

/** Both refuse a device that somebody else has open, so that two of them never run on one. */
export async function makeFileSystem(
  device: string,
  kind: FileSystem,
  commands = ownCommands,
): Promise<void> {
  // The volume is thin and reads zeros: there is nothing to discard, and no table to be written ahead of its use.
  const argv = {
    ext4: [
      'mkfs.ext4',
      '-q',
      '-F',
      '-m',
      '0',
      '-E',
      'nodiscard,lazy_itable_init=1,lazy_journal_init=1',
      device,
    ],
    xfs: ['mkfs.xfs', '-q', '-f', '-K', device],
  }[kind];
  await commands.run(argv, { timeoutMs: 5 * minutes });
}

/** mkfs.xfs sets this byte of its superblock until it is done (sb_inprogress). */
export const isHalfMadeXfs = (head: Uint8Array): boolean =>
  head.byteLength > 126 && Buffer.from(head.subarray(0, 4)).toString('latin1') === 'XFSB' && head[126] === 1;

/**
 * Before a mount. ext4: `-p` replays the journal and mends what needs no decision; what is left needs a person. XFS
 * replays its log when it is mounted, and its checker has nothing to do before that.
 */
export async function checkFileSystem(
  device: string,
  kind: FileSystem,
  how: 'repair' | 'look',
  commands: Commands = ownCommands,
): Promise<void> {
  if (kind === 'xfs') return;
  const argv = ['e2fsck', how === 'repair' ? '-p' : '-n', device];
  const { status, stdout, stderr } = await commands.tryRun(argv, { timeoutMs: 30 * minutes });
  const uncorrected = 4;
  if (status < uncorrected) return;
  // Without a look at the journal `-n` sees what the journal would mend: the mount decides.
  if (how === 'look' && status === uncorrected) return;
  if (status === uncorrected)
    throw new StatusError(
      'INTERNAL',
      `ext4 on ${device} has errors that e2fsck does not mend by itself (${lastLine(stdout)}): ` +
        `run e2fsck ${device} on this node, or restore a snapshot`,
    );
  throw new CommandError(argv, status, stderr || stdout);
}
const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
