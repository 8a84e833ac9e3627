/** Who may write: the list of initiators that changes while they are logged in, and commands that find no quorum. */
import assert from 'node:assert/strict';
import type { Check } from '../../local/suite.ts';
import { until } from '../../until.ts';
import { ports, type Bed } from './bed.ts';
import { guestVolumes } from './guest-volumes.ts';

const initiator = 'iqn.2016-09.com.openebs.csi:guest';
const other = 'iqn.2016-09.com.openebs.csi:other';

export function fencingChecks(bed: () => Bed): readonly Check[] {
  const { guest, withVolume } = guestVolumes(bed, ports.targets + 90);

  return [
    {
      name: 'fencing: an initiator that is taken off the list while it writes is cut and kept out; back on it, it reads what was acknowledged',
      timeoutMs: 300_000,
      run: () =>
        withVolume('granted', async (target) => {
          await target.grantOnly([initiator]);
          const enter = `
iscsiadm -m iface -I granted -o new > /dev/null
iscsiadm -m iface -I granted -o update -n iface.initiatorname -v ${initiator} > /dev/null
record="-m node -T ${target.iqn} -p 10.0.2.2:${target.port} -I granted"
iscsiadm $record -o new > /dev/null
iscsiadm $record -o update -n node.session.timeo.replacement_timeout -v 3
iscsiadm $record -o update -n node.session.initial_login_retry_max -v 1`;
          const leave = `iscsiadm -m node -T ${target.iqn} -o delete; iscsiadm -m iface -I granted -o delete > /dev/null`;
          await guest(`${enter}
iscsiadm $record --login > /dev/null
disk=$(disk ${target.iqn})
head -c 1048576 /dev/urandom > /tmp/acknowledged
dd if=/tmp/acknowledged of=$disk bs=64k oflag=direct status=none`);
          const session = await target.sessions();
          assert.deepEqual(
            session.map((each) => [each.initiator, each.discovery, each.authenticated]),
            [[initiator, false, false]],
          );
          const writing = bed().guest.attempt(
            `. /caskade/own/guest/initiator\ndisk=$(disk ${target.iqn}); while dd if=/dev/zero of=$disk bs=4096 seek=1000 count=100 oflag=direct status=none; do :; done; echo it stopped`,
          );
          await new Promise((resolve) => setTimeout(resolve, 3_000));
          await target.grant([other]);
          assert.deepEqual(await target.sessions(), []);
          assert.match((await writing).output, /Input\/output error|No such device[^]*it stopped/);
          assert.deepEqual(await target.sessions(), []);
          await guest(`iscsiadm -m node -T ${target.iqn} --logout > /dev/null || :\n${leave}`);
          const refused = await bed().guest.attempt(
            `. /caskade/own/guest/initiator\n${enter}\niscsiadm $record --login 2>&1`,
          );
          assert.notEqual(refused.status, 0, refused.output);
          await target.grant([initiator]);
          await guest(`
record="-m node -T ${target.iqn} -p 10.0.2.2:${target.port} -I granted"
iscsiadm $record --login > /dev/null
dd if=$(disk ${target.iqn}) bs=64k count=16 iflag=direct status=none | cmp - /tmp/acknowledged
iscsiadm $record --logout > /dev/null
${leave}`);
        }),
    },
    {
      name: 'fencing: writes without a quorum that the kernel aborts (ABORT TASK) are written once it is back, with no error',
      timeoutMs: 300_000,
      run: () =>
        withVolume('aborted', async (target) => {
          await guest(`
login ${target.iqn} ${target.port}
disk=$(disk ${target.iqn})
head -c 262144 /dev/urandom > /tmp/random
echo 2 > /sys/block/\${disk#/dev/}/device/timeout`);
          const pools = target.poolPids.slice(1);
          for (const pid of pools) process.kill(pid, 'SIGSTOP');
          const written = guest(`
disk=$(disk ${target.iqn})
dd if=/tmp/random of=$disk bs=4096 oflag=direct status=none
dd if=$disk bs=64k count=4 iflag=direct status=none | cmp - /tmp/random`);
          try {
            // The kernel looks first whether the target is there at all, by a NOP.
            await until('an abort', 28_000, () =>
              Promise.resolve(target.log().includes('"message":"abort task"') ? {} : 'none came'),
            );
          } finally {
            for (const pid of pools) process.kill(pid, 'SIGCONT');
          }
          await written;
          await guest(`logout ${target.iqn}`);
          await target.compare();
        }),
    },
  ];
}
