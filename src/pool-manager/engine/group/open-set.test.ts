/** Which devices are taken, which are refused, by which name; and that a refusal writes nothing. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { PoolRefusal } from '../refusal.ts';
import { checkSegments, clearLabels, createDeviceSet } from './create-set.ts';
import type { DeviceSet } from './device-set.ts';
import { examineDevices } from './examine.ts';
import { labelOffsets, type Layout } from './geometry.ts';
import { encodeLabel, type Label } from './label.ts';
import { openDeviceSet } from './open-set.ts';

const MiB = 2 ** 20;
const blank = (name: string, sizeBytes = 16 * MiB) => new MemoryDevice({ name, sizeBytes });
const copyOf = (device: MemoryDevice, name = device.name, sizeBytes = device.sizeBytes) =>
  new MemoryDevice({ name, sizeBytes, image: device.image() });
let seed = 1;
async function create(
  devices: readonly MemoryDevice[],
  layout: Layout = 'stripe',
  overwrite: string[] = [],
): Promise<DeviceSet> {
  const set = await createDeviceSet({ layout, groups: [devices], overwrite, host: memoryHost(seed++) });
  await set.writeRoot({ txg: 1, clean: true, payload: new Uint8Array(8) });
  return set;
}
const open = async (devices: readonly MemoryDevice[]) => (await openDeviceSet({ devices })).set;
const states = (set: DeviceSet) => set.devices().map(({ state }) => state);

async function withExt4(name: string): Promise<MemoryDevice> {
  const device = blank(name);
  const first = new Uint8Array(4096);
  first.set([0x53, 0xef], 1024 + 56);
  first.set([4, 0, 0, 0], 1024 + 96);
  first.set([0x40], 1024 + 96);
  await device.write(0, first);
  return device;
}

async function pooled(names: readonly string[], layout: Layout = 'stripe'): Promise<MemoryDevice[]> {
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

test('groups with more segments than a pool can number are refused', () => {
  const groups = (count: number, segments: number) => Array.from({ length: count }, () => ({ segments }));
  expect(() => checkSegments([...groups(63, 2 ** 24), { segments: 2 ** 24 - 1 }])).not.toThrow();
  expect(() => checkSegments(groups(64, 2 ** 24))).toThrow(
    /1073741824 segments together, a pool has at most 1073741823/,
  );
});

test.each([
  ['mirror', 1, /mirror group has 2 to 8 devices, got 1/],
  ['mirror', 9, /mirror group has 2 to 8 devices, got 9/],
  ['raidz', 2, /raidz group has 3 to 32 devices, got 2/],
  ['raidz2', 3, /raidz2 group has 4 to 32 devices, got 3/],
  ['raidz2', 33, /raidz2 group has 4 to 32 devices, got 33/],
  ['stripe', 65, /65 devices: a pool has at most 64/],
] as const)('a %s of %i devices is refused', async (layout, count, message) => {
  const devices = Array.from({ length: count }, (_, i) => blank(`sd${i}`));
  const [reason, text] = await refusal(devices, () => create(devices, layout));
  expect([reason, message.test(text), text]).toEqual(['LayoutInvalid', true, text]);
});

test('what may be overwritten must be named, and then is', async () => {
  const devices = [await withExt4('sda'), must((await pooled(['sdb']))[0], 'b')];
  expect((await refusal(devices, () => create(devices, 'stripe', ['sda'])))[0]).toBe('PoolMismatch');
  const pool = await create(devices, 'stripe', ['sda', 'sdb']);
  await pool.close();
  expect((await open(devices.map((device) => copyOf(device)))).pool).toBe(pool.pool);
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
        await relabelled(b(all), (label) => ({
          ...label,
          features: { required: ['raidz3'], readOnly: [] },
        })),
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
  expect(states(await open([copyOf(before, 'sda', 48 * MiB)]))).toEqual(['current']);
});

test('either label is enough', async () => {
  for (const which of [0, 1]) {
    const [device] = await pooled(['sda']);
    const damaged = must(device, 'a');
    damaged.flipBit(must(labelOffsets(damaged.sizeBytes)[which], 'a label') + 100);
    expect(states(await open([damaged]))).toEqual(['current']);
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
  expect(pool.devices().map(({ name }) => name)).toEqual(['nvme0', 'nvme1']);
});
