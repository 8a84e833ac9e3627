/** How full a volume is and whether it is well (NodeGetVolumeStats). */
import { stat, statfs } from 'node:fs/promises';
import type { NodeGetVolumeStatsResponse } from '../../api/proto/csi/v1/NodeGetVolumeStatsResponse.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { MountEntry } from '../../shared/mount-info.ts';
import type { Attacher } from './attacher.ts';
import { ownCommands } from './command.ts';
import type { Mounter } from './mounter.ts';

export async function volumeStats(
  volume: string,
  path: string,
  attacher: Attacher,
  mounter: Mounter,
): Promise<NodeGetVolumeStatsResponse> {
  const mounted = await mounter.at(path);
  const problem = await conditionOf(volume, mounted, attacher);
  const volumeCondition = { abnormal: problem !== undefined, message: problem ?? 'the volume is well' };
  try {
    const found = await stat(path);
    if (found.isBlockDevice()) {
      const total = Number(await ownCommands.run(['blockdev', '--getsize64', path]));
      return { usage: [{ unit: 'BYTES', total }], volumeCondition };
    }
    if (mounted === undefined) throw new StatusError('NOT_FOUND', `volume ${volume} is not at ${path}`);
    const fs = await statfs(path);
    return {
      usage: [
        {
          unit: 'BYTES',
          total: fs.blocks * fs.bsize,
          available: fs.bavail * fs.bsize,
          used: (fs.blocks - fs.bfree) * fs.bsize,
        },
        { unit: 'INODES', total: fs.files, available: fs.ffree, used: fs.files - fs.ffree },
      ],
      volumeCondition,
    };
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new StatusError('NOT_FOUND', `volume ${volume} is not at ${path}`);
    // EIO, ENOTCONN: the file system is gone from under its mount.
    return {
      usage: [],
      volumeCondition: { abnormal: true, message: problem ?? `${path} can not be read: ${code}` },
    };
  }
}

/** What is wrong with it and what mends it; undefined: nothing. */
async function conditionOf(
  volume: string,
  mounted: MountEntry | undefined,
  attacher: Attacher,
): Promise<string | undefined> {
  const attached = await attacher.find(volume);
  if (attached?.problem !== undefined) return attached.problem;
  if (mounted?.superOptions.includes('ro') && !mounted.options.includes('ro'))
    return 'the file system has shut itself against writing after an I/O error: delete the pod, so that it is checked and mounted again';
  return undefined;
}
