/** Linux's initiator by hand: discovery, CHAP, digests, what the disk says of itself, raw I/O, many logins. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Check } from '../../local/suite.ts';
import { memoryPortal, type Portal } from '../portal.ts';
import { ports, type Bed } from './bed.ts';
import { FileTarget } from './file-target.ts';
import { machine } from './guest.ts';

const sizeBytes = 256 << 20;
const chapFile = 'joe secret-of-joe-1\nmutual the-target secret-of-target\n';
const chap = (secret: string, where = 'node.session') =>
  ['authmethod=CHAP', 'username=joe', `password=${secret}`].map((pair) => `${where}.auth.${pair}`);
const mutual = (secret: string) =>
  ['username_in=the-target', `password_in=${secret}`].map((pair) => `node.session.auth.${pair}`);
const digests = (header: boolean, data: boolean) => [
  `node.conn[0].iscsi.HeaderDigest=${header ? 'CRC32C' : 'None'}`,
  `node.conn[0].iscsi.DataDigest=${data ? 'CRC32C' : 'None'}`,
];
const portOf = ({ address }: Portal) => address.slice(address.lastIndexOf(':') + 1);

export function initiatorChecks(bed: () => Bed): readonly Check[] {
  const guest = (script: string, timeoutMs?: number) =>
    bed().guest.run(`. /caskade/own/guest/initiator\nset -e\n${script}`, timeoutMs);
  const withPortal = async (work: (portal: Portal) => Promise<void>, text?: string) => {
    const portal = await memoryPortal({ sizeBytes, ...(text === undefined ? {} : { chap: text }) });
    try {
      await bed().daemon();
      await bed().leavingNothing(() => work(portal));
    } finally {
      await portal.stop();
    }
  };
  const loginTo = (portal: Portal, settings: readonly string[] = []) =>
    `login ${portal.iqn} ${portOf(portal)} ${settings.join(' ')}\ndisk=$(disk ${portal.iqn})`;

  const roundTrip = (name: string, header: boolean, data: boolean, auth: readonly string[] = []): Check => ({
    name: `initiator: ${name}: random data there and back, in odd sizes too`,
    run: () =>
      withPortal(
        async (portal) => {
          await guest(`
${loginTo(portal, [...digests(header, data), ...auth])}
[ "$(cat /sys/class/iscsi_connection/*/{header,data}_digest | tr -d '\\n')" = ${Number(header)}${Number(data)} ]
head -c 8388608 /dev/urandom > /tmp/random
dd if=/tmp/random of=$disk bs=1M oflag=direct status=none
dd if=$disk bs=64k count=128 iflag=direct status=none | cmp - /tmp/random
dd if=/tmp/random of=$disk bs=1536 count=100 seek=7777 oflag=direct status=none
dd if=$disk bs=512 count=300 skip=23331 iflag=direct status=none | cmp - <(head -c 153600 /tmp/random)
logout ${portal.iqn}`);
        },
        auth.length === 0 ? undefined : chapFile,
      ),
  });

  return [
    {
      name: 'initiator: discovery names the target; with CHAP only to those who know the secret',
      run: async () => {
        const discover = (portal: Portal) =>
          `iscsiadm -m discovery -t sendtargets -p ${machine}:${portOf(portal)} -o nonpersistent`;
        await withPortal(async (portal) => {
          assert.match(await guest(discover(portal)), new RegExp(`,1 ${portal.iqn}$`, 'm'));
        });
        await withPortal(async (portal) => {
          const record = `-m discoverydb -t sendtargets -p ${machine}:${portOf(portal)}`;
          const update = chap('secret-of-joe-1', 'discovery.sendtargets').map(
            (pair) => `iscsiadm ${record} -o update -n ${pair.replace('=', ' -v ')}`,
          );
          const found = await guest(
            `iscsiadm ${record} -o new > /dev/null\n${update.join('\n')}\niscsiadm ${record} --discover -o nonpersistent\niscsiadm ${record} -o delete`,
          );
          assert.match(found, new RegExp(`,1 ${portal.iqn}$`, 'm'));
        }, chapFile);
      },
    },
    roundTrip('no digest', false, false),
    roundTrip('header digest', true, false),
    roundTrip('data digest', false, true),
    roundTrip('mutual CHAP and both digests', true, true, [
      ...chap('secret-of-joe-1'),
      ...mutual('secret-of-target'),
    ]),
    {
      name: 'initiator: wrong secret, none, and a target that does not know the mutual secret: no session',
      run: () =>
        withPortal(async (portal) => {
          for (const settings of [
            chap('something-else-1'),
            [],
            [...chap('secret-of-joe-1'), ...mutual('what-it-does-not-know')],
          ]) {
            const retry = 'node.session.initial_login_retry_max=1';
            const { status, output } = await bed().guest.attempt(
              `. /caskade/own/guest/initiator\nlogin ${portal.iqn} ${portOf(portal)} ${settings.join(' ')} ${retry}`,
            );
            assert.notEqual(status, 0, output);
            await guest(`iscsiadm -m node -T ${portal.iqn} -o delete`);
          }
        }, chapFile),
    },
    {
      name: 'initiator: the disk says what it is: identity, cache, FUA, discard, block sizes',
      run: () =>
        withPortal(async (portal) => {
          const told = await guest(`
${loginTo(portal)}
name=\${disk#/dev/}; sys=/sys/block/$name
cat $sys/device/vendor $sys/device/model $sys/queue/{fua,write_cache,logical_block_size,physical_block_size} /sys/class/scsi_disk/*/provisioning_mode
ls -l /dev/disk/by-id | grep -c "wwn-0x6ca5cad.*/$name$"
logout ${portal.iqn}`);
          assert.deepEqual(
            told.split('\n').map((line) => line.trim()),
            ['CASKADE', 'Caskade volume', '1', 'write back', '512', '4096', 'unmap', '1', ''],
          );
        }),
    },
    {
      name: 'initiator: zeroed and discarded ranges read as zeros, their neighbours do not change',
      run: () =>
        withPortal(async (portal) => {
          await guest(`
${loginTo(portal)}
tr '\\0' x < /dev/zero | head -c 16M > /tmp/x
dd if=/tmp/x of=$disk bs=1M oflag=direct status=none
blkdiscard -z -o 1048576 -l 4194304 $disk
blkdiscard -o 8388608 -l 1048576 $disk
zeros $disk 1 4; zeros $disk 8 1
sg_get_lba_status --lba=16384 $disk | grep -q deallocated
sg_get_lba_status --lba=18432 $disk | grep -q mapped
for at in 0 5 7 9; do dd if=$disk bs=1M skip=$at count=1 iflag=direct status=none | cmp -n 1048576 - /tmp/x; done
logout ${portal.iqn}`);
        }),
    },
    {
      name: 'initiator: two hundred logins and logouts, four at a time, leave nothing in the target and nothing in the kernel',
      timeoutMs: 300_000,
      run: async () => {
        const target = new FileTarget(bed().folder, 'churn', ports.targets + 40);
        await target.create(sizeBytes);
        await bed().daemon();
        const rounds = (count: number) =>
          guest(
            `
record="-m node -T ${target.iqn} -p ${machine}:${target.port}"
iscsiadm $record -o new > /dev/null
iscsiadm $record -o update -n node.session.nr_sessions -v 4
for i in $(seq ${count}); do iscsiadm $record --login > /dev/null; iscsiadm $record --logout > /dev/null; done
iscsiadm $record -o delete`,
            280_000,
          );
        try {
          // Names and links are udev's work and most of the time.
          await guest('udevadm control --exit');
          await bed().leavingNothing(async () => {
            await rounds(5);
            const before = usageOf(target.pid);
            await rounds(45);
            const after = usageOf(target.pid);
            assert.equal(after.descriptors, before.descriptors);
            assert.ok(after.bytes < before.bytes + (24 << 20), JSON.stringify({ before, after }));
          });
        } finally {
          await guest('/lib/systemd/systemd-udevd --daemon');
          await target.stop();
        }
      },
    },
  ];
}

/** Open descriptors and resident memory of a process. */
function usageOf(pid: number): { descriptors: number; bytes: number } {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, bytes: Number(kibibytes) * 1024 };
}
