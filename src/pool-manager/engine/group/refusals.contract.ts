/**
 * Which devices are taken, which are refused, by which name; and that a refusal writes nothing. For whatever makes pools
 * on devices and opens them again.
 */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { PoolRefusal } from '../refusal.ts';
import { clearLabels } from './create-set.ts';
import { examineDevices } from './examine.ts';
import { headerOffsets, labelOffsets, type Layout } from './geometry.ts';
import { encodeLabel, type Label } from './label.ts';

export interface Pools {
  /** Makes a pool and closes it; answers its GUID. Rejects with PoolRefusal. */
  readonly create: (
    devices: readonly MemoryDevice[],
    layout?: Layout,
    overwrite?: readonly string[],
  ) => Promise<string>;
  /** Opens it. Rejects with PoolRefusal. */
  readonly open: (devices: readonly MemoryDevice[]) => Promise<{
    readonly guid: string;
    readonly names: readonly string[];
    /** All its devices are there and up to date. */
    readonly isWhole: boolean;
  }>;
}

export const MiB = 2 ** 20;
export const blank = (name: string, sizeBytes = 16 * MiB) => new MemoryDevice({ name, sizeBytes });
export const copyOf = (device: MemoryDevice, name = device.name, sizeBytes = device.sizeBytes) =>
  new MemoryDevice({ name, sizeBytes, image: device.image() });
async function withExt4(name: string): Promise<MemoryDevice> {
  const device = blank(name);
  const first = new Uint8Array(4096);
  first.set([0x53, 0xef], 1024 + 56);
  first.set([4, 0, 0, 0], 1024 + 96);
  first.set([0x40], 1024 + 96);
  await device.write(0, first);
  return device;
}

async function pooled({ create }: Pools, names: readonly string[]): Promise<MemoryDevice[]> {
  const devices = names.map((name) => blank(name));
  await create(devices);
  return devices.map((device) => copyOf(device));
}

/** With another label in all its places. */
export async function relabelled(
  device: MemoryDevice,
  change: (label: Label) => Label,
): Promise<MemoryDevice> {
  const [finding] = await examineDevices([device]);
  if (finding?.kind !== 'pool') throw new Error('no label to change');
  for (const offset of labelOffsets(device.sizeBytes))
    await device.write(offset, encodeLabel(change(finding.label)));
  return device;
}

/** Runs, and answers how it was refused; no device was written to. */
export async function refusal(
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

export function testRefusals(pools: Pools): void {
  const { create, open } = pools;
  const refusedCreations: readonly Case[] = [
    [
      'a file system',
      async () => [blank('sda'), await withExt4('sdb')],
      'DeviceForeign',
      /sdb carries ext4.*wipe/,
    ],
    [
      'another pool',
      async () => [blank('sda'), must((await pooled(pools, ['sdb']))[0], 'b')],
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
    const [seen, text] = await refusal(devices, () => pools.create(devices));
    expect([seen, message.test(text), text]).toEqual([reason, true, text]);
  });

  test('what may be overwritten must be named, and then is', async () => {
    const devices = [await withExt4('sda'), must((await pooled(pools, ['sdb']))[0], 'b')];
    expect((await refusal(devices, () => create(devices, 'stripe', ['sda'])))[0]).toBe('PoolMismatch');
    const guid = await create(devices, 'stripe', ['sda', 'sdb']);
    expect((await open(devices.map((device) => copyOf(device)))).guid).toBe(guid);
  });

  const stripe = () => pooled(pools, ['sda', 'sdb']);
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
    const [device] = await pooled(pools, ['sda']);
    const shrunk = copyOf(must(device, 'a'), 'sda', 16 * MiB - 4096);
    const before = blank('sda', 32 * MiB);
    await create([before]);
    expect((await refusal([shrunk], () => open([copyOf(before, 'sda', 24 * MiB)])))[0]).toBe(
      'DeviceTooSmall',
    );
    expect((await open([copyOf(before, 'sda', 48 * MiB)])).isWhole).toBe(true);
  });

  test('either label is enough', async () => {
    for (const which of [0, 1]) {
      const [device] = await pooled(pools, ['sda']);
      const damaged = must(device, 'a');
      damaged.flipBit(must(labelOffsets(damaged.sizeBytes)[which], 'a label') + 100);
      expect((await open([damaged])).isWhole).toBe(true);
    }
  });

  test('two damaged labels are no blank device', async () => {
    const [device] = await pooled(pools, ['sda']);
    const damaged = must(device, 'a');
    for (const offset of headerOffsets(damaged.sizeBytes)) damaged.flipBit(offset + 100);
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
    expect(pool.names).toEqual(['nvme0', 'nvme1']);
  });
}
