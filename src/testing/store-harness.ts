/** What the contract of stores has to begin with, and how its cases look at a store. */
import { must } from '../shared/assert.ts';
import { blockBytes } from '../shared/block-size.ts';
import type { ManagedPool } from '../pool-manager/engine/pool.ts';
import type { VolumeStore } from '../pool-manager/engine/volume-store.ts';

/** A pool of about 32 MiB, and what can happen to it. */
export interface StoreHarness {
  readonly pool: ManagedPool;
  /** A power cut: what was not made durable may be lost. The pool is imported again. */
  crash(): Promise<StoreHarness>;
  /** Resolves when no background work is left and totals are exact. */
  settled(): Promise<void>;
  /** Walks all of the pool offline; problems found. */
  check(): Promise<readonly string[]>;
}

export type MakeHarness = (seed: number) => Promise<StoreHarness>;

interface StoreInPool {
  readonly harness: StoreHarness;
  readonly store: VolumeStore;
}

/** A new pool with a volume `pv-1`, of 4 MiB unless told. */
export type OneVolume = (sizeBytes?: number) => Promise<StoreInPool>;

export const MiB = 2 ** 20;
export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
export const bytes = (value: string) => new TextEncoder().encode(value);
export const extent = (block: number, count: number, birth: number, mapped: boolean) => ({
  block,
  count,
  birth,
  mapped,
});

export const oneVolumeOf =
  (makeHarness: MakeHarness): OneVolume =>
  async (sizeBytes = 4 * MiB) => {
    const harness = await makeHarness(1);
    const store = await harness.pool.createVolume({ volume: 'pv-1', replicaId: 'r1', sizeBytes });
    return { harness, store };
  };

/** After a crash. */
export async function again(harness: StoreHarness): Promise<StoreInPool> {
  const next = await harness.crash();
  return { harness: next, store: must(next.pool.volumes()[0], 'the volume') };
}

export const tag = async (store: VolumeStore, block: number, snapshot?: string) =>
  Buffer.from(await store.read(block, 1, snapshot)).readUInt32LE(0);

export const births = async (store: VolumeStore, after: number, snapshot?: string) =>
  (await store.births(after, 0, Math.ceil(store.sizeBytes / blockBytes), 1_000, snapshot)).extents;
