/** What the checks stand on: the guest, the csi-node in it, and a folder of this machine for targets. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CsiNode } from './csi-node.ts';
import { prepareDisks, type Disks } from './disks.ts';
import { Guest } from './guest.ts';
import { NodeApi } from './node-api.ts';
import { cache, preparePackages, type Emulator, type Kernel } from './packages.ts';

/** Of this machine, below those that kernels give away (gVisor from 16000 on); the guest reaches those of targets as `machine`:PORT. */
export const ports = { shell: 15700, csi: 15701, api: 15702, targets: 15710 } as const;

export interface Prepared {
  readonly folder: string;
  readonly emulator: Emulator;
  readonly kernel: Kernel;
  readonly disks: Disks;
}

/** What the guest boots from, in a new folder of this machine. Throws DownloadError. */
export async function prepare(): Promise<Prepared> {
  const folder = await mkdtemp(join(tmpdir(), 'caskade-vm-'));
  const packages = await preparePackages();
  await mkdir(join(folder, 'image'));
  return { folder, ...packages, disks: await prepareDisks(packages.kernel, join(folder, 'image')) };
}

export class Bed {
  readonly folder: string;
  readonly guest: Guest;
  readonly api: NodeApi;
  readonly csi: CsiNode;

  private constructor(folder: string, guest: Guest, api: NodeApi) {
    this.folder = folder;
    this.guest = guest;
    this.api = api;
    this.csi = new CsiNode(guest, ports.csi, api, ports.api);
  }

  static async open({ folder, emulator, kernel, disks }: Prepared): Promise<Bed> {
    const api = await NodeApi.start(folder, ports.api);
    const console = join(cache, 'console.log');
    try {
      const guest = await Guest.boot({ emulator, kernel, disks, port: ports.shell, console });
      return new Bed(folder, guest, api);
    } catch (error) {
      api.stop();
      throw error;
    }
  }

  /** From now on the host has its daemon. */
  async daemon(): Promise<void> {
    await this.guest.run('pidof iscsid > /dev/null || iscsid');
  }

  async close(): Promise<void> {
    this.csi.close();
    this.api.stop();
    await this.guest.stop();
  }

  /** Does `work`, which is to leave nothing over; what a failure leaves is told of and cleared. */
  async leavingNothing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      assert.equal(await this.leftovers(), '');
    } catch (error) {
      const { output } = await this.guest.attempt('lsblk; dmsetup ls; tail -5 /proc/mounts');
      await this.clear();
      throw new Error(`${String(error)}\n${output}`, { cause: error });
    }
  }

  /** Sessions, disks, records and mounts of volumes in the guest; empty when nothing is left over. */
  async leftovers(): Promise<string> {
    return await this.guest.run(`
ls -d /sys/class/iscsi_session/* /sys/class/iscsi_connection/* /sys/block/sd* /sys/block/dm-* 2>/dev/null
find /etc/iscsi/nodes /etc/iscsi/send_targets -mindepth 1 2>/dev/null
for pid in 1 $(cat /run/caskade/csi-node.pid 2>/dev/null); do
  [ -r /proc/$pid/mountinfo ] && grep -E 'globalmount|/pods/' /proc/$pid/mountinfo
done
exit 0`);
  }

  /** By force, after a failed check. */
  async clear(): Promise<void> {
    await this.guest.run(
      `
for i in 1 2 3; do
  for point in $(awk '$2 ~ /globalmount|\\/pods\\/|^\\/mnt/ { print $2 }' /proc/self/mounts | sort -r); do umount -l $point; done
done
multipath -F
iscsiadm -m node -u
iscsiadm -m node -o delete
exit 0`,
      120_000,
    );
  }
}
