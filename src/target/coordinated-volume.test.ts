import { expect, test } from '@jest/globals';
import { TargetBench } from '../testing/replication/bench.ts';
import { cdbs, iqn, told } from '../testing/scsi-rig.ts';
import { CoordinatedVolume } from './coordinated-volume.ts';
import { LogicalUnit } from './scsi/logical-unit.ts';
import type { ScsiResult } from './scsi/status.ts';

const lost = '3/0c00';

test('flushes after a lossy recovery fail until their initiator is answered so: an aborted one counts for nothing', async () => {
  const bench = new TargetBench().serve('A', 'B', 'C');
  const volume = new CoordinatedVolume(bench.coordinator, () => 0);
  volume.lost(bench.epoch);
  const unit = new LogicalUnit(volume, iqn, () => Promise.resolve());
  const [one, other] = ['iqn.a', 'iqn.b'].map((name) => {
    const nexus = unit.attach(`${name},i,0x1`);
    nexus.take();
    return (): Promise<ScsiResult> => {
      const cdb = Uint8Array.from([...cdbs[10](0x35, 0, 0), 0, 0, 0, 0, 0, 0]);
      const dataOut = new Uint8Array(0);
      return unit.execute(nexus, {
        lun: 0,
        cdb,
        attribute: 1,
        dataOut,
        roomBytes: 0,
        isAborted: () => false,
      });
    };
  });
  expect(told(await one!())).toBe(lost); // nobody is answered
  const second = await one!();
  expect(told(second)).toBe(lost);
  second.answered?.();
  const third = one!();
  expect(told(await other!())).toBe(lost);
  bench.acknowledge('durable', 'A', 'B', 'C');
  expect(told(await third)).toBe(0);
});
