/** What the standards offer, asked for by sg3_utils and by the kernel: pages, commands, resets, messages, redirection. */
import assert from 'node:assert/strict';
import { silentLog } from '../../../src/shared/log.ts';
import type { Check } from '../../local/suite.ts';
import { until } from '../../until.ts';
import { memoryPortal, type MemoryPortal } from '../portal.ts';
import type { Bed } from './bed.ts';
import { machine } from './guest.ts';

const sizeBytes = 128 << 20;
const portOf = ({ address }: MemoryPortal) => address.slice(address.lastIndexOf(':') + 1);

export function standardChecks(bed: () => Bed): readonly Check[] {
  const guest = (script: string, timeoutMs?: number) =>
    bed().guest.run(`. /caskade/own/guest/initiator\nset -e\n${script}`, timeoutMs);
  const withPortal = async (
    work: (portal: MemoryPortal, said: readonly string[]) => Promise<void>,
    options: { readonly movedTo?: string } = {},
  ) => {
    const said: string[] = [];
    const log = { ...silentLog, info: (message: string) => void said.push(message) };
    const portal = await memoryPortal({ sizeBytes, log, ...options });
    try {
      await bed().daemon();
      await bed().leavingNothing(() => work(portal, said));
    } finally {
      await portal.stop();
    }
  };
  const loginTo = (portal: MemoryPortal) =>
    `login ${portal.iqn} ${portOf(portal)}\ndisk=$(disk ${portal.iqn})`;

  return [
    {
      name: 'standard: sg3_utils reads every page of INQUIRY, MODE SENSE and LOG SENSE, and the commands with their time-outs',
      run: () =>
        withPortal(async (portal) => {
          const pages = ['0x00', '0x80', '0x83', '0x86', '0x8f', '0xb0', '0xb1', '0xb2'];
          const told = await guest(`
${loginTo(portal)}
sg_vpd --page=sv $disk
for page in ${pages.join(' ')}; do sg_vpd --page=$page $disk; done
sg_modes --all $disk
sg_logs --page=0 $disk
sg_readcap --16 $disk
sg_rtpg --decode $disk
sg_luns $disk
sg_opcodes --no-inquiry --rctd $disk
sg_opcodes --no-inquiry --tmf $disk
logout ${portal.iqn}`);
          for (const expected of [
            /Block limits VPD page/,
            /Maximum unmap block descriptor count: 256/,
            /Maximum atomic transfer length: 2048/,
            /Provisioning type: 2/,
            /Caching/,
            /Logical block provisioning: lbpme=1, lbprz=1/,
            /target port group asymmetric access state : 0x00 \(active\/optimized\)/,
            /Orwrite\(16\)/i,
            /Read defect data\(10\)/i,
            /Receive copy operating parameters/i,
            /1 +60 +Write atomic\(16\)/i,
            /Logical unit reset/i,
          ])
            assert.match(told, expected);
        }),
    },
    {
      name: 'standard: COMPARE AND WRITE, WRITE ATOMIC, ORWRITE, EXTENDED COPY, WRITE SAME, UNMAP by sg3_utils do what they say',
      run: () =>
        withPortal(async (portal) => {
          await guest(`
${loginTo(portal)}
head -c 4096 /dev/urandom > /tmp/a; head -c 4096 /dev/urandom > /tmp/b; cat /tmp/a /tmp/b > /tmp/ab
same() { dd if=$disk bs=4096 skip=$1 count=1 iflag=direct status=none | cmp - $2; }
dd if=/tmp/a of=$disk bs=4096 oflag=direct status=none
sg_compare_and_write --in=/tmp/ab --lba=0 --num=8 --xferlen=8192 $disk
same 0 /tmp/b
status=0; sg_compare_and_write --in=/tmp/ab --lba=0 --num=8 --xferlen=8192 $disk 2> /dev/null || status=$?
[ $status = 14 ]
same 0 /tmp/b
sg_write_x --16 --atomic=0 --in=/tmp/a --lba=8 --num=8 $disk
same 1 /tmp/a
tr '\\0' '\\017' < /dev/zero | head -c 4096 > /tmp/f; tr '\\0' '\\360' < /dev/zero | head -c 4096 > /tmp/p; tr '\\0' '\\377' < /dev/zero | head -c 4096 > /tmp/o
dd if=/tmp/f of=$disk bs=4096 seek=2 oflag=direct status=none
sg_raw --send=4096 --infile=/tmp/p $disk 8b 00 00 00 00 00 00 00 00 10 00 00 00 08 00 00
same 2 /tmp/o
sg_write_verify --16 --in=/tmp/a --lba=24 --num=8 --ilen=4096 $disk
same 3 /tmp/a
sg_xcopy if=$disk iflag=xcopy of=$disk bs=512 skip=0 seek=32 count=8
same 4 /tmp/b
sg_write_same --16 --in=/tmp/b --xferlen=512 --lba=40 --num=8 $disk
dd if=$disk bs=512 skip=47 count=1 iflag=direct status=none | cmp - <(head -c 512 /tmp/b)
sg_unmap --lba=8 --num=8 $disk
head -c 4096 /dev/zero > /tmp/zeros; same 1 /tmp/zeros
sg_verify --16 --lba=0 --count=64 $disk
sg_sync $disk
sg_raw --request=8 $disk 37 00 18 00 00 00 00 00 08 00
sg_copy_results --params $disk > /dev/null
logout ${portal.iqn}`);
        }),
    },
    {
      name: 'standard: LOGICAL UNIT RESET and TARGET RESET under fio: the writer goes on, what it wrote verifies',
      run: () =>
        withPortal(async (portal, said) => {
          await guest(`
${loginTo(portal)}
fio --name=v --filename=$disk --ioengine=libaio --direct=1 --iodepth=16 --rw=randwrite --bs=4k --size=32m --time_based=0 --rate_iops=600 --verify=crc32c --verify_fatal=1 --minimal > /tmp/fio &
writer=$!
for i in 1 2 3; do sleep 1; sg_reset --device --no-escalate $disk; sleep 1; sg_reset --target --no-escalate $disk; done
wait $writer || { cat /tmp/fio; false; }
logout ${portal.iqn}`);
          const resets = ['logical unit reset', 'target warm reset'].map(
            (name) => said.filter((line) => line === name).length,
          );
          assert.deepEqual(resets, [3, 3]);
        }),
    },
    {
      name: 'standard: Async Messages: a resize and a stop reach the kernel and iscsid, which logs out and comes back',
      run: () =>
        withPortal(async (portal, said) => {
          await guest(`
iscsiadm -k 0; while pidof iscsid; do sleep 0.1; done > /dev/null
iscsid --foreground --debug 8 > /tmp/iscsid.log 2>&1 < /dev/null &
until iscsiadm -m iface > /dev/null 2>&1; do sleep 0.1; done
${loginTo(portal)}`);
          // What the kernel hands to iscsid once the session is up is Async Messages.
          const handed = async () => Number(await guest('grep -c "recv PDU began" /tmp/iscsid.log || :'));
          const before = await handed();
          portal.volume.grow(2 * sizeBytes);
          await until('the message of the resize', 10_000, async () =>
            (await handed()) === before + 1 ? {} : 'it has not come',
          );
          await portal.stop();
          await guest(
            'for i in $(seq 100); do grep -q "Target requests logout within 1 seconds" /tmp/iscsid.log && exit; sleep 0.1; done; tail -40 /tmp/iscsid.log; false',
          );
          assert.ok(said.includes('session ended'));
          await guest(`logout ${portal.iqn}
iscsiadm -k 0; while pidof iscsid; do sleep 0.1; done > /dev/null; iscsid`);
        }),
    },
    {
      name: 'standard: a target that has moved sends the kernel to where it is, at the login',
      run: () =>
        withPortal(async (portal) => {
          const there = `${machine}:${portOf(portal)}`;
          await withPortal(
            async (old) => {
              await guest(`
login ${old.iqn} ${portOf(old)}
[ "$(cat /sys/class/iscsi_connection/*/address):$(cat /sys/class/iscsi_connection/*/port)" = ${there} ]
disk=$(disk ${old.iqn})
dd if=/dev/urandom of=$disk bs=1M count=4 oflag=direct status=none
logout ${old.iqn}`);
            },
            { movedTo: there },
          );
        }),
    },
  ];
}
