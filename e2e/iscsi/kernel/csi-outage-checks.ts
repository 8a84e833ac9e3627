/** csi-node when something dies: itself, the target under a writer, the target for good. */
import assert from 'node:assert/strict';
import type { Check } from '../../local/suite.ts';
import { until } from '../../until.ts';
import { ports, type Bed } from './bed.ts';
import { csiVolumes } from './csi-volumes.ts';

export function csiOutageChecks(bed: () => Bed): readonly Check[] {
  const { guest, withVolume } = csiVolumes(bed, ports.targets + 20);

  return [
    {
      name: 'csi-node: killed while a volume is mounted, its successor carries on',
      timeoutMs: 300_000,
      run: () =>
        withVolume('pvc-successor', 'ext4', async (volume) => {
          await volume.up();
          await guest(`echo before > ${volume.path}/file`);
          await bed().csi.kill();
          await guest(`cat ${volume.path}/file`);
          await bed().csi.start();
          await volume.up();
          assert.equal(await guest(`cat ${volume.path}/file`), 'before\n');
          await volume.down();
        }),
    },
    {
      name: 'csi-node: the target killed under a writer and back after a while: no error, every line there',
      timeoutMs: 300_000,
      run: () =>
        withVolume('pvc-outage', 'ext4', async (volume, target) => {
          await volume.up();
          const lines = 100;
          const writer = `for i in $(seq ${lines}); do echo line-$i >> ${volume.path}/log && sync -d ${volume.path}/log || exit 1; sleep 0.05; done`;
          const outage = async () => {
            await until('some lines', 30_000, async () =>
              Number(await guest(`wc -l < ${volume.path}/log`)) > 20 ? {} : 'few',
            );
            await target.kill();
            await new Promise((resolve) => setTimeout(resolve, 15_000));
            const { volumeCondition } = await volume.stats();
            await target.start();
            assert.match(volumeCondition?.message ?? '', /session is FAILED/);
          };
          await Promise.all([guest(writer, 240_000), outage()]);
          await volume.down();
          await volume.up();
          assert.equal(
            await guest(`cat ${volume.path}/log`),
            Array.from({ length: lines }, (_, i) => `line-${i + 1}\n`).join(''),
          );
          await volume.down();
        }),
    },
    {
      name: 'csi-node: a volume whose target is away is unstaged all the same',
      timeoutMs: 300_000,
      run: () =>
        withVolume('pvc-away', 'ext4', async (volume, target) => {
          await volume.up();
          await guest(`sync -f ${volume.path}`);
          await target.kill();
          await volume.unpublish();
          await target.start();
          await volume.unstage();
        }),
    },
    {
      name: 'csi-node: a volume whose target never comes back is gone from the node once its time-out has passed',
      timeoutMs: 300_000,
      run: () =>
        withVolume('pvc-lost', 'ext4', async (volume, target) => {
          await volume.up();
          await guest('for tmo in /sys/class/iscsi_session/*/recovery_tmo; do echo 5 > $tmo; done');
          await target.kill();
          await bed().guest.attempt(`echo unflushed > ${volume.path}/file`);
          await volume.unpublish();
          // The kubelet asks until it is done.
          await until('unstaged', 60_000, async () => {
            await volume.unstage();
            return {};
          });
        }),
    },
  ];
}
