/** Makes a pool of devices. Nothing is written before all of them are judged acceptable. */
import { ItemStore } from '../checkpoint/item-store.ts';
import { storedSum } from '../checksum.ts';
import type { BlockDevice } from '../block-device.ts';
import { createDeviceSet } from '../group/create-set.ts';
import type { OwnerOptions } from '../group/owner.ts';
import type { EngineHost } from '../host.ts';
import { firstPosition } from '../log/log-position.ts';
import type { Layout } from '../pool.ts';
import { createBlockSpace } from '../space/space.ts';
import type { Zstd } from '../volume/volume-core.ts';
import { Damage } from './damage.ts';
import { defaultLimits, type EngineLimits } from './engine-limits.ts';
import { EnginePool } from './open-pool.ts';
import { defaultSettings } from './pool-settings.ts';

export interface CreateOptions {
  readonly layout: Layout;
  /** stripe: any number of devices, each on its own however they are grouped; else the devices of each group. */
  readonly groups: readonly (readonly BlockDevice[])[];
  /** For the intent log alone; those of one list are copies of each other. */
  readonly logs?: readonly (readonly BlockDevice[])[];
  /** Names of devices whose content may be destroyed. */
  readonly overwrite?: readonly string[];
  readonly host: EngineHost;
  /** Undefined: no heartbeat; for tests. */
  readonly owner?: OwnerOptions | undefined;
  readonly zstd?: Zstd;
  readonly limits?: Partial<EngineLimits>;
}

/** Throws PoolRefusal; the pool is durable when answered. */
export async function createPool(options: CreateOptions): Promise<EnginePool> {
  const { host, zstd } = options;
  const devices = await createDeviceSet(options);
  const damage = new Damage();
  const pause = () => host.pause();
  const space = createBlockSpace({
    groups: devices.groups,
    nextBatch: 1,
    storedSum,
    onRot: damage.unit,
    discard: true,
    pause,
  });
  const pool = new EnginePool({
    guid: devices.pool,
    host,
    limits: { ...defaultLimits, ...options.limits },
    devices,
    space,
    items: new ItemStore(devices.groups, space, pause),
    settings: defaultSettings,
    damage,
    zstd,
    logArea: devices.logs.devices ?? devices.logs.ring,
    log: firstPosition(1),
    txg: 0,
  });
  await pool.begin();
  return pool;
}
