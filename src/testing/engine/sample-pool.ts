/** A pool with some of everything in it, from a seed, for readers of the format. */
import { blockBytes } from '../../shared/block-size.ts';
import { prng } from '../../shared/prng.ts';
import type { BlockDevice } from '../../pool-manager/engine/block-device.ts';
import type { EngineHost } from '../../pool-manager/engine/host.ts';
import { createPool } from '../../pool-manager/engine/pool/pool-create.ts';
import type { Layout } from '../../pool-manager/engine/pool.ts';
import type { Zstd } from '../../pool-manager/engine/volume/volume-core.ts';
import type { Compression, VolumeStore } from '../../pool-manager/engine/volume-store.ts';
import { changeBoth } from '../volume-changes.ts';
import { VolumeModel } from '../volume-model.ts';

/** Content by view: `volume`, or `volume@snapshot`. */
export type SampleViews = ReadonlyMap<string, VolumeModel['state']>;

/**
 * Three volumes: one as it is, one compressed, one a clone of the first; with `zstd` a fourth one, compressed so. Closed in
 * order, or left as a power cut leaves it, with the last commits in the log alone.
 */
export async function makeSamplePool(options: {
  readonly layout: Layout;
  readonly groups: readonly (readonly BlockDevice[])[];
  readonly host: EngineHost;
  readonly seed: number;
  readonly steps: number;
  readonly volumeBlocks: number;
  readonly logs?: readonly (readonly BlockDevice[])[];
  readonly zstd?: Zstd;
  readonly isCut?: boolean;
}): Promise<SampleViews> {
  const { layout, groups, logs = [], host, zstd, seed, steps, volumeBlocks, isCut = false } = options;
  const random = prng(seed);
  const limits = { deltasMax: 300, freeingNodesPerCheckpoint: 5 };
  const pool = await createPool({
    layout,
    groups,
    logs,
    host,
    limits,
    ...(zstd === undefined ? {} : { zstd }),
  });
  const volumes: { readonly store: VolumeStore; readonly model: VolumeModel }[] = [];
  const compressions: Readonly<Record<string, Compression>> = {
    plain: 'off',
    packed: 'lz4',
    ...(zstd === undefined ? {} : { dense: 'zstd' }),
  };
  for (const [volume, compression] of Object.entries(compressions)) {
    const sizeBytes = volumeBlocks * blockBytes;
    const store = await pool.createVolume({ volume, replicaId: 'r1', sizeBytes });
    if (compression !== 'off') store.setProperties({ ...store.properties, compression });
    volumes.push({ store, model: new VolumeModel(sizeBytes) });
  }
  const change = async (step: number) => {
    const { store, model } = random.pick(volumes);
    await store.room();
    changeBoth(store, model, random, step);
    if (random.chance(0.1)) await store.commit();
  };
  for (let step = 1; step <= steps; step++) {
    await change(step);
    if (step === Math.floor(steps / 2)) volumes.push(await cloneOf(pool, volumes[0]));
  }
  await pool.settled();
  for (let step = steps + 1; isCut && step <= 2 * steps; step++) await change(step);
  await pool.commit();
  if (isCut) pool.abandon();
  else await pool.close();
  return new Map(
    volumes.flatMap(({ store: { identity }, model }) => [
      [identity.volume, model.state] as const,
      ...[...model.snapshots].map(([name, state]) => [`${identity.volume}@${name}`, state] as const),
    ]),
  );
}

async function cloneOf(
  pool: Awaited<ReturnType<typeof createPool>>,
  from: { readonly store: VolumeStore; readonly model: VolumeModel } | undefined,
): Promise<{ store: VolumeStore; model: VolumeModel }> {
  if (from === undefined) throw new Error('there is a volume to clone');
  const snapshot = 'origin';
  from.store.snapshot(snapshot);
  from.model.snapshots.set(snapshot, from.model.state);
  const origin = from.store.identity.guid;
  const store = await pool.cloneVolume({ volume: 'clone', replicaId: 'r1', origin, snapshot });
  const model = new VolumeModel(0);
  model.state = { ...from.model.state, record: '' };
  return { store, model };
}
