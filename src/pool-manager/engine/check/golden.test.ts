/** Pools that were written by the release that brought their format version: they must import for ever. */
import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { difference, type ModelState, VolumeModel } from '../../../testing/volume-model.ts';
import { importPool } from '../pool/pool-import.ts';
import { checkPool } from './check-pool.ts';

interface Golden {
  readonly devices: readonly {
    readonly name: string;
    readonly sizeBytes: number;
    readonly units: readonly (readonly [number, string])[];
  }[];
  /** By `volume` and `volume@snapshot`. */
  readonly views: Readonly<Record<string, ModelState>>;
}

const folder = join(import.meta.dirname, 'testdata');

test.each(readdirSync(folder).filter((name) => name.endsWith('.json.gz')))('%s', async (name) => {
  // Our own file.
  const golden = JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString()) as Golden;
  const devices = golden.devices.map(({ units, ...device }) => {
    const image = new Map(units.map(([unit, bytes]) => [unit, new Uint8Array(Buffer.from(bytes, 'base64'))]));
    return new MemoryDevice({ ...device, image });
  });
  const host = memoryHost(1);
  expect((await checkPool({ devices, host })).problems).toEqual([]);
  const pool = await importPool({ devices, host });
  const models = new Map<string, VolumeModel>();
  for (const [view, state] of Object.entries(golden.views)) {
    const [volume = '', snapshot] = view.split('@');
    const model = models.get(volume) ?? new VolumeModel(0);
    models.set(volume, model);
    if (snapshot === undefined) model.state = state;
    else model.snapshots.set(snapshot, state);
  }
  expect(
    pool
      .volumes()
      .map(({ identity }) => identity.volume)
      .toSorted(),
  ).toEqual([...models.keys()].toSorted());
  for (const store of pool.volumes())
    expect(await difference(store, models.get(store.identity.volume) ?? new VolumeModel(0))).toBeUndefined();
  await pool.close();
});
