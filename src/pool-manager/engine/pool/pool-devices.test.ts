/** What a pool does when copies are bad, devices fail, come back stale, or are replaced: all of it as its users see it. */
import { describe, expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { contentOf, contentOfAll } from '../../../testing/block-content.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { DeviceError } from '../block-device.ts';
import { checkPool } from '../check/check-pool.ts';
import { labelBytes, logBytesFor } from '../group/geometry.ts';
import type { Layout } from '../pool.ts';
import { BadBlockError } from '../volume-store.ts';
import type { EnginePool } from './open-pool.ts';
import { createPool } from './pool-create.ts';
import { importPool } from './pool-import.ts';

const host = memoryHost(1);
const sizeBytes = 24 * 2 ** 20;
const blocks = 300;
const tags = (from: number, count: number) => contentOfAll(Array.from({ length: count }, (_, i) => from + i));
const devicesFor = (count: number, prefix = 'memory') =>
  Array.from({ length: count }, (_, i) => new MemoryDevice({ name: `${prefix}-${i}`, sizeBytes }));
const reopen = (device: MemoryDevice) =>
  new MemoryDevice({ name: device.name, sizeBytes: device.sizeBytes, image: device.image() });
const only = (pool: EnginePool) => must(pool.volumes()[0], 'the volume');
const gone = (device: MemoryDevice, what = 'pulled') => {
  device.fault = () => new DeviceError(device.name, what);
};
const states = (pool: EnginePool) => pool.status().devices.map(({ state }) => state);
const same = (found: Uint8Array, expected: Uint8Array) => Buffer.from(found).equals(expected);

async function written(layout: Layout, count: number) {
  const devices = devicesFor(count);
  const pool = await createPool({ layout, groups: [devices], host });
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 4 * 2 ** 20 });
  store.write(1, 0, tags(1, blocks));
  await store.commit();
  return { devices, pool, store };
}

const at = (devices: readonly MemoryDevice[], index: number) => must(devices[index], 'a device');

/** Flips a bit in units of segments that are not all zeros. */
function rot(device: MemoryDevice, isChosen: (unit: number) => boolean): void {
  const from = labelBytes + logBytesFor(device.sizeBytes);
  for (const [unit, bytes] of device.image()) {
    const offset = unit * blockBytes;
    if (offset < from || offset >= device.sizeBytes - labelBytes || !isChosen(unit)) continue;
    if (bytes.some((byte) => byte !== 0)) device.flipBit(offset + 77);
  }
}

const redundant: readonly (readonly [Layout, number, number])[] = [
  ['mirror', 2, 1],
  ['raidz', 3, 1],
  ['raidz2', 4, 2],
];

describe.each(redundant)('%s of %i', (layout, count, parity) => {
  test('rot on one device per unit is mended while the pool is read, counted, and gone after a scrub', async () => {
    const { devices, pool } = await written(layout, count);
    await pool.close();
    const rotten = devices.map(reopen);
    rotten.forEach((device, i) => rot(device, (unit) => unit % count === i));
    const again = await importPool({ devices: rotten, host });
    for (let turn = 0; turn < 2; turn++)
      expect(same(await only(again).read(0, blocks), tags(1, blocks))).toBe(true);
    await again.scrub('start');
    await again.settled();
    expect(again.status()).toMatchObject({ health: 'ONLINE', scrub: { lostBlocks: 0 } });
    expect(
      again.status().devices.reduce((sum, { checksumErrors }) => sum + checksumErrors, 0),
    ).toBeGreaterThan(20);
    await again.close();
    expect((await checkPool({ devices: rotten.map(reopen), host })).problems).toEqual([]);
  });

  test.each(['write', 'flush'] as const)(
    'a device that fails a %s is out of use; the pool goes on, degraded, and says so',
    async (what) => {
      const { devices, pool, store } = await written(layout, count);
      const broken = at(devices, 0);
      broken.fault = (op) => (op === what ? new DeviceError(broken.name, `${what}: EIO`) : undefined);
      store.write(2, 0, tags(5_000, 10));
      expect(await store.commit()).toBe(2);
      await pool.settled();
      expect(pool.status().health).toBe('DEGRADED');
      expect(pool.status().message).toMatch(/memory-0.*EIO/);
      store.write(3, 10, tags(6_000, 10));
      expect(await store.commit()).toBe(3);
      await pool.close();
      // without the failed device: the others know that it is not needed
      const again = await importPool({ devices: devices.slice(1).map(reopen), host });
      expect(states(again)).toEqual(['absent', ...devices.slice(1).map(() => 'current')]);
      const expected = Buffer.concat([tags(5_000, 10), tags(6_000, 10)]);
      expect(same(await only(again).read(0, 20), expected)).toBe(true);
      again.abandon();
    },
  );

  test('a stale device is found out at import, copied to while serving, and whole afterwards', async () => {
    const { devices, pool, store } = await written(layout, count);
    gone(at(devices, 0));
    for (let i = 2; i < 30; i++) {
      store.write(i, (i * 13) % 600, tags(i * 1_000, 30));
      if (i === 10) store.snapshot('s');
      await store.commit();
    }
    const expected = Buffer.from(await store.read(0, 700));
    await pool.close();
    const all = devices.map(reopen);
    const again = await importPool({ devices: all, host });
    expect(states(again)[0]).toBe('syncing');
    for (let i = 30; i < 40; i++) {
      only(again).write(i, 700 + i, contentOf(i)); // goes on while it is copied to
      expect(same(await only(again).read(0, 700), expected)).toBe(true);
    }
    await again.settled();
    expect([again.status().health, ...states(again)]).toEqual(['ONLINE', ...devices.map(() => 'current')]);
    await again.close();
    // now others may go
    const left = all.map(reopen).slice(0, count - parity);
    const last = await importPool({ devices: left, host, without: true });
    expect(same(await only(last).read(0, 700), expected)).toBe(true);
    last.abandon();
    expect((await checkPool({ devices: left.map(reopen), host, without: true })).problems).toEqual([]);
  });

  test('a device is replaced while the pool serves, a restart in between', async () => {
    const { devices, pool, store } = await written(layout, count);
    for (let i = 2; i < 12; i++) store.write(i, i * 50, tags(i * 1_000, 50));
    await store.commit();
    const [fresh] = devicesFor(1, 'new') as [MemoryDevice];
    await pool.replaceDevice({ old: 'memory-1', device: fresh, overwrite: [] });
    store.write(12, 0, contentOf(99));
    await store.commit();
    const expected = Buffer.from(await store.read(0, 700));
    pool.abandon();
    const all = [...devices, fresh].map(reopen);
    const again = await importPool({ devices: all, host });
    expect(again.status().devices.map(({ name }) => name)).toContain('new-0');
    await again.settled();
    expect([again.status().health, again.status().resilvers]).toEqual(['ONLINE', []]);
    expect(same(await only(again).read(0, 700), expected)).toBe(true);
    await again.close();
    // the new one carries its part
    const others = all
      .filter(({ name }) => name !== 'memory-1')
      .slice(parity)
      .map(reopen);
    const last = await importPool({ devices: others, host, without: true });
    expect(same(await only(last).read(0, 700), expected)).toBe(true);
    last.abandon();
  });

  test('one device more than there is parity: commits reject, `failed` says why, what is there is read', async () => {
    const { devices, pool, store } = await written(layout, count);
    for (const device of devices.slice(0, parity + 1))
      device.fault = (op) =>
        op === 'flush' || op === 'write' ? new DeviceError(device.name, `${op}: EIO`) : undefined;
    store.write(2, 0, contentOf(1));
    await expect(store.commit()).rejects.toThrow('can not go on');
    expect((await pool.failed).message).toMatch(/memory-0.*EIO/);
    await expect(store.commit()).rejects.toThrow('can not go on');
    expect(pool.status().health).toBe('FAULTED');
    expect(same(await store.read(1, 20), tags(2, 20))).toBe(true);
    pool.abandon();
  });

  test('an older image of a device that the others call current is stale too', async () => {
    const { devices, pool, store } = await written(layout, count);
    await pool.settled();
    const old = reopen(at(devices, 0));
    for (let i = 2; i < 12; i++) {
      store.write(i, 0, contentOf(i));
      await store.commit();
      await pool.settled(); // a root at least
    }
    pool.abandon();
    const again = await importPool({ devices: [old, ...devices.slice(1).map(reopen)], host });
    expect(states(again)[0]).toBe('syncing');
    expect(same(await only(again).read(0, 1), contentOf(11))).toBe(true);
    await again.settled();
    expect(again.status().health).toBe('ONLINE');
    again.abandon();
  });
});

test('a block that is bad everywhere is an error with its number, never wrong data, and the others are read', async () => {
  const { devices, pool, store } = await written('mirror', 2);
  await pool.settled();
  const bad = must(
    [...at(devices, 0).image()].find(([, bytes]) => same(bytes, contentOf(8)))?.[0],
    'the unit of block 7',
  );
  for (const device of devices) device.flipBit(bad * blockBytes);
  await expect(store.read(5, 5)).rejects.toMatchObject({ name: 'BadBlockError', block: 7 });
  await expect(store.read(7, 1)).rejects.toBeInstanceOf(BadBlockError);
  expect(same(await store.read(8, 100), tags(9, 100))).toBe(true);
  pool.abandon();
});

test('one half alone may be old: it is imported with consent only, and its volumes are newcomers', async () => {
  const { devices, pool, store } = await written('mirror', 2);
  const { guid } = store.identity;
  await pool.close();
  const half = () => [reopen(at(devices, 0))];
  await expect(importPool({ devices: half(), host })).rejects.toMatchObject({
    reason: 'DeviceMissing',
    message: expect.stringMatching(/memory-1.*newer data.*consent/),
  });
  const alone = await importPool({ devices: half(), host, without: true });
  expect(only(alone).identity).toMatchObject({ volume: 'pv', replicaId: 'r' });
  expect(only(alone).identity.guid).not.toBe(guid);
  alone.abandon();
});

test('one half alone is imported also while a volume that was destroyed is being freed', async () => {
  const devices = devicesFor(2);
  const limits = { freeingNodesPerCheckpoint: 1 };
  const pool = await createPool({ layout: 'mirror', groups: [devices], host, limits });
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 4 * 2 ** 20 });
  store.write(1, 0, tags(1, blocks));
  const kept = await pool.createVolume({ volume: 'kept', replicaId: 'r', sizeBytes: 2 ** 20 });
  await pool.destroyVolume(store.identity.guid);
  pool.abandon();
  const [half] = devices.map(reopen) as [MemoryDevice];
  const alone = await importPool({ devices: [half], host, without: true });
  expect(alone.volumes().map(({ identity }) => identity.volume)).toEqual(['kept']);
  expect(only(alone).identity.guid).not.toBe(kept.identity.guid);
  await alone.settled();
  await alone.close();
  const closed = [reopen(half)];
  expect((await checkPool({ devices: closed, host, without: true })).problems).toEqual([]);
});

test('halves that both went on alone are refused, not guessed at', async () => {
  const { devices, pool } = await written('mirror', 2);
  await pool.close();
  const goOn = async (index: number, rounds: number) => {
    const copy = reopen(at(devices, index));
    const half = await importPool({ devices: [copy], host, without: true });
    for (let i = 0; i < rounds; i++) {
      only(half).write(2 + i, 0, contentOf(100 * index + i));
      await only(half).commit();
      await half.settled();
    }
    await half.close();
    return reopen(copy);
  };
  for (const rounds of [2, 4])
    await expect(
      importPool({ devices: [await goOn(0, 2), await goOn(1, rounds)], host }),
    ).rejects.toMatchObject({
      reason: 'ForkedPool',
    });
});

test('groups are added while the pool serves, and are written to', async () => {
  const { devices, pool, store } = await written('mirror', 2);
  const before = pool.status().totalBytes;
  const more = devicesFor(2, 'more');
  await pool.addGroups({ data: [more], log: [], overwrite: [] });
  expect(pool.status().totalBytes).toBeGreaterThan(1.9 * before);
  for (let i = 2; i < 200; i++) store.write(i, (i * 50) % 1_000, tags(i * 100, 20));
  await store.commit();
  await pool.settled();
  const expected = Buffer.from(await store.read(0, 1_024));
  await pool.close();
  expect(at(more, 0).writes).toBeGreaterThan(20);
  const all = [...devices, ...more].map(reopen);
  expect((await checkPool({ devices: all, host })).problems).toEqual([]);
  const again = await importPool({ devices: all.map(reopen), host });
  expect(same(await only(again).read(0, 1_024), expected)).toBe(true);
  again.abandon();
});

test('a log device is replaced when what only the others have is in a root', async () => {
  const [data, logs, [fresh]] = [devicesFor(1), devicesFor(2, 'log'), devicesFor(1, 'new') as [MemoryDevice]];
  const pool = await createPool({ layout: 'stripe', groups: [data], logs: [logs], host });
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 4 * 2 ** 20 });
  gone(at(logs, 0));
  store.write(1, 0, tags(1, blocks));
  await store.commit();
  let left: readonly MemoryDevice[] | undefined;
  fresh.fault = (op, offsetBytes) => {
    // its label
    if (op === 'write' && offsetBytes === 0) left = data.map(reopen);
    return undefined;
  };
  await pool.replaceDevice({ old: 'log-0', device: fresh, overwrite: [] });
  const again = await importPool({ devices: must(left, 'a label was written'), host, without: true });
  expect(same(await only(again).read(0, blocks), tags(1, blocks))).toBe(true);
  expect(states(pool)).toEqual(['current', 'current', 'current']);
});

test('with log devices a flush goes there, and is replayed from any of them', async () => {
  const [data, logs] = [devicesFor(2), devicesFor(2, 'log')];
  const pool = await createPool({ layout: 'mirror', groups: [data], logs: [logs], host });
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 2 ** 20 });
  const before = logs.map(({ writes }) => writes);
  store.write(1, 0, contentOf(1));
  await store.commit();
  expect(logs.every(({ writes }, i) => writes > (before[i] ?? 0))).toBe(true);
  gone(at(logs, 0));
  store.write(2, 1, contentOf(2));
  await store.commit();
  pool.abandon();
  const again = await importPool({ devices: [...data, at(logs, 1)].map(reopen), host });
  expect(same(await only(again).read(0, 2), tags(1, 2))).toBe(true);
  again.abandon();
});
