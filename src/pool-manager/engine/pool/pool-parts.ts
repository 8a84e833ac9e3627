import type { ItemStore } from '../checkpoint/item-store.ts';
import type { DeviceSet } from '../group/device-set.ts';
import type { LogArea } from '../group/log-area.ts';
import type { EngineHost } from '../host.ts';
import type { LogPosition } from '../log/log-position.ts';
import type { BlockSpace } from '../space/block-space.ts';
import type { Zstd } from '../volume/volume-core.ts';
import type { Damage } from './damage.ts';
import type { EngineLimits } from './engine-limits.ts';
import type { PoolSettings } from './pool-settings.ts';

/** What an open pool is put together of. */
export interface PoolParts {
  readonly guid: string;
  readonly host: EngineHost;
  readonly limits: EngineLimits;
  readonly devices: DeviceSet;
  readonly space: BlockSpace;
  readonly items: ItemStore;
  readonly settings: PoolSettings;
  readonly damage: Damage;
  readonly zstd?: Zstd | undefined;
  readonly logArea: LogArea;
  /** Where the log goes on. */
  readonly log: LogPosition;
  /** The newest root that any device ever had; 0 in a new pool. */
  readonly txg: number;
}

/** The pool can not go on: nothing more becomes durable. What was read before can be read still, as far as devices answer. */
export class PoolFailure extends Error {
  override readonly name = 'PoolFailure';
}
