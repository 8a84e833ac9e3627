/** Three replicas under Linux's initiator: file systems, space given back, growth, reservations, a target that dies. */
import assert from 'node:assert/strict';
import type { Check } from '../../local/suite.ts';
import { until } from '../../until.ts';
import { ports, type Bed } from './bed.ts';
import { guestVolumes } from './guest-volumes.ts';
import { machine } from './guest.ts';
import type { ReplicatedTarget } from './replicated-target.ts';

const fio = (options: string) =>
  `fio --name=verify --directory=/mnt --ioengine=libaio --direct=1 --iodepth=16 --rw=randwrite --bsrange=4k-64k --verify=crc32c --verify_fatal=1 --minimal ${options} > /tmp/fio || { cat /tmp/fio; false; }`;

export function volumeChecks(bed: () => Bed): readonly Check[] {
  const { guest, withVolume } = guestVolumes(bed, ports.targets + 50);
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
      name: 'volume: reservations by sg_persist: conflict, preempt, kept over a restart of the target and over a move to other processes, cleared',
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
          const enter = async (name: string) =>
            await guest(`
record="-m node -T ${target.iqn} -p ${machine}:${target.port} -I ${name}"
iscsiadm $record -o new > /dev/null
iscsiadm $record --login > /dev/null
udevadm settle
session=$(grep -l :${name}$ /sys/class/iscsi_session/*/initiatorname)
ln -sf /dev/$(ls $(dirname $session)/device/target*/*/block) /dev/disk/by-path/${name}`);
          for (const name of ['one', 'two']) {
            await guest(`
iscsiadm -m iface -I ${name} -o new > /dev/null
iscsiadm -m iface -I ${name} -o update -n iface.initiatorname -v iqn.2016-09.com.openebs.csi:${name} > /dev/null`);
            await enter(name);
          }
          await guest(persist(one, '--out --register --param-sark=0xa1'));
          await guest(persist(two, '--out --register --param-aptpl --param-sark=0xb2'));
          await guest(persist(one, '--out --reserve --param-rk=0xa1 --prout-type=5'));
          await guest(`${writes(one)}; ${writes(two)}`);
          await guest(persist(two, '--out --preempt --param-rk=0xb2 --param-sark=0xa1 --prout-type=5'));
          const refused = await bed().guest.attempt(writes(one));
          assert.notEqual(refused.status, 0, 'a preempted initiator writes');
          await guest(writes(two));
          const isHeld = async (over: string) => {
            const held = await guest(persist(two, '--in --read-reservation'));
            assert.match(held, /Key=\s*0xb2/, over);
            assert.match(held, /Write Exclusive, registrants only/, over);
            const refusedAgain = await bed().guest.attempt(writes(one));
            assert.notEqual(refusedAgain.status, 0, `a preempted initiator writes after ${over}`);
            await guest(writes(two));
          };
          await target.restartTarget();
          await isHeld('a restart');
          // All of its processes die, other ones serve its replicas: for the initiators at the same address, as behind a Service.
          await target.moveTo(target.port);
          await isHeld('a move');
          await guest(persist(two, '--out --clear --param-rk=0xb2'));
          await guest(
            `${writes(one)}; rm ${one} ${two}; logout ${target.iqn}; iscsiadm -m iface -I one -o delete; iscsiadm -m iface -I two -o delete`,
          );
        }),
    },
    {
      name: 'volume: pools that are full: the kernel logs the warning, writes end with ENOSPC, reads go on, blkdiscard lets writes go on',
      run: () =>
        withVolume(
          'full',
          async (target) => {
            const write = 'dd if=/tmp/random of=$disk bs=64k oflag=direct status=none';
            const told = 'dmesg | grep -c "thin provisioning soft threshold" || :';
            await guest(`
login ${target.iqn} ${target.port}
disk=$(disk ${target.iqn})
head -c 25165824 /dev/urandom > /tmp/random
${write}`);
            const before = Number(await guest(told));
            await target.takeSnapshot('kept');
            const refused = await bed().guest.attempt(
              `. /caskade/own/guest/initiator; disk=$(disk ${target.iqn}); head -c 25165824 /dev/urandom > /tmp/random2; dd if=/tmp/random2 of=$disk bs=64k oflag=direct`,
            );
            assert.match(refused.output, /No space left on device/);
            assert.equal(Number(await guest(told)), before + 1);
            const [, records = '0'] = /^(\d+)\+0 records out$/m.exec(refused.output) ?? [];
            const written = Number(records) * 65_536;
            await guest(`
disk=$(disk ${target.iqn})
cat <(head -c ${written} /tmp/random2) <(tail -c +${written + 1} /tmp/random) | cmp - <(dd if=$disk bs=64k iflag=direct status=none)
blkdiscard -l ${written} $disk
for attempt in $(seq 100); do dd if=/tmp/random2 of=$disk bs=64k count=16 oflag=direct status=none 2> /dev/null && break; sleep 0.2; done
cat <(head -c 1048576 /tmp/random2) <(head -c ${written - (1 << 20)} /dev/zero) <(tail -c +${written + 1} /tmp/random) | cmp - <(dd if=$disk bs=64k iflag=direct status=none)
logout ${target.iqn}`);
            await target.compare();
          },
          '24M',
        ),
    },
  ];
}
