/** Volumes in files, one after the other, under csi-node in the guest, which is as it was after each. */
import type { Bed } from './bed.ts';
import { StagedVolume, type Access } from './csi-node.ts';
import { FileTarget } from './file-target.ts';

export const volumeBytes = 512 << 20;

interface Options {
  /** Of the target's command. */
  readonly flags?: readonly string[];
  /** False: the host has no iscsid. */
  readonly daemon?: boolean;
}

/** Their portals are at `port` and the ports after it. */
export function csiVolumes(bed: () => Bed, port: number) {
  let nextPort = port;
  /** A new volume, staged by nobody yet; the target lives as long as `work`. */
  const withVolume = async (
    name: string,
    access: Access,
    work: (volume: StagedVolume, target: FileTarget) => Promise<void>,
    { flags = [], daemon = true }: Options = {},
  ) => {
    const target = new FileTarget(bed().folder, name, nextPort++, flags);
    await target.create(volumeBytes);
    if (daemon) await bed().daemon();
    await bed().csi.start();
    try {
      await bed().leavingNothing(() => work(new StagedVolume(bed().csi, access, target), target));
    } finally {
      await target.stop();
    }
  };
  const guest = (script: string, timeoutMs?: number) => bed().guest.run(script, timeoutMs);
  return { guest, withVolume };
}
