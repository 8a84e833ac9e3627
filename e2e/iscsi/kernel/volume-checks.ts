/** Three replicas under Linux's initiator: file systems, space given back, growth, reservations, a target that dies. */
import assert from 'node:assert/strict';
import type { Check } from '../../local/suite.ts';
import { until } from '../../until.ts';
import { ports, type Bed } from './bed.ts';
import { machine } from './guest.ts';
import { ReplicatedTarget } from './replicated-target.ts';

const fio = (options: string) =>
  `fio --name=verify --directory=/mnt --ioengine=libaio --direct=1 --iodepth=16 --rw=randwrite --bsrange=4k-64k --verify=crc32c --verify_fatal=1 --minimal ${options} > /tmp/fio || { cat /tmp/fio; false; }`;

export function volumeChecks(bed: () => Bed): readonly Check[] {
  let nextPort: number = ports.targets + 50;
  const guest = (script: string, timeoutMs = 100_000) =>
    bed().guest.run(`. /caskade/own/guest/initiator\nset -e\n${script}`, timeoutMs);
  const withVolume = async (name: string, work: (target: ReplicatedTarget) => Promise<void>) => {
    const target = await ReplicatedTarget.start(bed().folder, name, nextPort++);
    try {
      await bed().daemon();
      await work(target);
      assert.equal(await bed().leftovers(), '');
    } catch (error) {
      await bed().clear();
      throw error;
    } finally {
      await target.stop();
    }
  };
  const mounted = (target: ReplicatedTarget, fsType: string) =>
    `login ${target.iqn} ${target.port}; disk=$(disk ${target.iqn}); mkfs.${fsType} -q $disk; mount -t ${fsType} $disk /mnt`;
  const unmounted = (target: ReplicatedTarget) => `umount /mnt\nlogout ${target.iqn}`;

  const fileSystem = (fsType: 'ext4' | 'xfs', grow: string): Check => ({
    name: `volume, ${fsType}: fio verifies; fstrim gives the pools their space back; grown while it is mounted`,
    timeoutMs: 300_000,
    run: () =>
      withVolume(`trim-${fsType}`, async (target) => {
        await guest(`${mounted(target, fsType)}\n${fio('--size=24m')}\nsync -f /mnt`);
        const full = await target.usedBytes();
        assert.ok(full >= 24 << 20, `${full} bytes used`);
        await guest('rm /mnt/verify*; sync -f /mnt; echo kept > /mnt/kept; fstrim /mnt; sync -f /mnt');
        await until('the space', 30_000, async () => {
          const used = await target.usedBytes();
          return used <= full - (20 << 20) ? {} : `${full} bytes used before, ${used} after`;
        });
        await target.grow(620 << 20);
        await guest(`
iscsiadm -m node -T ${target.iqn} --rescan > /dev/null
disk=$(disk ${target.iqn})
[ $(blockdev --getsize64 $disk) = ${620 << 20} ]
${grow} > /dev/null
[ $(df --output=size -B1M /mnt | tail -1) -gt 300 ]
${fio('--size=8m')}
grep -q kept /mnt/kept
${unmounted(target)}`);
      }),
  });

  return [
    fileSystem('ext4', 'resize2fs $disk 2>&1'),
    fileSystem('xfs', 'xfs_growfs /mnt'),
    {
      name: 'volume: the target killed, stopped, killed under fio on ext4: every block verifies, no error of the file system',
      timeoutMs: 300_000,
      run: () =>
        withVolume('killed', async (target) => {
          await guest(mounted(target, 'ext4'));
          const kills = async () => {
            for (let kill = 0; kill < 3; kill++) {
              await new Promise((resolve) => setTimeout(resolve, 5_000));
              // The second time as when a pod is replaced: it asks the session to log out before it ends.
              await target.restartTarget(kill === 1 ? 'SIGTERM' : 'SIGKILL');
            }
          };
          // What is written a second time is verified before.
          const options = '--size=8m --loops=3 --rate_iops=50';
          await Promise.all([guest(fio(options), 150_000), kills()]);
          const errors = await guest(
            'cat /sys/fs/ext4/sd*/errors_count; grep -c " /mnt ext4 rw" /proc/mounts',
          );
          assert.equal(errors, '0\n1\n');
          await guest(`${unmounted(target)}`);
          await target.compare();
          await guest(
            `login ${target.iqn} ${target.port}; fsck.ext4 -fn $(disk ${target.iqn}); logout ${target.iqn}`,
          );
        }),
    },
    {
      name: 'volume: reservations by sg_persist: conflict, preempt, kept over a restart of the target, cleared',
      timeoutMs: 300_000,
      run: () =>
        withVolume('reserved', async (target) => {
          // It reports a pending unit attention by 6 and does nothing: then it is asked again, as for any command.
          const persist = (disk: string, options: string) => `
status=6
for attempt in 1 2 3 4; do
  [ $status = 6 ] || break
  status=0
  sg_persist --no-inquiry ${options} ${disk} 2>&1 || status=$?
done
[ $status = 0 ]`;
          const writes = (disk: string) =>
            `dd if=/dev/zero of=${disk} bs=4096 count=1 oflag=direct status=none 2>&1`;
          const [one, two] = ['one', 'two'].map((name) => `/dev/disk/by-path/${name}`) as [string, string];
          for (const name of ['one', 'two'])
            await guest(`
iscsiadm -m iface -I ${name} -o new > /dev/null
iscsiadm -m iface -I ${name} -o update -n iface.initiatorname -v iqn.2016-09.com.openebs.csi:${name} > /dev/null
record="-m node -T ${target.iqn} -p ${machine}:${target.port} -I ${name}"
iscsiadm $record -o new > /dev/null
iscsiadm $record --login > /dev/null
udevadm settle
session=$(grep -l :${name}$ /sys/class/iscsi_session/*/initiatorname)
ln -s /dev/$(ls $(dirname $session)/device/target*/*/block) /dev/disk/by-path/${name}`);
          await guest(persist(one, '--out --register --param-sark=0xa1'));
          await guest(persist(two, '--out --register --param-aptpl --param-sark=0xb2'));
          await guest(persist(one, '--out --reserve --param-rk=0xa1 --prout-type=5'));
          await guest(`${writes(one)}; ${writes(two)}`);
          await guest(persist(two, '--out --preempt --param-rk=0xb2 --param-sark=0xa1 --prout-type=5'));
          const refused = await bed().guest.attempt(writes(one));
          assert.notEqual(refused.status, 0, 'a preempted initiator writes');
          await guest(writes(two));
          await target.restartTarget();
          const held = await guest(persist(two, '--in --read-reservation'));
          assert.match(held, /Key=\s*0xb2/);
          assert.match(held, /Write Exclusive, registrants only/);
          assert.notEqual(
            (await bed().guest.attempt(writes(one))).status,
            0,
            'a preempted initiator writes after a restart',
          );
          await guest(persist(two, '--out --clear --param-rk=0xb2'));
          await guest(
            `${writes(one)}; rm ${one} ${two}; logout ${target.iqn}; iscsiadm -m iface -I one -o delete; iscsiadm -m iface -I two -o delete`,
          );
        }),
    },
  ];
}
