/** A real pool on devices in memory, for the tests of whatever stands on one. */
import type { EngineHost } from '../pool-manager/engine/host.ts';
import type { EnginePool } from '../pool-manager/engine/pool/open-pool.ts';
import type { Layout } from '../pool-manager/engine/pool.ts';
import type { EngineLimits } from '../pool-manager/engine/pool/engine-limits.ts';
import { createPool } from '../pool-manager/engine/pool/pool-create.ts';
import { importPool } from '../pool-manager/engine/pool/pool-import.ts';
import { must } from '../shared/assert.ts';
import { prng } from '../shared/prng.ts';
import { flushedImage } from './crash-images.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryDevice } from './memory-device.ts';

export interface MemoryPoolOptions {
  readonly layout?: Layout;
  /** How many devices: one group of all of them, but for a stripe. */
  readonly devices?: number;
  readonly deviceBytes?: number;
  readonly seed?: number;
  readonly limits?: Partial<EngineLimits>;
  /** How long work lets others go first; a turn of the microtask queue without it. */
  readonly pause?: () => Promise<void>;
}

export interface MemoryPool {
  readonly pool: EnginePool;
  readonly devices: readonly MemoryDevice[];
  /** A power cut: of what was written only that survives which was flushed. The old pool is gone, this one is imported. */
  crash(): Promise<MemoryPool>;
  /** Closes the pool and imports it. */
  restart(): Promise<MemoryPool>;
}

/** GUIDs from a seed; pauses are turns of the microtask queue, if nothing else is said; time stands still. */
export function memoryHost(seed: number, pause: () => Promise<void> = () => Promise.resolve()): EngineHost {
  const random = prng(seed);
  return {
    randomBytes: (length) => random.bytes(length),
    pause,
    clock: new ManualClock(),
  };
}

export async function memoryPool(options: MemoryPoolOptions = {}): Promise<MemoryPool> {
  const { layout = 'stripe', devices: count = 1, deviceBytes: sizeBytes = 64 * 2 ** 20, seed = 1 } = options;
  const devices = Array.from(
    { length: count },
    (_, i) => new MemoryDevice({ name: `memory-${i}`, sizeBytes }),
  );
  for (const device of devices) device.record();
  const host = memoryHost(seed, options.pause);
  const limits = options.limits ?? {};
  return around(await createPool({ layout, groups: [devices], host, limits }), devices, host, limits);
}

function around(
  pool: EnginePool,
  devices: readonly MemoryDevice[],
  host: EngineHost,
  limits: Partial<EngineLimits>,
): MemoryPool {
  const reopen = async (image: (device: MemoryDevice) => ReadonlyMap<number, Uint8Array>) => {
    const again = devices.map((device) => {
      const { name, sizeBytes } = device;
      const copy = new MemoryDevice({ name, sizeBytes, image: image(device) });
      copy.record();
      return copy;
    });
    return around(await importPool({ devices: again, host, limits }), again, host, limits);
  };
  return {
    pool,
    devices,
    crash: async () => {
      const images = new Map(devices.map((device) => [device, flushedImage(device)]));
      pool.abandon();
      return await reopen((device) => must(images.get(device), 'its image'));
    },
    restart: async () => {
      await pool.close();
      return await reopen((device) => device.image());
    },
  };
}
