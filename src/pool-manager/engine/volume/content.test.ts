import { expect, test } from '@jest/globals';
import { contentOf, contentOfAll } from '../../../testing/block-content.ts';
import { VolumeRig } from '../../../testing/volume-rig.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { must } from '../../../shared/assert.ts';
import { prng } from '../../../shared/prng.ts';
import { nodeId } from '../map/owner.ts';
import { nodeZstd } from '../../device/node-zstd.ts';
import { BadBlockError, type Compression } from '../volume-store.ts';

const MiB = 2 ** 20;
const text = (seed: number): Uint8Array => {
  const words = Array.from({ length: 1_200 }, (_, i) => `${(i * seed) % 17} bottles`).join(' ');
  return new TextEncoder().encode(words).subarray(0, blockBytes);
};
const rubbish = (seed: number): Uint8Array => prng(seed).bytes(blockBytes);
const join = (blocks: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(blocks));

test.each(['lz4', 'zstd'] as const)(
  '%s: what is read is what was written, in fewer sectors',
  async (compression) => {
    const rig = new VolumeRig({ zstd: nodeZstd });
    const volume = rig.create(20 * MiB);
    volume.setProperties({ compression, zstdLevel: 3 });
    const blocks = Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? rubbish(i + 1) : text(i + 1)));
    volume.write(1, 0, join(blocks));
    volume.write(2, 200, new Uint8Array(blockBytes));
    for (const pendingMax of [64, 0]) {
      rig.space.pendingMax = pendingMax;
      expect(Buffer.from(await volume.read(0, 100)).equals(join(blocks))).toBe(true);
      expect(Buffer.from(await volume.read(37, 1)).equals(blocks[37] ?? text(0))).toBe(true);
      await rig.checkpoint();
      volume.write(volume.last + 1, 300, contentOf(1)); // pushes the rest out of memory
    }
    await rig.settled();
    expect(await rig.problems()).toEqual([]);
    const { logicalBytes, allocatedBytes } = volume.usage();
    expect(logicalBytes).toBe(101 * blockBytes);
    expect(allocatedBytes).toBeLessThan(0.5 * logicalBytes);
  },
);

test('compression changes nothing about checksums: digests of replicas agree, whatever each compresses with', async () => {
  const rig = new VolumeRig({ zstd: nodeZstd });
  const digests = await Promise.all(
    (['off', 'lz4', 'zstd'] satisfies Compression[]).map(async (compression) => {
      const volume = rig.create(MiB);
      volume.setProperties({ compression, zstdLevel: 1 });
      volume.write(1, 5, join([text(1), rubbish(2)]));
      return Buffer.from(await volume.digest(0, 256)).toString('hex');
    }),
  );
  expect(new Set(digests).size).toBe(1);
});

test('incompressible data is tried less and less, and compressible data is found again', async () => {
  let tries = 0;
  const counting = {
    ...nodeZstd,
    compress: (...of: Parameters<typeof nodeZstd.compress>) => {
      tries++;
      return nodeZstd.compress(...of);
    },
  };
  const rig = new VolumeRig({ zstd: counting });
  const volume = rig.create(100 * MiB);
  volume.setProperties({ compression: 'zstd', zstdLevel: 1 });
  const [random, plain] = [rubbish(1), text(1)];
  for (let i = 0; i < 1_000; i++) volume.write(i + 1, i, random);
  expect(tries).toBeLessThan(20);
  for (let i = 0; i < 1_000; i++) volume.write(i + 1_001, i, plain);
  await rig.checkpoint();
  expect(volume.usage().allocatedBytes).toBeLessThan(0.5 * volume.usage().logicalBytes);
});

test('a rotten compressed block is an error that names it; its neighbours in the unit are read', async () => {
  const rig = new VolumeRig();
  rig.space.pendingMax = 0;
  const volume = rig.create(MiB);
  volume.setProperties({ compression: 'lz4', zstdLevel: 1 });
  volume.write(7, 0, join([text(1), text(2), text(3)]));
  const [, second] = [...rig.space.names.keys()];
  rig.space.rotten.add(second ?? 0);
  await expect(volume.read(1, 1)).rejects.toEqual(new BadBlockError('pv-1', 1, 7));
  expect(Buffer.from(await volume.read(0, 1)).equals(text(1))).toBe(true);
});

test('a repair takes what the checksum promises and nothing else, and keeps birth and number', async () => {
  const rig = new VolumeRig();
  rig.space.pendingMax = 0;
  const volume = rig.create(MiB);
  volume.write(7, 3, contentOf(1));
  await rig.checkpoint();
  for (const name of rig.space.names.keys()) if (name % 2_048 === 0) rig.space.rotten.add(name);
  await expect(volume.read(3, 1)).rejects.toEqual(new BadBlockError('pv-1', 3, 7));
  expect(await volume.writeRepaired(3, contentOf(2))).toBe(false);
  expect(await volume.writeRepaired(4, contentOf(1))).toBe(false);
  expect(await volume.writeRepaired(3, contentOf(1))).toBe(true);
  expect(Buffer.from(await volume.read(3, 1)).equals(contentOf(1))).toBe(true);
  expect([volume.last, (await volume.births(0, 0, 256, 9)).extents]).toEqual([
    7,
    [{ block: 3, count: 1, birth: 7, mapped: true }],
  ]);
});

test.each(['off', 'lz4', 'zstd'] as const)(
  'a repair heals what snapshots share (%s)',
  async (compression) => {
    const rig = new VolumeRig({ zstd: nodeZstd });
    rig.space.pendingMax = 0;
    const volume = rig.create(MiB);
    volume.setProperties({ compression, zstdLevel: 3 });
    volume.write(7, 3, text(5));
    volume.snapshot('s');
    volume.write(8, 9, text(6));
    await rig.checkpoint();
    const [name] = [...rig.space.names].find(([, { owner }]) => owner === 3) ?? [];
    rig.space.rotten.add(must(name, 'the name of block 3'));
    await expect(volume.read(3, 1, 's')).rejects.toEqual(new BadBlockError('pv-1', 3, 7));
    expect(await volume.writeRepaired(3, text(5))).toBe(true);
    expect(Buffer.from(await volume.read(3, 1)).equals(text(5))).toBe(true);
    const healed = await volume.read(3, 1, 's').catch(() => undefined);
    expect(healed === undefined ? 'zstd' : Buffer.from(healed).equals(text(5))).toBe(
      compression === 'zstd' ? 'zstd' : true,
    );
  },
);

test('a repair with a birth heals what only a snapshot has', async () => {
  const rig = new VolumeRig();
  rig.space.pendingMax = 0;
  const volume = rig.create(MiB);
  volume.write(7, 3, contentOf(1));
  volume.snapshot('s');
  volume.write(8, 3, contentOf(2));
  const [first] = [...rig.space.names.keys()];
  rig.space.rotten.add(must(first, 'the first name'));
  expect(await volume.writeRepaired(3, contentOf(1))).toBe(false);
  expect(await volume.writeRepaired(3, contentOf(1), 7)).toBe(true);
  expect(Buffer.from(await volume.read(3, 1, 's')).equals(contentOf(1))).toBe(true);
  expect(Buffer.from(await volume.read(3, 1)).equals(contentOf(2))).toBe(true);
});

test('another replica gives what has the very birth, from the head or from a snapshot', async () => {
  const rig = new VolumeRig();
  const volume = rig.create(MiB);
  volume.write(1, 3, contentOf(1));
  volume.snapshot('s');
  volume.write(2, 3, contentOf(2));
  const given = async (birth: number) => {
    const content = await volume.readForRepair(3, birth);
    return content === undefined ? undefined : Buffer.from(content).readUInt32LE(0);
  };
  expect([await given(2), await given(1), await given(3)]).toEqual([2, 1, undefined]);
});

test('a node that is unreadable costs what is below it, not the volume: reads say so until it is overwritten', async () => {
  let rig = new VolumeRig();
  const slot = rig.create(200 * MiB).slot;
  const of = () => must(rig.volumes.get(slot), 'the volume');
  const content = contentOfAll(Array.from({ length: 300 }, (_, i) => i + 1));
  of().write(7, 0, content);
  await rig.checkpoint();
  rig = await rig.reloaded();
  rig.space.pendingMax = 0;
  const leaf = [...rig.space.names].find(([, { owner }]) => owner === nodeId(1, 128));
  rig.space.rotten.add(must(leaf, 'the second leaf')[0]);
  await expect(of().read(130, 1)).rejects.toThrow(BadBlockError);
  of().write(8, 130, contentOf(9));
  await rig.checkpoint();
  rig = await rig.reloaded();
  rig.space.pendingMax = 0;
  expect(Buffer.from(await of().read(130, 1)).equals(contentOf(9))).toBe(true);
  expect(Buffer.from(await of().read(0, 128)).equals(content.subarray(0, 128 * blockBytes))).toBe(true);
  await expect(of().read(200, 3)).rejects.toEqual(new BadBlockError('pv-1', 200, 7));
  await expect(of().read(100, 100)).rejects.toEqual(new BadBlockError('pv-1', 128, 7));
  expect((await of().births(0, 0, 51_200, 9)).extents).toEqual([
    { block: 0, count: 130, birth: 7, mapped: true },
    { block: 130, count: 1, birth: 8, mapped: true },
    { block: 131, count: 169, birth: 7, mapped: true },
  ]);
  of().copyIn([
    { block: 128, count: 128, birth: 7, data: content.subarray(128 * blockBytes, 256 * blockBytes) },
  ]);
  await rig.settled();
  expect(Buffer.from(await of().read(0, 300)).equals(content)).toBe(true);
});
