/** SBC-3: what makes a volume smaller again: UNMAP, WRITE SAME, FORMAT UNIT. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cdbs, filled, ScsiRig, sectors, told, u16, u32, u64 } from '../../testing/scsi-rig.ts';
import { blockLimits } from './block-limits.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});

describe('§5.28 UNMAP', () => {
  const list = (...ranges: readonly (readonly [number, number])[]) =>
    Uint8Array.from([
      ...u16(6 + 16 * ranges.length),
      ...u16(16 * ranges.length),
      0,
      0,
      0,
      0,
      ...ranges.flatMap(([lba, count]) => [...u64(lba), ...u32(count), 0, 0, 0, 0]),
    ]);
  const unmap = (out: Uint8Array, bytes = out.byteLength) =>
    rig.run([0x42, 0, 0, 0, 0, 0, 0, ...u16(bytes), 0], { out });
  beforeEach(() => rig.volume.write(0, filled(64, 1)));

  test('several ranges, an empty one, one at the end', async () => {
    expect(told(await unmap(list([1, 2], [8, 8], [5, 0], [sectors, 0])))).toBe(0);
    const expected = Buffer.concat([filled(1, 1), filled(2, 0), filled(5, 1), filled(8, 0), filled(1, 1)]);
    expect((await rig.bytesAt(0, 17)).equals(expected)).toBe(true);
  });
  test('nothing happens when one of them is wrong', async () => {
    expect(told(await unmap(list([0, 8], [sectors, 1])))).toBe('5/2100');
    expect((await rig.bytesAt(0, 8)).equals(filled(8, 1))).toBe(true);
  });
  test('no list, a cut list, too much', async () => {
    expect(told(await unmap(new Uint8Array(0)))).toBe(0);
    expect(told(await unmap(new Uint8Array(7)))).toBe('5/1a00');
    expect(told(await unmap(list([0, 1]), 100))).toBe('5/1a00');
    const many = Array.from({ length: blockLimits.unmapDescriptorsMax + 1 }, (_, i) => [i, 1] as const);
    expect(told(await unmap(list(...many)))).toBe('5/2600');
  });
  test('anchored blocks do not exist here', async () => {
    expect(told(await rig.run([0x42, 1, 0, 0, 0, 0, 0, 0, 24, 0], { out: list([0, 1]) }))).toBe('5/2400');
  });
});

describe.each([
  [10, 0x41],
  [16, 0x93],
] as const)('§5.43, §5.44 WRITE SAME(%i)', (length, opcode) => {
  const same = (lba: number, count: number, flags: number, out: Uint8Array) =>
    rig.run(cdbs[length](opcode, lba, count, flags), { out });
  test('a pattern everywhere', async () => {
    expect(told(await same(3, 5, 0, filled(1, 0x77)))).toBe(0);
    expect(
      (await rig.bytesAt(2, 7)).equals(Buffer.concat([filled(1, 0), filled(5, 0x77), filled(1, 0)])),
    ).toBe(true);
  });
  test.each([0, 0x08])('zeros take no space, UNMAP bit %i', async (flags) => {
    await rig.volume.write(0, filled(64, 1));
    expect(told(await same(8, 16, flags, filled(1, 0)))).toBe(0);
    expect((await rig.bytesAt(8, 16)).equals(filled(16, 0))).toBe(true);
    expect(await rig.volume.mapping(8 * 512, 64 * 512)).toEqual({ mapped: false, lengthBytes: 16 * 512 });
  });
  test('a pattern that is not zero is written although UNMAP is set', async () => {
    await same(0, 2, 0x08, filled(1, 9));
    expect((await rig.bytesAt(0, 2)).equals(filled(2, 9))).toBe(true);
  });
  test('no length: refused, as page B0 says (WSNZ)', async () => {
    expect(told(await same(sectors - 3, 0, 0, filled(1, 4)))).toBe('5/2400');
    expect((await rig.run([0x12, 1, 0xb0, 0, 64, 0])).data![4]).toBe(1);
  });
  test('refused: protection, anchor, PBDATA, LBDATA, data of another size, past the end', async () => {
    for (const flags of [0x20, 0x10, 0x04, 0x02])
      expect(told(await same(0, 1, flags, filled(1, 0)))).toBe('5/2400');
    expect(told(await same(0, 1, 0, filled(2, 0)))).toBe('5/0e03');
    expect(told(await same(sectors, 1, 0, filled(1, 0)))).toBe('5/2100');
  });
});

test('WRITE SAME(16) without data (NDOB) writes zeros', async () => {
  await rig.volume.write(0, filled(8, 1));
  expect(told(await rig.run(cdbs[16](0x93, 2, 2, 0x01)))).toBe(0);
  expect((await rig.bytesAt(0, 5)).equals(Buffer.concat([filled(2, 1), filled(2, 0), filled(1, 1)]))).toBe(
    true,
  );
});

test('§5.3 FORMAT UNIT: everything reads as zeros and takes no space', async () => {
  await rig.volume.write(0, filled(64, 1));
  await rig.volume.write((sectors - 8) * 512, filled(8, 1));
  expect(told(await rig.run([0x04, 0x10]))).toBe('5/2400');
  expect(told(await rig.run([0x04]))).toBe(0);
  expect(await rig.volume.mapping(0, sectors * 512)).toEqual({ mapped: false, lengthBytes: sectors * 512 });
});
