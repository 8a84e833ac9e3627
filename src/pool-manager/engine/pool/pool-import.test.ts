import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import type { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { labelOffsets } from '../group/geometry.ts';
import { ringOffsetBytes, rootSlotBytes } from '../group/label.ts';
import { blank, copyOf, MiB, testRefusals, type Pools } from '../group/refusals.contract.ts';
import { slotOf } from '../group/root.ts';
import { createPool } from './pool-create.ts';
import { importPool } from './pool-import.ts';

let seed = 1;
const create: Pools['create'] = async (devices, layout = 'stripe', overwrite = []) => {
  const pool = await createPool({ layout, groups: [devices], overwrite, host: memoryHost(seed++) });
  await pool.close();
  return pool.guid;
};
const imported = (devices: readonly MemoryDevice[]) => importPool({ devices, host: memoryHost(1) });
const open: Pools['open'] = async (devices) => {
  const pool = await imported(devices);
  const { devices: all, health } = pool.status();
  return { guid: pool.guid, names: all.map(({ name }) => name), isWhole: health === 'ONLINE' };
};

testRefusals({ create, open });

test.each(['stripe', 'raidz'] as const)(
  '%s: two crashes in a row that keep a root from some of the devices',
  async (layout) => {
    const count = { stripe: 2, raidz: 3 }[layout];
    let devices = Array.from({ length: count }, (_, i) => blank(`d${i}`));
    const groups = layout === 'stripe' ? devices.map((device) => [device]) : [devices];
    let pool = await createPool({ layout, groups, host: memoryHost(seed++) });
    const volume = await pool.createVolume({ volume: 'v', replicaId: 'r', sizeBytes: MiB });
    for (let crash = 1; crash <= 3; crash++) {
      const store = must(pool.volumes()[0], 'the volume');
      store.write(store.last + 1, crash, new Uint8Array(4096).fill(crash));
      await store.commit();
      const txg = pool.engine.parts.devices.openTxg;
      for (const device of devices.slice(1)) keepFrom(device, txg);
      await pool.engine.checkpoints.after();
      pool.abandon();
      devices = devices.map((device) => copyOf(device));
      // the checkpoint of the import is kept from them as well
      for (const device of devices.slice(1)) keepFrom(device, txg + 1);
      pool = await imported(devices);
      pool.abandon();
      devices = devices.map((device) => copyOf(device));
      pool = await imported(devices);
      for (let block = 1; block <= crash; block++)
        expect((await must(pool.volumes()[0], 'the volume').read(block, 1))[0]).toBe(block);
      expect(pool.volumes()[0]?.identity).toEqual(volume.identity);
    }
  },
);

/** A root never lands there. */
function keepFrom(device: MemoryDevice, txg: number): void {
  const slots = labelOffsets(device.sizeBytes).map(
    (offset) => offset + ringOffsetBytes + slotOf(txg) * rootSlotBytes,
  );
  device.landing = (offsetBytes) => (slots.includes(offsetBytes) ? undefined : offsetBytes);
}
