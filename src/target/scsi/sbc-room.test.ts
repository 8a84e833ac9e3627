/** SBC-3: how large a volume is, what of it is mapped, how much room its pools have. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { filled, ScsiRig, sectors, told, u16, u32, u64 } from '../../testing/scsi-rig.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});

describe('§5.15, §5.16 READ CAPACITY, §5.4 GET LBA STATUS', () => {
  test('READ CAPACITY(10) and (16)', async () => {
    expect([...(await rig.run([0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0])).data!]).toEqual([
      ...u32(sectors - 1),
      ...u32(512),
    ]);
    const { data } = await rig.run([0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, ...u32(32), 0, 0]);
    expect([...data!.subarray(0, 16)]).toEqual([...u64(sectors - 1), ...u32(512), 0, 3, 0xc0, 0]);
    expect((await rig.run([0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, ...u32(8), 0, 0])).data?.byteLength).toBe(8);
  });
  test('a volume of 4 TiB does not fit READ CAPACITY(10)', async () => {
    rig = new ScsiRig(2 ** 33);
    expect([...(await rig.run([0x25])).data!.subarray(0, 4)]).toEqual([255, 255, 255, 255]);
    expect([
      ...(await rig.run([0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, ...u32(32), 0, 0])).data!.subarray(0, 8),
    ]).toEqual(u64(2 ** 33 - 1));
  });
  test('GET LBA STATUS tells what is mapped', async () => {
    await rig.volume.write(8 * 512, filled(16, 1));
    const ask = (lba: number, bytes: number) => rig.run([0x9e, 0x12, ...u64(lba), ...u32(bytes), 0, 0]);
    const { data } = await ask(2, 8 + 3 * 16);
    const descriptor = (lba: number, count: number, status: number) => [
      ...u64(lba),
      ...u32(count),
      status,
      0,
      0,
      0,
    ];
    expect([...data!.subarray(8)]).toEqual([
      ...descriptor(2, 6, 1),
      ...descriptor(8, 16, 0),
      ...descriptor(24, sectors - 24, 1),
    ]);
    expect((await ask(8, 24)).data?.byteLength).toBe(24);
    expect(told(await ask(sectors, 24))).toBe('5/2100');
  });
});

describe('§4.7.3.7 room in the pools', () => {
  const mebibyte = 1 << 20;
  const logSense = (page: number, more: { subpage?: number; pointer?: number; flags?: number } = {}) =>
    rig.run([
      0x4d,
      more.flags ?? 0,
      0x40 | page,
      more.subpage ?? 0,
      0,
      ...u16(more.pointer ?? 0),
      ...u16(255),
      0,
    ]);
  const modeSense = (code: number, subpage: number, control = 0) =>
    rig.run([0x1a, 0x08, (control << 6) | code, subpage, 255, 0]);
  beforeEach(() => {
    rig.volume.space = { freeBytes: 700 * mebibyte + 5, lowBytes: 64 * mebibyte };
  });
  test('§6.4.5 the log page counts what is available, in the threshold sets of page B2, not dedicated to the unit', async () => {
    const { data } = await logSense(0x0c);
    expect([...data!]).toEqual([0x0c, 0, 0, 12, 0, 1, 3, 8, ...u32(700), 2, 0, 0, 0]);
    expect((await rig.run([0x12, 1, 0xb2, 0, 255, 0])).data![4]).toBe(11);
  });
  test('§6.5.8 the threshold at which the unit attention comes is a mode page that can not be changed', async () => {
    const { data } = await modeSense(0x1c, 2);
    const page = data!.subarray(4);
    expect([...page]).toEqual([0x5c, 2, 0, 20, ...new Uint8Array(12), 0x80, 1, 0, 0, ...u32(64)]);
    expect([...(await modeSense(0x1c, 2, 1)).data!.subarray(8)]).toEqual([...new Uint8Array(20)]);
    const select = (list: Uint8Array) =>
      rig.run([0x15, 0x10, 0, 0, 4 + list.byteLength, 0], { out: Uint8Array.of(0, 0, 0, 0, ...list) });
    expect(told(await select(page))).toBe(0);
    for (const at of [3, 4, 16, 23]) {
      const other = page.slice();
      other[at]! ^= 1;
      expect(told(await select(other))).toMatch(/^5.(2600|1a00)$/);
    }
  });
  test('all pages with their subpages, and without', async () => {
    const codes = async (subpage: number) => {
      const data = (await modeSense(0x3f, subpage)).data!;
      return [data.byteLength, data[4]! & 0x3f, data[4 + 20]! & 0x3f];
    };
    expect(await codes(0)).toEqual([4 + 20 + 12, 0x08, 0x0a]);
    expect(await codes(0xff)).toEqual([4 + 20 + 12 + 24, 0x08, 0x0a]);
    expect(told(await modeSense(0x1c, 0))).toBe('5/2400');
    expect(told(await modeSense(0x1c, 1))).toBe('5/2400');
  });
  test('SPC-4 §6.8 the list of log pages; what there is not is refused', async () => {
    expect([...(await logSense(0)).data!]).toEqual([0, 0, 0, 2, 0, 0x0c]);
    expect([...(await logSense(0, { subpage: 0xff })).data!]).toEqual([
      0x40, 0xff, 0, 6, 0, 0, 0, 0xff, 0x0c, 0,
    ]);
    for (const refused of [
      logSense(0x0d),
      logSense(0, { subpage: 1 }),
      logSense(0, { pointer: 1 }),
      logSense(0x0c, { subpage: 1 }),
      logSense(0x0c, { pointer: 2 }),
      logSense(0x0c, { flags: 1 }),
    ])
      expect(told(await refused)).toBe('5/2400');
  });
  test('a volume that does not know its room has no threshold and no such page', async () => {
    rig.volume.space = undefined;
    expect([...(await logSense(0)).data!]).toEqual([0, 0, 0, 1, 0]);
    expect(told(await logSense(0x0c))).toBe('5/2400');
    expect(told(await modeSense(0x1c, 2))).toBe('5/2400');
    expect((await rig.run([0x12, 1, 0xb2, 0, 255, 0])).data![4]).toBe(0);
  });
});

test('§4.7.3.8 a pool that gets full is told to every initiator, once each time', async () => {
  const other = rig.attach('other');
  rig.volume.spaceIsLow = true;
  expect([told(await rig.run([0])), told(await rig.run([0]))]).toEqual(['6/3807', 0]);
  expect(told(await rig.run([0], { by: other }))).toBe('6/3807');
  rig.volume.spaceIsLow = false;
  expect(told(await rig.run([0]))).toBe(0);
  rig.volume.spaceIsLow = true;
  expect(told(await rig.run([0]))).toBe('6/3807');
});
