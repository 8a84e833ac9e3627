/** SBC-3 and SBC-4: writes that compare, verify, are atomic or are protected against. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cdbs, filled, ScsiRig, sectors, told, u16, u32, u64 } from '../../testing/scsi-rig.ts';
import { blockLimits } from './block-limits.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});

describe('§5.29-§5.31 VERIFY, §5.37-§5.39 WRITE AND VERIFY', () => {
  test.each([
    [10, 0x2f],
    [12, 0xaf],
    [16, 0x8f],
  ] as const)('VERIFY(%i) with BYTCHK', async (length, opcode) => {
    await rig.volume.write(0, filled(4, 3));
    expect(told(await rig.run(cdbs[length](opcode, 0, 4)))).toBe(0);
    expect(told(await rig.run(cdbs[length](opcode, 0, 4, 0x02), { out: filled(4, 3) }))).toBe(0);
    expect(told(await rig.run(cdbs[length](opcode, 0, 4, 0x06), { out: filled(1, 3) }))).toBe(0);
    const wrong = filled(4, 3);
    wrong[1030] = 4;
    const result = await rig.run(cdbs[length](opcode, 0, 4, 0x02), { out: wrong });
    expect([told(result), result.sense?.[6]]).toEqual(['e/1d00', 1030 & 0xff]);
    expect(told(await rig.run(cdbs[length](opcode, 3, 2, 0x06), { out: filled(1, 3) }))).toBe('e/1d00');
    expect(told(await rig.run(cdbs[length](opcode, 0, 4, 0x04)))).toBe('5/2400');
  });
  test.each([
    [10, 0x2e],
    [12, 0xae],
    [16, 0x8e],
  ] as const)('WRITE AND VERIFY(%i)', async (length, opcode) => {
    expect(told(await rig.run(cdbs[length](opcode, 5, 2, 0x02), { out: filled(2, 6) }))).toBe(0);
    expect((await rig.bytesAt(5, 2)).equals(filled(2, 6))).toBe(true);
    expect(told(await rig.run(cdbs[length](opcode, sectors, 1, 0), { out: filled(1, 6) }))).toBe('5/2100');
  });
});

describe('§5.2 COMPARE AND WRITE, §5.5 ORWRITE', () => {
  const compare = (lba: number, count: number, out: Uint8Array) =>
    rig.run([0x89, 0, ...u64(lba), 0, 0, 0, count, 0, 0], { out });
  test('writes when equal, tells where not', async () => {
    expect(told(await compare(1, 2, Buffer.concat([filled(2, 0), filled(2, 5)])))).toBe(0);
    expect((await rig.bytesAt(0, 4)).equals(Buffer.concat([filled(1, 0), filled(2, 5), filled(1, 0)]))).toBe(
      true,
    );
    const result = await compare(2, 2, filled(4, 5));
    expect([told(result), [...result.sense!.subarray(0, 7)]]).toEqual(['e/1d00', [0xf0, 0, 0xe, 0, 0, 2, 0]]);
  });
  test('the length is judged before the data', async () => {
    expect(told(await compare(0, blockLimits.compareSectorsMax + 1, filled(2, 0)))).toBe('5/2400');
    expect(told(await compare(0, 1, filled(3, 0)))).toBe('5/2400');
    expect(told(await compare(sectors, 1, filled(2, 0)))).toBe('5/2100');
  });
  test('ORWRITE sets bits', async () => {
    await rig.volume.write(0, filled(2, 0xa0));
    expect(told(await rig.run(cdbs[16](0x8b, 0, 1), { out: filled(1, 0x05) }))).toBe(0);
    expect((await rig.bytesAt(0, 2)).equals(Buffer.concat([filled(1, 0xa5), filled(1, 0xa0)]))).toBe(true);
  });
});

describe('SBC-4 §5.48 WRITE ATOMIC(16)', () => {
  const atomic = (lba: number, count: number, more: { flags?: number; boundary?: number } = {}) =>
    rig.run([0x9c, more.flags ?? 0, ...u64(lba), ...u16(more.boundary ?? 0), ...u16(count), 0, 0], {
      out: filled(count, 7),
    });
  test('page B0 tells how much, in whole physical blocks; that much is written', async () => {
    const { data } = await rig.run([0x12, 1, 0xb0, 0, 64, 0]);
    const view = new DataView(data!.buffer, data!.byteOffset);
    expect([44, 48, 52, 56, 60].map((at) => view.getUint32(at))).toEqual([2048, 8, 8, 0, 0]);
    const result = await atomic(16, 2048);
    expect([result.status, result.transferBytes]).toEqual([0, 2048 * 512]);
    expect(
      (await rig.bytesAt(15, 2050)).equals(Buffer.concat([filled(1, 0), filled(2048, 7), filled(1, 0)])),
    ).toBe(true);
  });
  test('not aligned, not whole blocks, too much, with a boundary, with protection: refused and nothing written', async () => {
    for (const refused of [
      atomic(1, 8),
      atomic(0, 4),
      atomic(0, 2056),
      atomic(0, 8, { boundary: 8 }),
      atomic(0, 8, { flags: 0x20 }),
    ])
      expect(told(await refused)).toBe('5/2400');
    expect(told(await atomic(sectors, 8))).toBe('5/2100');
    const short = await rig.run([0x9c, 0, ...u64(0), 0, 0, ...u16(16), 0, 0], { out: filled(8, 7) });
    expect([told(short), short.transferBytes]).toEqual(['5/0e03', 16 * 512]);
    expect((await rig.bytesAt(0, 2056)).every((byte) => byte === 0)).toBe(true);
  });
  test('a volume that can not promise it does not offer it', async () => {
    Object.defineProperty(rig.volume, 'atomicBytesMax', { value: 0 });
    expect(told(await atomic(0, 8))).toBe('5/2000');
    expect((await rig.run([0xa3, 0x0c, 1, 0x9c, 0, 0, ...u32(64), 0, 0])).data?.[1]).toBe(1);
    expect((await rig.run([0x12, 1, 0xb0, 0, 64, 0])).data!.subarray(44).every((byte) => byte === 0)).toBe(
      true,
    );
  });
});

describe('§4.12 write protection', () => {
  test('a volume that is read only says so and refuses every write, and nothing else', async () => {
    rig.volume.readOnly = true;
    expect((await rig.run([0x1a, 0, 0x3f, 0, 255, 0])).data![2]! & 0x80).toBe(0x80);
    for (const cdb of [
      cdbs[10](0x2a, 0, 1),
      cdbs[16](0x8b, 0, 1),
      cdbs[10](0x2e, 0, 1),
      cdbs[10](0x41, 0, 1),
      [0x04],
      [0x9c, 0, ...u64(0), 0, 0, ...u16(8), 0, 0],
    ])
      expect([cdb[0], told(await rig.run(cdb, { out: filled(1, 1) }))]).toEqual([cdb[0], '7/2700']);
    expect(told(await rig.run(cdbs[10](0x28, 0, 1)))).toBe(0);
    expect(told(await rig.run(cdbs[10](0x35, 0, 0)))).toBe(0);
  });
});
