/** A power cut at every moment: what is left opens, is a prefix of what was done, and walks clean. */
import { expect, jest, test } from '@jest/globals';
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { type Prng, prng } from '../../shared/prng.ts';
import { crashImages, momentOf, randomCrashImage } from '../../testing/crash-images.ts';
import { type Image, MemoryDevice, operationsSoFar } from '../../testing/memory-device.ts';
import { memoryHost, memoryPool, type MemoryPoolOptions } from '../../testing/memory-pool.ts';
import { contentOfAll } from '../../testing/block-content.ts';
import { changeBoth } from '../../testing/volume-changes.ts';
import { difference, VolumeModel } from '../../testing/volume-model.ts';
import { checkPool } from './check.ts';
import { examineDevices } from './examine.ts';
import { labelOffsets, ringOffsetBytes, rootSlotBytes } from './label.ts';
import { createPool } from './pool-create.ts';
import { importPool } from './pool-import.ts';
import { PoolRefusal } from './refusal.ts';
import { slotOf } from './root.ts';

jest.setTimeout(120_000);
const host = memoryHost(77);
const sizeBytes = 16 * 2 ** 20;

/** A run that was recorded: states in order, and which of them each moment must not fall behind. */
interface Run {
  readonly devices: readonly MemoryDevice[];
  readonly states: readonly VolumeModel[];
  /** From operation `at` on, state `index` is durable. */
  readonly durable: readonly { readonly at: number; readonly index: number }[];
  readonly from: number;
  readonly to: number;
}

interface RunOptions extends MemoryPoolOptions {
  readonly steps: number;
  readonly commitChance: number;
}

async function record(options: RunOptions, random: Prng): Promise<Run> {
  const { steps, commitChance } = options;
  const { pool, devices } = await memoryPool({ deviceBytes: sizeBytes, ...options });
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 200 * blockBytes });
  const model = new VolumeModel(store.sizeBytes);
  const states = [model.clone()];
  const from = operationsSoFar();
  const durable = [{ at: from, index: 0 }];
  for (let step = 1; step <= steps; step++) {
    changeBoth(store, model, random, step);
    states.push(model.clone());
    const index = states.length - 1;
    const noted = async () => {
      await store.commit();
      durable.push({ at: operationsSoFar(), index });
    };
    const draw = random.below(100) / 100;
    if (draw < commitChance) await noted();
    else if (draw < 1.5 * commitChance) void noted(); // the next changes overtake it
  }
  await pool.settled();
  return { devices, states, durable, from, to: operationsSoFar() };
}

async function judge(run: Run, cut: number, images: readonly Image[], what: string): Promise<void> {
  const open = () =>
    run.devices.map(
      ({ name }, i) => new MemoryDevice({ name, sizeBytes, image: must(images[i], 'an image') }),
    );
  expect({ what, problems: (await checkPool({ devices: open(), host })).problems }).toEqual({
    what,
    problems: [],
  });
  const devices = open();
  const pool = await importPool({ devices, host });
  const store = must(
    pool.volumes().find(({ identity }) => identity.volume === 'pv'),
    'the volume',
  );
  const least = run.durable.filter(({ at }) => at <= cut).reduce((max, { index }) => Math.max(max, index), 0);
  let found: string | undefined;
  let survived = false;
  for (const state of run.states.slice(least)) {
    found = await difference(store, state);
    survived = found === undefined;
    if (survived) break;
  }
  if (!survived)
    throw new Error(`${what}: the state is none from ${least} on; the last one differs: ${found ?? ''}`);
  await pool.settled();
  expect({ what, problems: (await checkPool({ devices, host })).problems }).toEqual({ what, problems: [] });
}

test('one device: every subset of unflushed writes at every moment of a small run', async () => {
  const run = await record({ seed: 3, steps: 32, commitChance: 0.5 }, prng(11));
  let images = 0;
  for (let cut = run.from; cut <= run.to; cut++)
    for (const image of crashImages(momentOf(must(run.devices[0], 'the device'), cut))) {
      images++;
      await judge(run, cut, [image], `operation ${cut - run.from}, image ${images}`);
    }
  expect(images).toBeGreaterThan(100);
});

const layouts: readonly (readonly [string, MemoryPoolOptions])[] = [
  ['one device', {}],
  ['two striped', { devices: 2 }],
  ['a mirror of two', { layout: 'mirror', devices: 2 }],
];
const seeds = process.env['CASKADE_SEED'] === undefined ? [1] : [Number(process.env['CASKADE_SEED'])];
test.each(layouts.flatMap(([name, options]) => seeds.map((seed) => [name, seed, options] as const)))(
  '%s: torn writes at random moments of a longer run (CASKADE_SEED=%d)',
  async (name, seed, options) => {
    const random = prng(seed);
    const limits = { freeingNodesPerCommit: 2 };
    const run = await record({ ...options, seed, limits, steps: 120, commitChance: 0.15 }, random);
    for (let i = 0; i < 25; i++) {
      const cut = run.from + random.below(run.to - run.from + 1);
      const images = run.devices.map((device) => randomCrashImage(momentOf(device, cut), random));
      expect(images).toHaveLength(run.devices.length);
      await judge(run, cut, images, `${name}, seed ${seed}, operation ${cut - run.from}`);
    }
  },
);

test('the two roots before the newest are whole, however soon freed space is written again', async () => {
  const random = prng(21);
  const { pool, devices } = await memoryPool({ deviceBytes: sizeBytes });
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 3_000 * blockBytes });
  const content = (count: number) => contentOfAll(Array.from({ length: count }, (_, i) => i + 1));
  for (let block = 0; block < 3_000; block += 500) store.write(block + 1, block, content(500));
  await pool.settled();
  const from = operationsSoFar();
  for (let number = store.last + 1; number < 2_600; number++) {
    await store.room(); // little is left: each write takes places that the ones before gave back
    store.write(number, random.below(2_800), content(150));
    await store.commit();
    if (number % 5 === 0 && operationsSoFar() - from > 800) break;
  }
  const device = must(devices[0], 'the device');
  const large = device
    .history()
    .ops.filter((op) => op.do === 'write' && op.at >= from && op.data.byteLength > 2 ** 17);
  for (let i = 0; i < 12; i++) {
    const cut = random.pick(large).at + 1; // data has just gone out, no root names it
    const image = randomCrashImage(momentOf(device, cut), random);
    for (const rotten of [1, 2]) {
      const left = new MemoryDevice({ name: 'memory-0', sizeBytes, image });
      for (let k = 0; k < rotten; k++) await rotNewestRoot(left);
      const what = `operation ${cut - from}, ${rotten} roots rotten`;
      const { problems } = await checkPool({ devices: [left], host });
      expect({ what, problems }).toEqual({ what, problems: [] });
    }
  }
});

async function rotNewestRoot(device: MemoryDevice): Promise<void> {
  const [finding] = await examineDevices([device]);
  const txg = Math.max(...(finding?.kind === 'pool' ? finding.roots.map((root) => root.txg) : []));
  for (const label of labelOffsets(sizeBytes))
    device.flipBit(label + ringOffsetBytes + slotOf(txg) * rootSlotBytes + 100);
}

test('creation that is interrupted at any moment leaves a pool, or devices that can be given to creation again', async () => {
  const random = prng(5);
  const devices = [0, 1].map((i) => new MemoryDevice({ name: `memory-${i}`, sizeBytes }));
  for (const device of devices) device.record();
  const from = operationsSoFar();
  await createPool({ layout: 'mirror', groups: [devices], host });
  for (let cut = from; cut <= operationsSoFar(); cut++)
    for (let i = 0; i < 3; i++) {
      const left = devices.map(
        (device) =>
          new MemoryDevice({
            name: device.name,
            sizeBytes,
            image: randomCrashImage(momentOf(device, cut), random),
          }),
      );
      const outcome = await importPool({ devices: left, host }).then(
        () => 'imported',
        (error: unknown) => (error instanceof PoolRefusal ? error.reason : error),
      );
      if (outcome === 'imported') continue;
      expect(['NoPool', 'NoValidRoot', 'DeviceMissing']).toContain(outcome);
      await createPool({ layout: 'mirror', groups: [left], host });
    }
});
