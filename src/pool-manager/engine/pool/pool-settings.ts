/** What belongs to a pool as a whole and outlives its daemon: the item `pool`, JSON. */
import type { ItemReader } from '../checkpoint/item-store.ts';
import { defaultProperties, type VolumeProperties } from '../volume-store.ts';
import { neverScrubbed, type ScrubState } from './scrub.ts';

export const settingsKey = 'pool';

export interface PoolSettings {
  /** No user may write when more than this part of the pool is in use, in per cent; 100: never. */
  readonly roThresholdPercent: number;
  /** What new volumes begin with. */
  readonly properties: VolumeProperties;
  readonly scrub: ScrubState;
}

export const defaultSettings: PoolSettings = {
  roThresholdPercent: 100,
  properties: defaultProperties,
  scrub: neverScrubbed,
};

/** Rejects with DamagedItemError. */
export async function loadSettings(items: ItemReader): Promise<PoolSettings> {
  if (!items.keys(settingsKey).includes(settingsKey)) return defaultSettings;
  const text = new TextDecoder().decode(await items.get(settingsKey));
  return { ...defaultSettings, ...(JSON.parse(text) as Partial<PoolSettings>) };
}

export const encodeSettings = (settings: PoolSettings): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(settings));
