/** A pool as of its root: devices judged, items, table and descriptions of volumes read. Nothing is written. */
import type { BlockDevice } from '../block-device.ts';
import { DamagedItemError, ItemStore } from '../checkpoint/item-store.ts';
import { decodeRootPayload, type RootPayload } from '../checkpoint/root-payload.ts';
import { storedSum } from '../checksum.ts';
import { type OpenedSet, openDeviceSet } from '../group/open-set.ts';
import type { OwnerOptions } from '../group/owner.ts';
import type { EngineHost } from '../host.ts';
import { UnreadableLogError } from '../log/log-reader.ts';
import { UnknownRecordError } from '../log/record-reader.ts';
import { BadNodeError } from '../map/node-store.ts';
import { PoolRefusal } from '../refusal.ts';
import type { BlockSpace } from '../space/block-space.ts';
import { createBlockSpace } from '../space/space.ts';
import type { Zstd } from '../volume/volume-core.ts';
import { loadVolumes } from '../volume/volume-items.ts';
import type { VolumeStart } from '../volume/volume-state.ts';

import { Damage } from './damage.ts';
import { loadSettings, type PoolSettings } from './pool-settings.ts';

/** Batch numbers that are skipped at each import: more than a crash or a rewind can have forgotten. */
const batchesSkipped = 2 ** 20;

export interface LoadOptions {
  readonly devices: readonly BlockDevice[];
  /** Consent to go on without devices that may have newer data than what is here. */
  readonly without?: boolean;
  /** Goes back to the newest root that is older than this checkpoint; what came later is given up. */
  readonly rewindBefore?: number;
  /** Nothing is written, not even a repair; what only the log has is not there. */
  readonly readOnly?: boolean;
  readonly host: EngineHost;
  readonly zstd?: Zstd;
  /** Undefined: no heartbeat is watched or written; for tools that only look, and tests. */
  readonly owner?: OwnerOptions | undefined;
}

export interface LoadedPool {
  readonly opened: OpenedSet;
  readonly payload: RootPayload;
  readonly items: ItemStore;
  readonly space: BlockSpace;
  readonly settings: PoolSettings;
  readonly damage: Damage;
  readonly starts: readonly VolumeStart[];
}

/** Throws PoolRefusal. Whoever gets the answer ends it with `opened.set.abandon()` or `close()`. */
export async function loadPool(options: LoadOptions): Promise<LoadedPool> {
  const { devices, without = false, rewindBefore, owner, readOnly = false } = options;
  const txgMax = rewindBefore === undefined ? {} : { txgMax: rewindBefore - 1 };
  const opened = await openDeviceSet({ devices, without, owner, readOnly, ...txgMax });
  try {
    return await refusingDamage(opened.set.pool, () => load(opened, () => options.host.pause()));
  } catch (error) {
    opened.set.abandon();
    throw error;
  }
}

async function load(opened: OpenedSet, pause: () => Promise<void>): Promise<LoadedPool> {
  const { set, root } = opened;
  const payload = decodeRootPayload(root.payload);
  const nextBatch = payload.nextBatch + batchesSkipped;
  const damage = new Damage();
  const space = createBlockSpace({
    groups: set.groups,
    nextBatch,
    storedSum,
    pause,
    onRot: damage.unit,
    discard: true,
  });
  const items = new ItemStore(set.groups, space, pause);
  await items.load(payload.directory);
  await space.load(items, root.txg, nextBatch);
  items.claim();
  return {
    opened,
    payload,
    items,
    space,
    damage,
    settings: await loadSettings(items),
    starts: await loadVolumes(items),
  };
}

/** What is unreadable, or not what a release has written, becomes a refusal. */
export async function refusingDamage<T>(pool: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isDamage =
      error instanceof DamagedItemError ||
      error instanceof BadNodeError ||
      error instanceof UnknownRecordError ||
      error instanceof UnreadableLogError ||
      error instanceof RangeError;
    if (!isDamage) throw error;
    throw new PoolRefusal(
      'Damaged',
      `pool ${pool}: ${error.message}; restore the devices, import with rewind, or rebuild the replicas`,
      { cause: error },
    );
  }
}
