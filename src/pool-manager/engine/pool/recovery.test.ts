/** What an import makes of a pool that may not have all that was promised, and of one that it may not write to. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { contentOf, contentOfAll } from '../../../testing/block-content.ts';
import { flushedImage } from '../../../testing/crash-images.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost, memoryPool, type MemoryPoolOptions } from '../../../testing/memory-pool.ts';
import { DeviceError } from '../block-device.ts';
import { checkPool } from '../check/check-pool.ts';
import { examineDevices } from '../group/examine.ts';
import { labelBytes } from '../group/geometry.ts';
import { relabelled } from '../group/refusals.contract.ts';
import { decodeBlock } from '../log/log-block.ts';
import { PoolRefusal } from '../refusal.ts';
import { PoolFailure } from './pool-parts.ts';
import type { EnginePool } from './open-pool.ts';
import { importPool } from './pool-import.ts';
import { createPool } from './pool-create.ts';

const host = memoryHost(77); // other GUIDs than those of the pools
const MiB = 2 ** 20;
const copyOf = ({ name, sizeBytes }: MemoryDevice, image: ReturnType<MemoryDevice['image']>) =>
  new MemoryDevice({ name, sizeBytes, image });
const reopen = (device: MemoryDevice) => copyOf(device, device.image());
const only = (pool: EnginePool) => must(pool.volumes()[0], 'the volume');
const tag = async (pool: EnginePool, block: number) =>
  Buffer.from(await only(pool).read(block, 1)).readUInt32LE(0);

async function written(options: MemoryPoolOptions = { deviceBytes: 16 * MiB }) {
  const { pool, devices } = await memoryPool(options);
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: MiB });
  return { pool, devices, store, device: must(devices[0], 'the device') };
}

test('going back to an older root makes newcomers of all replicas, and no later import finds what was given up', async () => {
  const { pool, store, device } = await written();
  store.write(1, 0, contentOf(1));
  await pool.settled();
  const before = pool.engine.durableTxg;
  store.write(2, 0, contentOf(2));
  await pool.settled();
  const guid = store.identity.guid;
  await pool.close();
  const left = reopen(device);
  const back = await importPool({ devices: [left], host, rewindBefore: before + 1 });
  expect([await tag(back, 0), only(back).last]).toEqual([1, 1]);
  const newcomer = only(back).identity.guid;
  expect(newcomer).not.toBe(guid);
  only(back).write(2, 1, contentOf(7));
  await only(back).commit();
  back.abandon();
  const again = await importPool({ devices: [reopen(left)], host });
  expect([await tag(again, 0), await tag(again, 1), only(again).identity.guid]).toEqual([1, 7, newcomer]);
  await again.settled();
  expect((await checkPool({ devices: [left], host })).problems).toEqual([]);
});

test('an import that went back and was killed at once is finished by the next one', async () => {
  const { pool, store, device } = await written();
  store.write(1, 0, contentOf(1));
  await pool.settled();
  const before = pool.engine.durableTxg;
  store.write(2, 0, contentOf(2));
  await pool.settled();
  const guid = store.identity.guid;
  await pool.close();
  const left = reopen(device);
  left.record();
  await importPool({ devices: [left], host, rewindBefore: before + 1 });
  const { start, ops } = left.history();
  const [first] = ops.flatMap((op) => (op.do === 'write' ? [op] : []));
  const killed = copyOf(left, start);
  await killed.write(must(first, 'the root that gives up newer ones').offsetBytes, must(first, 'it').data);
  const again = await importPool({ devices: [killed], host });
  expect([await tag(again, 0), only(again).last]).toEqual([1, 1]);
  expect(only(again).identity.guid).not.toBe(guid);
});

test('after going back nothing is replayed that a life of the pool has logged which was given up', async () => {
  const { pool, store, device } = await written();
  store.write(1, 0, contentOf(1));
  await pool.settled();
  const before = pool.engine.durableTxg;
  await pool.close();
  const lived = reopen(device);
  const later = await importPool({ devices: [lived], host });
  await later.settled();
  only(later).write(2, 0, contentOf(2));
  await only(later).commit(); // in the log, where the root that is gone back to says that it goes on
  later.abandon();
  const left = reopen(lived);
  (await importPool({ devices: [left], host, rewindBefore: before + 1 })).abandon(); // before it has logged anything
  const again = await importPool({ devices: [reopen(left)], host });
  expect([await tag(again, 0), only(again).last]).toEqual([1, 1]);
});

/** Where the log's blocks stand on the device, in order of their sequence. */
function logBlocks(device: MemoryDevice): readonly { readonly offset: number; readonly group: number }[] {
  const found: { offset: number; group: number; sequence: number }[] = [];
  for (const [unit, bytes] of device.image()) {
    const offset = unit * 4096;
    if (offset < labelBytes || offset >= labelBytes + MiB) continue;
    const whole = new Uint8Array(256 * 1024);
    for (let i = 0; i < 64; i++) whole.set(device.image().get(unit + i) ?? new Uint8Array(4096), i * 4096);
    const block = bytes[0] === 0x43 ? decodeBlock(whole) : undefined;
    if (block !== undefined) found.push({ offset, group: block.group, sequence: block.sequence });
  }
  return found.toSorted((a, b) => a.sequence - b.sequence);
}

test('a log block that is lost before others makes newcomers, one that is lost at the end is a torn end', async () => {
  for (const [which, last, isNewcomer] of [
    [-1, 2, false],
    [-2, 1, true],
  ] as const) {
    const { store, device } = await written();
    for (let number = 1; number <= 3; number++) {
      store.write(number, number, contentOf(number));
      await store.commit();
    }
    const left = reopen(device);
    left.flipBit(must(logBlocks(left).at(which), 'a block of the log').offset + 200);
    const pool = await importPool({ devices: [left], host });
    expect([only(pool).last, await tag(pool, last), await tag(pool, last + 1)]).toEqual([last, last, 0]);
    expect(only(pool).identity.guid !== store.identity.guid).toBe(isNewcomer);
    await pool.settled();
    expect((await checkPool({ devices: [left], host })).problems).toEqual([]);
  }
});

test('without a device that may be newer, replicas are newcomers', async () => {
  const { store, devices } = await written({ layout: 'mirror', devices: 2, deviceBytes: 16 * MiB });
  store.write(1, 0, contentOf(1));
  await store.commit();
  const alone = await importPool({ devices: [reopen(must(devices[0], 'one'))], host, without: true });
  expect(await tag(alone, 0)).toBe(1);
  expect(only(alone).identity.guid).not.toBe(store.identity.guid);
});

test('a feature that only writers must know leaves the pool readable, and nothing is written', async () => {
  const { pool, store, device } = await written();
  store.write(1, 0, contentOfAll([5, 6]));
  await pool.close();
  const features = { required: [], readOnly: ['checksum-list'] };
  const left = await relabelled(reopen(device), (label) => ({ ...label, features }));
  const { writes } = left;
  const again = await importPool({ devices: [left], host });
  expect(await tag(again, 1)).toBe(6);
  expect(again.status().readOnly).toBe(true);
  expect(() => only(again).write(2, 0, contentOf(1))).toThrow(/read-only.*checksum-list/);
  await expect(only(again).commit()).rejects.toThrow(PoolFailure);
  expect(left.writes).toBe(writes);
});

test('with log devices a flush goes there; when they are gone the log goes on elsewhere', async () => {
  const devices = [0, 1].map((i) => new MemoryDevice({ name: `data-${i}`, sizeBytes: 16 * MiB }));
  const logs = [0, 1].map((i) => new MemoryDevice({ name: `log-${i}`, sizeBytes: 16 * MiB }));
  const pool = await createPool({ layout: 'mirror', groups: [devices], logs: [logs], host });
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: MiB });
  const before = logs.map(({ writes }) => writes);
  store.write(1, 0, contentOf(1));
  await store.commit();
  expect(logs.every(({ writes }, i) => writes > (before[i] ?? 0))).toBe(true);
  const crashed = await importPool({ devices: [...devices, ...logs].map(reopen), host });
  expect(await tag(crashed, 0)).toBe(1);
  for (const log of logs) log.fault = () => new DeviceError(log.name, 'gone');
  store.write(2, 1, contentOf(2));
  expect(await store.commit()).toBe(2);
  store.write(3, 2, contentOf(3));
  expect(await store.commit()).toBe(3);
  expect(pool.status().health).toBe('DEGRADED');
  pool.abandon();
  const again = await importPool({ devices: devices.map(reopen), host });
  expect([await tag(again, 0), await tag(again, 1), await tag(again, 2)]).toEqual([1, 2, 3]);
});

test('log devices that are added take the log over', async () => {
  const { pool, store, device } = await written();
  store.write(1, 0, contentOf(1));
  await store.commit();
  const log = new MemoryDevice({ name: 'log', sizeBytes: 16 * MiB });
  await pool.addGroups({ data: [], log: [[log]], overwrite: [] });
  const { writes } = log;
  store.write(2, 1, contentOf(2));
  await store.commit();
  expect(log.writes).toBeGreaterThan(writes);
  pool.abandon();
  const again = await importPool({ devices: [reopen(device), reopen(log)], host });
  expect([await tag(again, 0), await tag(again, 1)]).toEqual([1, 2]);
  expect(again.status().logGroups).toEqual([['log']]);
});

test('log devices that leave are blank, may come again, and nobody who goes back misses them', async () => {
  const { pool, store, device } = await written();
  const log = new MemoryDevice({ name: 'log', sizeBytes: 16 * MiB });
  await pool.addGroups({ data: [], log: [[log]], overwrite: [] });
  store.write(1, 0, contentOf(1));
  await pool.settled();
  const before = pool.engine.durableTxg;
  store.write(2, 0, contentOf(2));
  await store.commit();
  await pool.removeLogDevices(['log']);
  expect([log.closed, (await examineDevices([reopen(log)])).map(({ kind }) => kind)]).toEqual([
    true,
    ['blank'],
  ]);
  store.write(3, 1, contentOf(3));
  await store.commit();
  const again = await importPool({ devices: [reopen(device), reopen(log)], host });
  expect([await tag(again, 0), await tag(again, 1), again.status().logGroups]).toEqual([2, 3, []]);
  again.abandon();
  const back = await importPool({ devices: [reopen(device)], host, rewindBefore: before + 1 });
  expect([await tag(back, 0), await tag(back, 1)]).toEqual([1, 0]);
  await pool.addGroups({ data: [], log: [[reopen(log)]], overwrite: [] });
  expect(pool.status().logGroups).toEqual([['log']]);
});

test.each([1, 3, Infinity])(
  '%d read errors at any moment of an import: it is refused, or everything is there',
  async (errors) => {
    const { pool, store, device } = await written();
    for (let number = 1; number <= 40; number++) {
      // Some stand in the log themselves, what it refers to is large.
      const blocks = number > 32 ? 64 : 1;
      store.write(number, number, contentOfAll(Array.from({ length: blocks }, () => number)));
      if (number % 8 === 0) await store.commit();
    }
    const image = flushedImage(device);
    pool.abandon();
    const ends: (number | string)[] = [];
    for (let failing = 0, reads = Infinity; failing < reads; failing++) {
      const erring = copyOf(device, image);
      reads = 0;
      erring.fault = (action) =>
        action === 'read' && reads++ >= failing && reads <= failing + errors
          ? new DeviceError(erring.name, 'read error')
          : undefined;
      const end = await importPool({ devices: [erring], host }).then(
        (again) => {
          again.abandon();
          return only(again).last;
        },
        (error: unknown) => (error instanceof PoolRefusal ? 'refused' : String(error)),
      );
      ends.push(end);
    }
    expect(ends.filter((end) => end !== 40 && end !== 'refused')).toEqual([]);
    expect(ends).toContain('refused');
  },
);
