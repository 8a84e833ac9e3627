/** What a mirror does when a copy is bad, a device fails, or one comes back stale. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost, memoryPool, type MemoryPoolOptions } from '../../../testing/memory-pool.ts';
import { contentOf, contentOfAll } from '../../../testing/block-content.ts';
import { DeviceError } from '../block-device.ts';
import { checkPool } from '../check/check-pool.ts';
import { labelBytes } from '../group/geometry.ts';
import type { EnginePool } from './open-pool.ts';
import { importPool } from './pool-import.ts';
import { BadBlockError } from '../volume-store.ts';

const host = memoryHost(1);
const two: MemoryPoolOptions = { layout: 'mirror', devices: 2, deviceBytes: 16 * 2 ** 20 };
const tags = (from: number, count: number) => contentOfAll(Array.from({ length: count }, (_, i) => from + i));

async function written(options: MemoryPoolOptions = two) {
  const { pool, devices } = await memoryPool(options);
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 4 * 2 ** 20 });
  store.write(1, 0, tags(1, 300));
  await store.commit();
  return { pool, devices, store, a: must(devices[0], 'a'), b: must(devices[1], 'b') };
}

const reopen = (device: MemoryDevice) =>
  new MemoryDevice({ name: device.name, sizeBytes: device.sizeBytes, image: device.image() });
const only = (pool: EnginePool) => must(pool.volumes()[0], 'the volume');
/** Flips a bit in each unit that is not a label and not all zeros. */
function rot(device: MemoryDevice, chance: (unit: number) => boolean = () => true): number {
  let count = 0;
  for (const [unit, bytes] of device.image()) {
    const offset = unit * blockBytes;
    if (offset < labelBytes || offset >= device.sizeBytes - labelBytes) continue;
    if (bytes.every((byte) => byte === 0) || !chance(unit)) continue;
    device.flipBit(offset + 77);
    count++;
  }
  return count;
}
const health = (pool: EnginePool) => [
  pool.status().health,
  ...pool.status().devices.map((device) => device.health),
];

test('bad copies are read from the other device, mended and counted', async () => {
  const { devices, a, b, pool } = await written();
  await pool.close();
  const [first, second] = [reopen(a), reopen(b)];
  rot(first, (unit) => unit % 2 === 0);
  rot(second, (unit) => unit % 2 === 1);
  const again = await importPool({ devices: [first, second], host });
  const readAllTwice = async () => {
    for (let block = 0; block < 300; block++)
      for (let turn = 0; turn < 2; turn++)
        expect(Buffer.from(await only(again).read(block, 1)).equals(contentOf(block + 1))).toBe(true);
  };
  await readAllTwice(); // each device is asked first once
  const counted = again.status().devices.map((device) => device.checksumErrors);
  expect(counted.every((errors) => errors > 100)).toBe(true);
  await readAllTwice();
  expect(again.status().devices.map((device) => device.checksumErrors)).toEqual(counted);
  expect(again.status().health).toBe('ONLINE');
  await again.scrub('start'); // what nobody has read yet
  await again.settled();
  expect(again.status().scrub).toMatchObject({ state: 'DONE', lostBlocks: 0 });
  await again.close();
  expect((await checkPool({ devices: [reopen(first)], host, without: true })).problems).toEqual([]);
  expect(devices.length).toBe(2);
});

test('a block that is bad everywhere is an error with its number, never wrong data, and the others are read', async () => {
  const { store, a, b } = await written();
  const bad = must(
    [...a.image()].find(([, bytes]) => Buffer.from(bytes).equals(contentOf(8))),
    'the unit of block 7',
  )[0];
  for (const device of [a, b]) device.flipBit(bad * blockBytes);
  await expect(store.read(5, 5)).rejects.toMatchObject({ name: 'BadBlockError', block: 7 });
  await expect(store.read(7, 1)).rejects.toBeInstanceOf(BadBlockError);
  expect(Buffer.from(await store.read(8, 100)).equals(tags(9, 100))).toBe(true);
});

test('an unreadable sector is served from the other device and written again', async () => {
  const { store, a, pool } = await written();
  let failures = 2; // more in a row would put it out of use
  a.fault = (op) => (op === 'read' && failures-- > 0 ? new DeviceError(a.name, 'read: EIO') : undefined);
  for (let i = 0; i < 4; i++) expect(Buffer.from(await store.read(0, 300)).equals(tags(1, 300))).toBe(true);
  const [first] = pool.status().devices;
  expect([first?.health, must(first, 'a').ioErrors > 0]).toEqual(['ONLINE', true]);
});

test.each(['write', 'flush'] as const)(
  'a device that fails a %s is out of use, the pool goes on degraded and says so',
  async (what) => {
    const { store, a, b, pool } = await written();
    a.fault = (op) => (op === what ? new DeviceError(a.name, `${what}: EIO`) : undefined);
    store.write(2, 0, tags(5_000, 100)); // too much to go into the log itself
    expect(await store.commit()).toBe(2);
    expect(health(pool)).toEqual(['DEGRADED', 'FAULTED', 'ONLINE']);
    expect(pool.status().message).toMatch(/memory-0.*EIO/);
    store.write(3, 100, tags(6_000, 10));
    expect(await store.commit()).toBe(3);
    await pool.close();
    // without the failed device: the other one knows that it is not needed
    const again = await importPool({ devices: [reopen(b)], host });
    expect(health(again)).toEqual(['DEGRADED', 'FAULTED', 'ONLINE']);
    expect(
      Buffer.from(await only(again).read(0, 110)).equals(Buffer.concat([tags(5_000, 100), tags(6_000, 10)])),
    ).toBe(true);
  },
);

test('a stale half is found out at import, copied to while serving, and whole afterwards', async () => {
  const { store, a, b, pool } = await written();
  a.fault = () => new DeviceError(a.name, 'gone');
  for (let i = 2; i < 40; i++) {
    store.write(i, (i * 13) % 600, tags(i * 1_000, 30));
    if (i === 10) store.snapshot('s');
    await store.commit();
  }
  await pool.close();
  const expected = Buffer.from(await contentAfter(b));
  const [first, second] = [reopen(a), reopen(b)];
  const again = await importPool({ devices: [first, second], host });
  expect(health(again)).toEqual(['DEGRADED', 'FAULTED', 'ONLINE']);
  for (let i = 40; i < 60; i++) {
    only(again).write(i, 700 + i, contentOf(i)); // goes on while it is copied to
    expect(Buffer.from(await only(again).read(0, 600)).equals(expected.subarray(0, 600 * blockBytes))).toBe(
      true,
    );
  }
  await again.settled();
  expect(health(again)).toEqual(['ONLINE', 'ONLINE', 'ONLINE']);
  await again.close();
  // now the one that was stale can do it alone
  const last = await importPool({ devices: [reopen(first)], host, without: true });
  expect(Buffer.from(await only(last).read(0, 600)).equals(expected.subarray(0, 600 * blockBytes))).toBe(
    true,
  );
  expect((await checkPool({ devices: [reopen(first)], host, without: true })).problems).toEqual([]);
});

async function contentAfter(device: MemoryDevice): Promise<Uint8Array> {
  const pool = await importPool({ devices: [reopen(device)], host, without: true });
  return await only(pool).read(0, 1_024);
}

test('an older image of a device that the others call current is stale too', async () => {
  const { store, a, b, pool } = await written();
  const old = reopen(a);
  for (let i = 2; i < 10; i++) {
    store.write(i, 0, contentOf(i));
    await store.commit();
  }
  await pool.settled(); // roots that the old image does not have
  const again = await importPool({ devices: [old, reopen(b)], host });
  expect(health(again)).toEqual(['DEGRADED', 'FAULTED', 'ONLINE']);
  await again.settled();
  expect(health(again)).toEqual(['ONLINE', 'ONLINE', 'ONLINE']);
  expect(Buffer.from(await only(again).read(0, 1)).equals(contentOf(9))).toBe(true);
  expect(pool.guid).toBe(again.guid);
});

test('one half alone may be old: it is imported with consent only', async () => {
  const { a, b } = await written();
  await expect(importPool({ devices: [reopen(a)], host })).rejects.toMatchObject({
    reason: 'DeviceMissing',
    message: expect.stringMatching(/memory-1.*newer data.*consent/),
  });
  const alone = await importPool({ devices: [reopen(a)], host, without: true });
  only(alone).write(2, 0, contentOf(99));
  await only(alone).commit();
  const halves = { a: must(alone.status().devices[0], 'a').guid, b: reopen(b) };
  expect(halves.a).toMatch(/^[0-9a-f]{16}$/);
});

test('halves that both went on alone are refused, not guessed at', async () => {
  const { a, b } = await written();
  const goOn = async (device: MemoryDevice, tag: number, commits: number) => {
    const copy = reopen(device);
    const pool = await importPool({ devices: [copy], host, without: true });
    for (let i = 0; i < commits; i++) {
      only(pool).write(2 + i, 0, contentOf(tag + i));
      await only(pool).commit();
    }
    return reopen(copy);
  };
  for (const commits of [4, 7])
    await expect(
      importPool({ devices: [await goOn(a, 100, 4), await goOn(b, 200, commits)], host }),
    ).rejects.toMatchObject({ reason: 'ForkedPool' });
});

test('a mirror without any device left fails: commits reject, `failed` tells why', async () => {
  const { store, a, b, pool } = await written();
  for (const device of [a, b])
    device.fault = (op) => (op === 'flush' ? new DeviceError(device.name, 'flush: EIO') : undefined);
  store.write(2, 0, tags(1, 100));
  await expect(store.commit()).rejects.toThrow('can not go on');
  expect((await pool.failed).message).toMatch(/memory-0.*flush: EIO/);
  await expect(store.commit()).rejects.toThrow('can not go on');
  await expect(store.room()).rejects.toThrow('can not go on');
  expect(pool.status().health).toBe('FAULTED');
  expect(Buffer.from(await store.read(0, 1)).equals(contentOf(1))).toBe(true);
});

test('three copies outlive two devices', async () => {
  const { store, a, b, pool } = await written({ ...two, devices: 3 });
  for (const device of [a, b]) device.fault = () => new DeviceError(device.name, 'gone');
  store.write(2, 0, contentOf(42));
  expect(await store.commit()).toBe(2);
  expect(Buffer.from(await store.read(0, 2)).equals(Buffer.concat([contentOf(42), contentOf(2)]))).toBe(true);
  expect(health(pool)).toEqual(['DEGRADED', 'FAULTED', 'FAULTED', 'ONLINE']);
});
