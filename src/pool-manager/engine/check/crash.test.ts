/** A few power cuts of every feature; e2e/engine/crash.ts tries ten thousands. */
import { expect, jest, test } from '@jest/globals';
import { prng } from '../../../shared/prng.ts';
import { momentOf, randomCrashImage } from '../../../testing/crash-images.ts';
import { tryCrashes } from '../../../testing/engine/crash-case.ts';
import { type FeatureName, features } from '../../../testing/engine/features.ts';
import type { LayoutName } from '../../../testing/engine/layouts.ts';
import { MemoryDevice, operationsSoFar } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { createPool } from '../pool/pool-create.ts';
import { importPool } from '../pool/pool-import.ts';
import { PoolRefusal } from '../refusal.ts';

jest.setTimeout(120_000);
const seed = Number(process.env['CASKADE_SEED'] ?? 1);
const sizeBytes = 16 * 2 ** 20;

/** Each feature on another layout, by turns. */
const turns: readonly LayoutName[] = ['raidz-3', 'mirror-2', 'raidz2-4', 'mirror-2x2'];
// Keys of the table.
const cases = (Object.keys(features) as FeatureName[]).map((feature, i) => {
  const layout = turns[(i + seed) % turns.length] ?? 'raidz-3';
  return [feature, feature === 'addGroup' ? 'mirror-2' : layout] as const;
});
test.each(cases)(
  `%s on %s: what a crash leaves is a state it was in (CASKADE_SEED=${seed})`,
  async (feature, layout) => {
    expect(await tryCrashes({ feature, layout, seed, statesMax: 6 })).toMatchObject({ states: 6 });
  },
);

test('creation that is interrupted at any moment leaves a pool, or devices that can be given to creation again', async () => {
  const random = prng(5);
  const host = memoryHost(5);
  const devices = [0, 1].map((i) => new MemoryDevice({ name: `memory-${i}`, sizeBytes }));
  for (const device of devices) device.record();
  const from = operationsSoFar();
  (await createPool({ layout: 'mirror', groups: [devices], host })).abandon();
  const to = operationsSoFar();
  const refused = new Set<string>();
  for (let cut = from; cut <= to; cut += 2) {
    const left = devices.map((device) => {
      const image = randomCrashImage(momentOf(device, cut), random);
      return new MemoryDevice({ name: device.name, sizeBytes, image });
    });
    try {
      (await importPool({ devices: left, host })).abandon();
    } catch (error) {
      if (!(error instanceof PoolRefusal)) throw error;
      refused.add(error.reason);
      (await createPool({ layout: 'mirror', groups: [left], host })).abandon();
    }
  }
  expect(['NoPool', 'NoValidRoot', 'DeviceMissing']).toEqual(expect.arrayContaining([...refused]));
});
