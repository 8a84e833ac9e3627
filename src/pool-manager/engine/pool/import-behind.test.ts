/** A pool that serves before what was replayed is in trees: what crashes leave of it, one after the other. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { prng } from '../../../shared/prng.ts';
import { contentOf } from '../../../testing/block-content.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost, memoryPool } from '../../../testing/memory-pool.ts';
import { checkPool } from '../check/check-pool.ts';
import { labelBytes, labelOffsets, logBytesFor } from '../group/geometry.ts';
import { ringOffsetBytes, rootSlotBytes } from '../group/label.ts';
import { slotOf } from '../group/root.ts';
import { logTurnsMax } from '../checkpoint/root-payload.ts';
import type { EnginePool } from './open-pool.ts';
import type { Layout } from '../pool.ts';
import { createPool } from './pool-create.ts';
import { importPool } from './pool-import.ts';

const MiB = 2 ** 20;
const blocks = 512;
const only = (pool: EnginePool) => must(pool.volumes()[0], 'the volume');
const copyOf = ({ name, sizeBytes }: MemoryDevice, image: ReturnType<MemoryDevice['image']>) =>
  new MemoryDevice({ name, sizeBytes, image });

/** Content by block, and a pool that had all of it durable in its log when it was killed. */
async function killed(groups: number, deviceBytes = 16 * MiB) {
  const { pool, devices } = await memoryPool({ deviceBytes });
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: blocks * 4096 });
  const model = new Map<number, number>();
  for (let number = 1; number <= groups; number++) {
    const block = (number * 37) % blocks;
    store.write(number, block, contentOf(number));
    model.set(block, number);
    await store.commit();
  }
  pool.abandon();
  const device = must(devices[0], 'the device');
  return { model, device: copyOf(device, device.image()), guid: store.identity.guid };
}

async function wrong(pool: EnginePool, model: ReadonlyMap<number, number>): Promise<readonly number[]> {
  const found: number[] = [];
  for (const [block, tag] of model)
    if (Buffer.compare(await only(pool).read(block, 1), contentOf(tag)) !== 0) found.push(block);
  return found;
}

/** Roots from `txg` on take for ever: a crash comes before the first of them. */
function keepRoots(device: MemoryDevice, txg: number): void {
  const kept = new Set(
    Array.from({ length: 64 }, (_, i) => ringOffsetBytes + slotOf(txg + i) * rootSlotBytes).flatMap((at) =>
      labelOffsets(device.sizeBytes).map((label) => label + at),
    ),
  );
  device.landing = (offsetBytes) => (kept.has(offsetBytes) ? undefined : offsetBytes);
  device.fault = (op, offsetBytes) =>
    op === 'write' && kept.has(offsetBytes) ? new Promise(() => undefined) : undefined;
}

test('a log longer than a checkpoint takes changes: no crash during its replay forgets what was promised', async () => {
  const { model, device } = await killed(60);
  device.record();
  await importPool({ devices: [device], host: memoryHost(2), limits: { deltasMax: 5 } });
  const { start, ops } = device.history();
  for (let left = 0; left <= ops.length; left++) {
    const crashed = copyOf(device, start);
    for (const op of ops.slice(0, left)) if (op.do === 'write') await crashed.write(op.offsetBytes, op.data);
    const pool = await importPool({ devices: [crashed], host: memoryHost(3) });
    expect([left, await wrong(pool, model), only(pool).last]).toEqual([left, [], 60]);
    pool.abandon();
  }
});

test('what was replayed is durable when the pool serves', async () => {
  const { device, guid } = await killed(20);
  const pool = await importPool({ devices: [device], host: memoryHost(2) });
  expect([only(pool).durable, only(pool).last, only(pool).identity.guid]).toEqual([20, 20, guid]);
});

const seeds = process.env['CASKADE_SEED'] === undefined ? [1, 2, 3] : [Number(process.env['CASKADE_SEED'])];

test.each(seeds)(
  'crashes before any whole root, one after the other: all that was promised is there, seed %i',
  async (seed) => {
    const random = prng(seed);
    const begun = await killed(1 + random.below(30), 512 * MiB); // a log with room for all
    const { model } = begun;
    let { device } = begun;
    for (let crash = 1; crash <= logTurnsMax + 3; crash++) {
      const pool = await importPool({ devices: [device], host: memoryHost(seed + crash) });
      const { engine } = pool;
      keepRoots(device, engine.durableTxg + 1);
      expect([crash, await wrong(pool, model), engine.parts.space.audit()]).toEqual([crash, [], []]);
      expect(only(pool).identity.guid).toBe(begun.guid);
      for (let i = random.below(60); i > 0; i--) {
        const block = random.below(random.chance(0.5) ? 8 : blocks);
        const tag = crash * 1_000 + i;
        await only(pool).room();
        only(pool).write(only(pool).last + 1, block, contentOf(tag));
        model.set(block, tag);
        if (random.chance(0.3)) await only(pool).commit();
        if (random.chance(0.02)) await engine.pins.hold(() => engine.parts.space.cleaning.clean(200));
      }
      await only(pool).commit();
      pool.abandon();
      device = copyOf(device, device.image());
    }
    const pool = await importPool({ devices: [device], host: memoryHost(seed) });
    expect(await wrong(pool, model)).toEqual([]);
    await pool.settled();
    await pool.close();
    const closed = copyOf(device, device.image());
    expect((await checkPool({ devices: [closed], host: memoryHost(9) })).problems).toEqual([]);
  },
  20_000, // beside others
);

test.each<[Layout, number]>([
  ['mirror', 2],
  ['mirror', 3],
  ['raidz', 3],
  ['raidz2', 4],
])(
  '%s of %i: a group that one device alone has is on others, too, before it is relied on',
  async (layout, count) => {
    const devices = Array.from(
      { length: count },
      (_, i) => new MemoryDevice({ name: `memory-${i}`, sizeBytes: 24 * MiB }),
    );
    const pool = await createPool({ layout, groups: [devices], host: memoryHost(1) });
    const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: blocks * 4096 });
    store.write(1, 1, contentOf(1));
    await store.commit();
    // The crash: of the next group only what one device was asked to write first is on its medium.
    let holder: MemoryDevice | undefined;
    const isLog = (offsetBytes: number, { sizeBytes }: MemoryDevice) =>
      offsetBytes >= labelBytes && offsetBytes < labelBytes + logBytesFor(sizeBytes);
    for (const device of devices)
      device.landing = (offsetBytes) =>
        isLog(offsetBytes, device) && (holder ??= device) !== device ? undefined : offsetBytes;
    store.write(2, 2, contentOf(2));
    await store.commit();
    pool.abandon();
    const crashed = devices.map((device) => copyOf(device, device.image()));
    const again = await importPool({ devices: crashed, host: memoryHost(2) });
    expect(only(again)).toMatchObject({ last: 2, durable: 2 });
    for (const device of crashed) keepRoots(device, again.engine.durableTxg + 1);
    only(again).write(3, 3, contentOf(3));
    await only(again).commit();
    again.abandon();
    const left = crashed
      .filter(({ name }) => name !== holder?.name)
      .map((device) => copyOf(device, device.image()));
    const without = await importPool({ devices: left, host: memoryHost(3), without: true });
    const model = new Map([1, 2, 3].map((number) => [number, number]));
    expect([only(without).last, await wrong(without, model)]).toEqual([3, []]);
  },
);
