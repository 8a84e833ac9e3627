/** csi-node with the kernel's initiator: the image's role in its own mounts, the host's iscsiadm and iscsid, a real target. */
import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StatusError } from '../../../src/shared/grpc/status-error.ts';
import type { Check } from '../../local/suite.ts';
import { until } from '../../until.ts';
import { ports, type Bed } from './bed.ts';
import { StagedVolume } from './csi-node.ts';
import { csiVolumes, volumeBytes } from './csi-volumes.ts';

async function refusal(call: Promise<unknown>): Promise<StatusError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('the call was not refused');
}

export function csiChecks(bed: () => Bed): readonly Check[] {
  const { guest, withVolume } = csiVolumes(bed, ports.targets);
  const condition = () => bed().api.condition('CaskadeAttachReady');

  return [
    {
      name: 'csi-node: without iscsid the Node says so with the remedy, and a stage is refused with it',
      timeoutMs: 300_000,
      run: async () => {
        await bed().csi.start();
        assert.match(condition()?.message ?? '', /iscsid does not run .* systemctl enable --now iscsid/);
        assert.equal(condition()?.status, 'False');
        const work = async (volume: StagedVolume) => {
          const { code, message } = await refusal(volume.stage());
          assert.match(message, /iscsid does not run .* systemctl enable --now iscsid/);
          assert.equal(code, 'FAILED_PRECONDITION');
          await volume.unstage();
        };
        await withVolume('pvc-no-daemon', 'ext4', work, { daemon: false });
      },
    },
    ...(['ext4', 'xfs'] as const).map((fsType) => ({
      name: `csi-node, ${fsType}: formatted, mounted, written; nothing left over; found again`,
      timeoutMs: 300_000,
      run: () =>
        withVolume(`pvc-${fsType}`, fsType, async (volume, target) => {
          await volume.stage();
          const [device = '', type] = (await guest(`findmnt -no SOURCE,FSTYPE ${volume.staging}`))
            .trim()
            .split(/\s+/);
          assert.equal(type, fsType);
          const sys = `/sys/block/${device.slice('/dev/'.length)}/device`;
          assert.match(
            await guest(`ls -d ${sys}/../../iscsi_session/* | xargs -I% cat %/targetname`),
            new RegExp(target.iqn),
          );
          await volume.publish();
          await guest(
            `dd if=/dev/urandom of=${volume.path}/random bs=1M count=20 status=none; sync -f ${volume.path}; sha256sum < ${volume.path}/random > /tmp/sum`,
          );
          // Again, as a kubelet does that did not hear the answer.
          await volume.up();
          assert.equal((await guest('ls /sys/class/iscsi_session | wc -l')).trim(), '1');
          const { usage, volumeCondition } = await volume.stats();
          assert.equal(volumeCondition?.abnormal, false, volumeCondition?.message);
          const [bytes] = usage ?? [];
          assert.ok(
            Number(bytes?.used) >= 20 << 20 && Number(bytes?.total) <= volumeBytes,
            JSON.stringify(usage),
          );
          await volume.publish('/var/lib/kubelet/pods/other/mount', true);
          const refused = await bed().guest.attempt('touch /var/lib/kubelet/pods/other/mount/file');
          assert.match(refused.output, /Read-only file system/);
          await volume.unpublish('/var/lib/kubelet/pods/other/mount');
          await volume.down();
          assert.equal(await bed().leftovers(), '');
          await volume.down();
          await volume.up();
          assert.equal(await guest(`sha256sum < ${volume.path}/random`), await guest('cat /tmp/sum'));
          await volume.down();
        }),
    })),
    {
      name: 'csi-node: the session has the time-outs and the initiator name that were asked for',
      run: () =>
        withVolume('pvc-settings', 'block', async (volume) => {
          await volume.stage();
          const seen = await guest(
            'cd /sys/class; cat iscsi_session/*/{initiatorname,recovery_tmo} iscsi_connection/*/{ping_tmo,recv_tmo}',
          );
          assert.deepEqual(seen.trim().split('\n'), [
            'iqn.2016-09.com.openebs.csi:vm-node',
            '120',
            '10',
            '5',
          ]);
          assert.match(await guest('cat $(find /etc/iscsi/nodes -type f)'), /node\.startup = manual/);
          await volume.unstage();
        }),
    },
    {
      name: 'csi-node: mutual CHAP from the node-stage secret; a wrong one is refused for good and leaves nothing',
      timeoutMs: 300_000,
      run: async () => {
        const file = join(bed().folder, 'chap');
        await writeFile(file, 'joe secret-of-joe-1\nmutual the-target secret-of-target\n', { mode: 0o600 });
        const secrets = (password: string) => ({
          'node.session.auth.username': 'joe',
          'node.session.auth.password': password,
          'node.session.auth.username_in': 'the-target',
          'node.session.auth.password_in': 'secret-of-target',
        });
        const work = async (volume: StagedVolume) => {
          volume.secrets = secrets('something-else-1');
          assert.equal((await refusal(volume.stage())).code, 'UNAUTHENTICATED');
          volume.secrets = secrets('secret-of-joe-1');
          await volume.up();
          assert.equal(await guest('stat -c %a $(find /etc/iscsi/nodes -type f)'), '600\n');
          await volume.down();
          volume.secrets = secrets('something-else-1');
          assert.equal((await refusal(volume.stage())).code, 'UNAUTHENTICATED');
          await volume.unstage();
        };
        await withVolume('pvc-chap', 'ext4', work, { flags: ['--chap-file', file] });
      },
    },
    {
      name: 'csi-node, block: the pod has the device, what it writes is on the volume',
      run: () =>
        withVolume('pvc-block', 'block', async (volume, target) => {
          await volume.up();
          await guest(
            `[ -b ${volume.path} ] && tr '\\0' x < /dev/zero | dd of=${volume.path} bs=1M count=2 oflag=direct iflag=fullblock status=none`,
          );
          const { usage } = await volume.stats();
          assert.equal(Number(usage?.[0]?.total), volumeBytes);
          await volume.down();
          const file = await open(target.file);
          const { buffer } = await file.read(Buffer.alloc(2 << 20), 0, 2 << 20, 0);
          await file.close();
          assert.ok(buffer.every((byte) => byte === 0x78));
        }),
    },
    {
      name: "csi-node: somebody else's file system is refused and left alone",
      run: () =>
        withVolume('pvc-foreign', 'block', async (volume, target) => {
          await volume.up();
          await guest(`mkfs.xfs -q ${volume.path}; blkid -p ${volume.path} > /tmp/before`);
          await volume.down();
          const mounted = new StagedVolume(bed().csi, 'ext4', target);
          assert.match((await refusal(mounted.stage())).message, /carries xfs .* asks for fsType ext4/);
          await mounted.unstage();
        }),
    },
    {
      name: 'csi-node: the Node says ready once iscsid runs',
      timeoutMs: 300_000,
      run: async () => {
        await until('the condition', 80_000, () =>
          Promise.resolve(condition()?.status === 'True' ? {} : JSON.stringify(condition())),
        );
      },
    },
  ];
}
