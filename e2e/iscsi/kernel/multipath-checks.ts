/** dm-multipath on the node: told to leave our volumes alone, and told to use them. */
import assert from 'node:assert/strict';
import type { Check } from '../../local/suite.ts';
import { ports, type Bed } from './bed.ts';
import { StagedVolume } from './csi-node.ts';
import { FileTarget } from './file-target.ts';
import { ReplicatedTarget } from './replicated-target.ts';

/** The two settings of docs/iscsi.md. */
const blacklisted = `
blacklist {
  device {
    vendor "CASKADE"
    product ".*"
  }
}`;
const used = `
devices {
  device {
    vendor "CASKADE"
    product ".*"
    path_checker tur
    no_path_retry 24
  }
}`;

export function multipathChecks(bed: () => Bed): readonly Check[] {
  const guest = (script: string, timeoutMs = 120_000) =>
    bed().guest.run(`. /caskade/own/guest/initiator\nset -e\n${script}`, timeoutMs);
  /** With a multipathd that takes whatever it is not told to leave. */
  const withDaemon = async (configuration: string, work: () => Promise<void>) => {
    await bed().daemon();
    await guest(`modprobe -a dm_multipath dm_round_robin
cat > /etc/multipath.conf <<'END'
defaults {
  find_multipaths greedy
}${configuration}
END
multipathd
for wait in $(seq 50); do multipathd show daemon > /dev/null && break; sleep 0.2; done`);
    try {
      await bed().leavingNothing(work);
    } finally {
      // By signal: who asks it to shut down over its socket may see it gone before it has answered.
      await guest(
        'kill $(pidof multipathd); while pidof multipathd; do sleep 0.2; done > /dev/null; rm /etc/multipath.conf',
      );
    }
  };
  const withVolume = async (
    name: string,
    port: number,
    work: (v: StagedVolume, t: FileTarget) => Promise<void>,
  ) => {
    const target = new FileTarget(bed().folder, name, port);
    await target.create(256 << 20);
    await bed().csi.start();
    try {
      await work(new StagedVolume(bed().csi, 'ext4', target), target);
    } finally {
      await target.stop();
    }
  };
  const source = async ({ staging }: StagedVolume) => (await guest(`findmnt -no SOURCE ${staging}`)).trim();

  return [
    {
      name: 'multipathd with our volumes on its blacklist: csi-node mounts the disk',
      timeoutMs: 300_000,
      run: () =>
        withDaemon(blacklisted, () =>
          withVolume('pvc-blacklisted', ports.targets + 70, async (volume) => {
            await volume.up();
            assert.match(await source(volume), /^\/dev\/sd/);
            await volume.down();
          }),
        ),
    },
    {
      name: 'multipathd with our volumes: csi-node mounts its map, an outage is waited for, nothing left over',
      timeoutMs: 300_000,
      run: () =>
        withDaemon(used, () =>
          withVolume('pvc-mapped', ports.targets + 71, async (volume, target) => {
            await volume.up();
            assert.match(await source(volume), /^\/dev\/(mapper|dm-)/);
            // multipathd's fast_io_fail_tmo is in the place of our time-out: its map is what waits.
            assert.equal(await guest('cat /sys/class/iscsi_session/*/recovery_tmo'), '5\n');
            await guest(`echo before > ${volume.path}/file; sync -f ${volume.path}`);
            await target.kill();
            const outage = async () => {
              await new Promise((resolve) => setTimeout(resolve, 12_000));
              await target.start();
            };
            const write = `dd if=/dev/urandom of=${volume.path}/random bs=1M count=8 oflag=direct status=none; cat ${volume.path}/file`;
            const [printed] = await Promise.all([guest(write, 100_000), outage()]);
            assert.equal(printed, 'before\n');
            await volume.down();
          }),
        ),
    },
    {
      name: 'multipathd: a target that dies and comes back at another portal: the writer goes on by the second path',
      timeoutMs: 300_000,
      run: () =>
        withDaemon(used, async () => {
          const target = await ReplicatedTarget.start(bed().folder, 'moved', ports.targets + 72);
          try {
            await guest(`
login ${target.iqn} ${target.port}
name=$(basename $(disk ${target.iqn}))
until ls -d /sys/block/$name/holders/dm-*; do sleep 0.2; done
mkfs.ext4 -q /dev/$(basename /sys/block/$name/holders/dm-*)
mount /dev/$(basename /sys/block/$name/holders/dm-*) /mnt`);
            const fio = guest(
              'fio --name=v --directory=/mnt --ioengine=libaio --direct=1 --iodepth=8 --rw=randwrite --bs=16k --size=24m --rate_iops=100 --verify=crc32c --verify_fatal=1 --minimal > /tmp/fio || { cat /tmp/fio; false; }',
              180_000,
            );
            const move = async () => {
              await new Promise((resolve) => setTimeout(resolve, 5_000));
              await target.moveTo(target.port + 1);
              await guest(`login ${target.iqn} ${target.port}`);
            };
            await Promise.all([fio, move()]);
            assert.equal(
              await guest('cat /sys/fs/ext4/dm-*/errors_count; grep -c " /mnt ext4 rw" /proc/mounts'),
              '0\n1\n',
            );
            await guest(`umount /mnt; multipath -F; logout ${target.iqn}`, 100_000);
            await target.compare();
          } finally {
            await target.stop();
          }
        }),
    },
  ];
}
