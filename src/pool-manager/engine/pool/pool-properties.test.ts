import { expect, test } from '@jest/globals';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { nodeZstd } from '../../device/node-zstd.ts';
import type { EnginePool } from './open-pool.ts';
import { createPool } from './pool-create.ts';
import { importPool } from './pool-import.ts';

const host = memoryHost(1);

const packing = (pool: EnginePool) =>
  Object.fromEntries(
    pool
      .volumes()
      .map(({ identity, properties }) => [
        identity.volume,
        `${properties.compression} ${properties.zstdLevel}`,
      ]),
  );

test("the compression of a pool is its volumes' that have no other one, and of those to come", async () => {
  const device = new MemoryDevice({ name: 'memory-0', sizeBytes: 64 * 2 ** 20 });
  const pool = await createPool({ layout: 'stripe', groups: [[device]], host, zstd: nodeZstd });
  const make = (volume: string) => pool.createVolume({ volume, replicaId: 'r', sizeBytes: 2 ** 20 });
  await make('follows');
  const own = await make('own');
  own.setProperties({ compression: 'zstd', zstdLevel: 9 });
  await own.commit();
  await pool.setProperties({ compression: 'lz4' });
  await make('later');
  const expected = { follows: 'lz4 3', own: 'zstd 9', later: 'lz4 3' };
  expect(packing(pool)).toEqual(expected);
  await pool.close();
  const { name, sizeBytes } = device;
  const copy = new MemoryDevice({ name, sizeBytes, image: device.image() });
  const again = await importPool({ devices: [copy], host, zstd: nodeZstd });
  expect(packing(again)).toEqual(expected);
  // Another property is no word on compression.
  await again.setProperties({ readOnlyThresholdPercent: 70 });
  expect(packing(again)).toEqual(expected);
  await again.setProperties({ compression: 'off' });
  expect(packing(again)).toEqual({ ...expected, follows: 'off 3', later: 'off 3' });
});
