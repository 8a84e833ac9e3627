/** Which devices are taken, which are refused, by which name; and that a refusal writes nothing. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { examineDevices } from '../group/examine.ts';
import { labelOffsets } from '../group/geometry.ts';
import { encodeLabel, type Label, ringOffsetBytes, rootSlotBytes } from '../group/label.ts';
import { slotOf } from '../group/root.ts';
import { clearLabels } from '../group/create-set.ts';
import { createPool } from './pool-create.ts';
import { importPool } from './pool-import.ts';
import { PoolRefusal } from '../refusal.ts';

const MiB = 2 ** 20;
const blank = (name: string, sizeBytes = 16 * MiB) => new MemoryDevice({ name, sizeBytes });
const copyOf = (device: MemoryDevice, name = device.name, sizeBytes = device.sizeBytes) =>
  new MemoryDevice({ name, sizeBytes, image: device.image() });
let seed = 1;
const create = async (
  devices: readonly MemoryDevice[],
  layout: 'stripe' | 'mirror' = 'stripe',
  overwrite: string[] = [],
) => await createPool({ layout, groups: [devices], overwrite, host: memoryHost(seed++) });
const open = async (devices: readonly MemoryDevice[]) => await importPool({ devices, host: memoryHost(1) });

async function withExt4(name: string): Promise<MemoryDevice> {
  const device = blank(name);
  const first = new Uint8Array(4096);
  first.set([0x53, 0xef], 1024 + 56);
  first.set([4, 0, 0, 0], 1024 + 96);
  first.set([0x40], 1024 + 96);
  await device.write(0, first);
  return device;
}

async function pooled(
  names: readonly string[],
  layout: 'stripe' | 'mirror' = 'stripe',
): Promise<MemoryDevice[]> {
  const devices = names.map((name) => blank(name));
  await (await create(devices, layout)).close();
  return devices.map((device) => copyOf(device));
}

async function relabelled(device: MemoryDevice, change: (label: Label) => Label): Promise<MemoryDevice> {
  const [finding] = await examineDevices([device]);
  if (finding?.kind !== 'pool') throw new Error('no label to change');
  for (const offset of labelOffsets(device.sizeBytes))
    await device.write(offset, encodeLabel(change(finding.label)));
  return device;
}

/** Runs, and answers how it was refused; no device was written to. */
async function refusal(
  devices: readonly MemoryDevice[],
  run: () => Promise<unknown>,
): Promise<[string, string]> {
  const before = devices.map((device) => device.writes);
  const error = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PoolRefusal)) throw new Error('was not refused', { cause: error });
  expect(devices.map((device) => device.writes)).toEqual(before);
  return [error.reason, error.message];
}

type Case = readonly [string, () => Promise<readonly MemoryDevice[]>, string, RegExp];
const refusedCreations: readonly Case[] = [
  [
    'a file system',
    async () => [blank('sda'), await withExt4('sdb')],
    'DeviceForeign',
    /sdb carries ext4.*wipe/,
  ],
  [
    'another pool',
    async () => [blank('sda'), must((await pooled(['sdb']))[0], 'b')],
    'PoolMismatch',
    /sdb belongs to pool [0-9a-f]{16}/,
  ],
  [
    'a small device',
    () => Promise.resolve([blank('sda'), blank('sdb', 8 * MiB)]),
    'DeviceTooSmall',
    /sdb has 8388608 bytes: at least 16777216/,
  ],
  [
    'a device twice',
    () => Promise.resolve([blank('sda'), blank('sda')]),
    'LayoutInvalid',
    /sda is named twice/,
  ],
  ['no device', () => Promise.resolve([]), 'LayoutInvalid', /at least one/],
];
test.each(refusedCreations)('creation refuses %s', async (_what, make, reason, message) => {
  const devices = await make();
  const [seen, text] = await refusal(devices, () => create(devices));
  expect([seen, message.test(text), text]).toEqual([reason, true, text]);
});

test('a mirror of one device is refused', async () => {
  const devices = [blank('sda')];
  expect(await refusal(devices, () => create(devices, 'mirror'))).toEqual([
    'LayoutInvalid',
    expect.stringContaining('sda'),
  ]);
});

test('what may be overwritten must be named, and then is', async () => {
  const devices = [await withExt4('sda'), must((await pooled(['sdb']))[0], 'b')];
  expect((await refusal(devices, () => create(devices, 'stripe', ['sda'])))[0]).toBe('PoolMismatch');
  const pool = await create(devices, 'stripe', ['sda', 'sdb']);
  await pool.close();
  expect((await open(devices.map((device) => copyOf(device)))).guid).toBe(pool.guid);
});

const stripe = () => pooled(['sda', 'sdb']);
const [a, b] = [
  (devices: readonly MemoryDevice[]) => must(devices[0], 'a'),
  (devices: readonly MemoryDevice[]) => must(devices[1], 'b'),
];
const refusedImports: readonly Case[] = [
  ['blank devices', () => Promise.resolve([blank('sda')]), 'NoPool', /sda is blank/],
  ['a missing device', async () => [a(await stripe())], 'DeviceMissing', /sdb .*missing.*attach it/],
  [
    'a device in whose place is a blank one',
    async () => [a(await stripe()), blank('sdx')],
    'DeviceMissing',
    /sdb.*sdx is blank/,
  ],
  [
    'a device in whose place is a file system',
    async () => [a(await stripe()), await withExt4('sdx')],
    'DeviceMissing',
    /sdx carries ext4/,
  ],
  [
    'devices of two pools',
    async () => [a(await stripe()), b(await stripe())],
    'PoolMismatch',
    /sdb belongs to pool/,
  ],
  [
    'a copy beside its original',
    async () => {
      const all = await stripe();
      return [...all, copyOf(a(all), 'sdz')];
    },
    'DuplicateGuid',
    /sda and sdz both say/,
  ],
  [
    'two pools with one GUID',
    async () => {
      const [one, other] = [await stripe(), await stripe()];
      const [finding] = await examineDevices([a(one)]);
      const pool = finding?.kind === 'pool' ? finding.label.pool : '';
      return [a(one), await relabelled(b(other), (label) => ({ ...label, pool }))];
    },
    'DuplicateGuid',
    /claim one pool GUID/,
  ],
  [
    'a feature of the future',
    async () => {
      const all = await stripe();
      return [
        a(all),
        await relabelled(b(all), (label) => ({ ...label, features: { required: ['raidz3'], readOnly: [] } })),
      ];
    },
    'UnsupportedFeature',
    /sdb.*raidz3/,
  ],
  [
    'a format of the future',
    async () => {
      const all = await stripe();
      return [await relabelled(a(all), (label) => ({ ...label, version: 3 })), b(all)];
    },
    'UnsupportedFeature',
    /sda.*format version 3/,
  ],
];
// prettier-ignore
test.each(refusedImports)('import refuses %s', async (_what, make, reason, message) => {
  const devices = await make();
  const [seen, text] = await refusal(devices, () => open(devices));
  expect([seen, message.test(text), text]).toEqual([reason, true, text]);
});

test('a device that shrank is refused, one that grew is taken', async () => {
  const [device] = await pooled(['sda']);
  const shrunk = copyOf(must(device, 'a'), 'sda', 16 * MiB - 4096);
  const before = blank('sda', 32 * MiB);
  await (await create([before])).close();
  expect((await refusal([shrunk], () => open([copyOf(before, 'sda', 24 * MiB)])))[0]).toBe('DeviceTooSmall');
  expect((await open([copyOf(before, 'sda', 48 * MiB)])).status().health).toBe('ONLINE');
});

test('either label is enough', async () => {
  for (const which of [0, 1]) {
    const [device] = await pooled(['sda']);
    const damaged = must(device, 'a');
    damaged.flipBit(must(labelOffsets(damaged.sizeBytes)[which], 'a label') + 100);
    expect((await open([damaged])).status().health).toBe('ONLINE');
  }
});

test('two damaged labels are no blank device', async () => {
  const [device] = await pooled(['sda']);
  const damaged = must(device, 'a');
  for (const offset of labelOffsets(damaged.sizeBytes)) damaged.flipBit(offset + 100);
  expect((await examineDevices([damaged]))[0]?.kind).toBe('damaged');
  expect((await refusal([damaged], () => create([damaged])))[0]).toBe('DeviceForeign');
});

test('a pool whose labels were cleared is gone', async () => {
  const devices = await stripe();
  await clearLabels(devices);
  expect((await examineDevices(devices)).map(({ kind }) => kind)).toEqual(['blank', 'blank']);
});

test('names may change between imports: devices are known by GUID, in any order', async () => {
  const [one, two] = await stripe();
  const pool = await open([copyOf(must(two, 'b'), 'nvme1'), copyOf(must(one, 'a'), 'nvme0')]);
  expect(pool.status().devices.map(({ name }) => name)).toEqual(['nvme0', 'nvme1']);
});

test.each(['stripe', 'raidz'] as const)(
  '%s: two crashes in a row that keep a root from some of the devices',
  async (layout) => {
    const count = { stripe: 2, raidz: 3 }[layout];
    let devices = Array.from({ length: count }, (_, i) => blank(`d${i}`));
    const groups = layout === 'stripe' ? devices.map((device) => [device]) : [devices];
    let pool = await createPool({ layout, groups, host: memoryHost(seed++) });
    const volume = await pool.createVolume({ volume: 'v', replicaId: 'r', sizeBytes: MiB });
    for (let crash = 1; crash <= 3; crash++) {
      const store = must(pool.volumes()[0], 'the volume');
      store.write(store.last + 1, crash, new Uint8Array(4096).fill(crash));
      await store.commit();
      const txg = pool.engine.parts.devices.openTxg;
      for (const device of devices.slice(1)) keepFrom(device, txg);
      await pool.engine.checkpoints.after();
      pool.abandon();
      devices = devices.map((device) => copyOf(device));
      // the checkpoint of the import is kept from them as well
      for (const device of devices.slice(1)) keepFrom(device, txg + 1);
      pool = await open(devices);
      pool.abandon();
      devices = devices.map((device) => copyOf(device));
      pool = await open(devices);
      for (let block = 1; block <= crash; block++)
        expect((await must(pool.volumes()[0], 'the volume').read(block, 1))[0]).toBe(block);
      expect(pool.volumes()[0]?.identity).toEqual(volume.identity);
    }
  },
);

/** A root never lands there. */
function keepFrom(device: MemoryDevice, txg: number): void {
  const slots = labelOffsets(device.sizeBytes).map(
    (offset) => offset + ringOffsetBytes + slotOf(txg) * rootSlotBytes,
  );
  device.landing = (offsetBytes) => (slots.includes(offsetBytes) ? undefined : offsetBytes);
}
