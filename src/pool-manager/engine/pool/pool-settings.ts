/** What belongs to a pool as a whole and outlives its daemon: the item `pool`, JSON. */
import type { ItemReader } from '../checkpoint/item-store.ts';
import type { PoolProperties } from '../pool.ts';
import { defaultProperties } from '../volume-store.ts';
import { neverScrubbed, type ScrubState } from './scrub.ts';

export const settingsKey = 'pool';

export interface PoolSettings {
  readonly properties: PoolProperties;
  readonly scrub: ScrubState;
  /** By GUID of a device that is copied to: name of the one whose place it takes. */
  readonly replaced: Readonly<Record<string, string>>;
}

export const defaultSettings: PoolSettings = {
  properties: { readOnlyThresholdPercent: 100, compression: defaultProperties.compression },
  scrub: neverScrubbed,
  replaced: {},
};

/** Rejects with DamagedItemError. */
export async function loadSettings(items: ItemReader): Promise<PoolSettings> {
  if (!items.keys(settingsKey).includes(settingsKey)) return defaultSettings;
  const text = new TextDecoder().decode(await items.get(settingsKey));
  return { ...defaultSettings, ...(JSON.parse(text) as Partial<PoolSettings>) };
}

export const encodeSettings = (settings: PoolSettings): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(settings));
