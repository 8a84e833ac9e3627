import {
  type MemoryPool,
  memoryHost,
  memoryPool,
  type MemoryPoolOptions,
} from '../../testing/memory-pool.ts';
import type { StoreHarness } from '../../testing/store-harness.ts';
import { checkPool } from './check/check-pool.ts';
import { volumeStoreContract } from './volume-store.contract.ts';

const harness = (made: MemoryPool): StoreHarness => ({
  pool: made.pool,
  crash: async () => harness(await made.crash()),
  settled: () => made.pool.settled(),
  check: async () => (await checkPool({ devices: made.devices, host: memoryHost(9) })).problems,
});

const MiB = 2 ** 20;
const cases: readonly [string, MemoryPoolOptions][] = [
  ['one device', { deviceBytes: 40 * MiB }],
  [
    'two striped devices, small slices',
    { devices: 2, deviceBytes: 22 * MiB, limits: { freeingNodesPerCheckpoint: 3, deltasMax: 200 } },
  ],
  ['a mirror of two', { layout: 'mirror', devices: 2, deviceBytes: 40 * MiB }],
  ['raidz of four', { layout: 'raidz', devices: 4, deviceBytes: 18 * MiB }],
  ['raidz2 of five', { layout: 'raidz2', devices: 5, deviceBytes: 18 * MiB }],
];
for (const [name, options] of cases)
  volumeStoreContract(name, async (seed) => harness(await memoryPool({ ...options, seed })));
