/**
 * Walks SBC-3 (SBC-4 for WRITE ATOMIC) by section: the table says what becomes of each command of §5, the tests below what
 * the offered ones do: status, sense, residual, what is on the volume afterwards. Of §4, thin provisioning (§4.7),
 * caching (§4.15) and write protection (§4.12) are met in these; protection information (§4.22) is refused wherever it
 * can be asked for; referrals, background scan and power conditions are for media that have them. The vital product data
 * and mode pages of §6 are in spc.test.ts.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cdbs, filled, ScsiRig, sectionsOf, sectors, told, u16, u32, u64 } from '../../testing/scsi-rig.ts';
import { blockLimits } from './block-limits.ts';
import { commands } from './commands.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});

// §      | opcode | command                 | why it is not offered
const walk = sectionsOf(`
  5.2     | 89     | COMPARE AND WRITE       |
  5.3     | 04     | FORMAT UNIT             |
  5.4     | 9e/12  | GET LBA STATUS          |
  5.5     | 8b     | ORWRITE(16)             |
  5.6     | 7f     | ORWRITE(32)             | CDBs of 32 bytes are for protection information, which the checksums of the pools stand in for
  5.7     | 83/10  | POPULATE TOKEN          | token copies go between targets; a target here has one unit
  5.8     | 34     | PRE-FETCH(10)           |
  5.9     | 90     | PRE-FETCH(16)           |
  5.10    | 1e     | PREVENT ALLOW MEDIUM REMOVAL | the medium is not removable
  5.11    | 28     | READ(10)                |
  5.12    | a8     | READ(12)                |
  5.13    | 88     | READ(16)                |
  5.14    | 7f     | READ(32)                | as ORWRITE(32)
  5.15    | 25     | READ CAPACITY(10)       |
  5.16    | 9e/10  | READ CAPACITY(16)       |
  5.17    | 37     | READ DEFECT DATA(10)    |
  5.18    | b7     | READ DEFECT DATA(12)    |
  5.19    | 3e     | READ LONG(10)           | there is no ECC of sectors to read
  5.20    | 9e/11  | READ LONG(16)           | as READ LONG(10)
  5.21    | 07     | REASSIGN BLOCKS         | the pools repair and remap by themselves
  5.22    | 84/07  | RECEIVE ROD TOKEN INFORMATION | as POPULATE TOKEN
  5.23    | 9e/13  | REPORT REFERRALS        | there is one port, and all of the volume is behind it
  5.24    | 48     | SANITIZE                | overwriting in place is what a copy-on-write pool can not do; deleting the volume's key is the operator's (encryption)
  5.25    | 1b     | START STOP UNIT         |
  5.26    | 35     | SYNCHRONIZE CACHE(10)   |
  5.27    | 91     | SYNCHRONIZE CACHE(16)   |
  5.28    | 42     | UNMAP                   |
  5.29    | 2f     | VERIFY(10)              |
  5.30    | af     | VERIFY(12)              |
  5.31    | 8f     | VERIFY(16)              |
  5.32    | 7f     | VERIFY(32)              | as ORWRITE(32)
  5.33    | 2a     | WRITE(10)               |
  5.34    | aa     | WRITE(12)               |
  5.35    | 8a     | WRITE(16)               |
  5.36    | 7f     | WRITE(32)               | as ORWRITE(32)
  5.37    | 2e     | WRITE AND VERIFY(10)    |
  5.38    | ae     | WRITE AND VERIFY(12)    |
  5.39    | 8e     | WRITE AND VERIFY(16)    |
  5.40    | 7f     | WRITE AND VERIFY(32)    | as ORWRITE(32)
  5.41    | 3f     | WRITE LONG(10)          | as READ LONG(10); it would plant bad sectors
  5.42    | 9f/11  | WRITE LONG(16)          | as WRITE LONG(10)
  5.43    | 41     | WRITE SAME(10)          |
  5.44    | 93     | WRITE SAME(16)          |
  5.45    | 7f     | WRITE SAME(32)          | as ORWRITE(32)
  5.46    | 83/11  | WRITE USING TOKEN       | as POPULATE TOKEN
  5.47    | 53     | XDWRITEREAD(10)         | obsolete in SBC-4
  5.48    | 7f     | XDWRITEREAD(32)         | obsolete in SBC-4
  5.49    | 51     | XPWRITE(10)             | obsolete in SBC-4
  5.50    | 7f     | XPWRITE(32)             | obsolete in SBC-4
  4:5.48  | 9c     | WRITE ATOMIC(16)        |
`);

test.each(walk)(
  '§$section $command: offered, or refused as unknown',
  async ({ opcode, action, notOffered }) => {
    const rows = commands.filter((row) => row.opcode === opcode && row.serviceAction === action);
    const outcome = rows.length > 0 ? 'offered' : String(told(await rig.run([opcode, action ?? 0])));
    const refusal = action === undefined ? /^5.2000$/ : /^5.2[04]00$/;
    expect(outcome).toMatch(notOffered === undefined ? 'offered' : refusal);
  },
);

describe.each([
  [6, 0x08, 0x0a],
  [10, 0x28, 0x2a],
  [12, 0xa8, 0xaa],
  [16, 0x88, 0x8a],
] as const)('§5.11-§5.13 READ, §5.33-§5.35 WRITE(%i)', (length, readCode, writeCode) => {
  const cdb = cdbs[length];
  test('what is written is read', async () => {
    expect(told(await rig.run(cdb(writeCode, 9, 3), { out: filled(3, 0x41) }))).toBe(0);
    const result = await rig.run(cdb(readCode, 8, 5));
    expect([result.status, result.transferBytes]).toEqual([0, 5 * 512]);
    expect(Buffer.concat([filled(1, 0), filled(3, 0x41), filled(1, 0)]).equals(result.data!)).toBe(true);
  });
  test('past the end', async () => {
    expect(told(await rig.run(cdb(readCode, sectors, 1)))).toBe('5/2100');
    expect(told(await rig.run(cdb(readCode, sectors - 1, 2)))).toBe('5/2100');
    expect(told(await rig.run(cdb(writeCode, sectors - 1, 2), { out: filled(2, 1) }))).toBe('5/2100');
    expect(told(await rig.run(cdb(readCode, sectors - 1, 1)))).toBe(0);
  });
  test('less room than the command reads: only that much is fetched, all of it is counted', async () => {
    const result = await rig.run(cdb(readCode, 0, 4), { room: 1000 });
    expect([result.data?.byteLength, result.transferBytes]).toEqual([1024, 2048]);
  });
  test('less data than the command writes: whole sectors of it are written', async () => {
    const result = await rig.run(cdb(writeCode, 0, 2), { out: filled(1, 7) });
    expect([result.status, result.transferBytes]).toEqual([0, 1024]);
    expect((await rig.bytesAt(0, 2)).equals(Buffer.concat([filled(1, 7), filled(1, 0)]))).toBe(true);
    const ragged = await rig.run(cdb(writeCode, 0, 2), { out: filled(1, 8).subarray(0, 200) });
    expect([told(ragged), ragged.transferBytes]).toEqual(['5/0e03', 1024]);
  });
  test('more data than the command writes: the rest is left', async () => {
    await rig.run(cdb(writeCode, 0, 1), { out: filled(2, 9) });
    expect((await rig.bytesAt(0, 2)).equals(Buffer.concat([filled(1, 9), filled(1, 0)]))).toBe(true);
  });
});

describe('§4.5 transfers: limits and flags', () => {
  test('a length of zero moves nothing; in 6-byte commands it means 256', async () => {
    expect((await rig.run(cdbs[10](0x28, 0, 0))).transferBytes).toBe(0);
    expect((await rig.run(cdbs[6](0x08, 0, 0), { room: 1 << 20 })).data?.byteLength).toBe(256 * 512);
    expect(told(await rig.run(cdbs[10](0x28, sectors + 1, 0)))).toBe('5/2100');
  });
  test('more than MAXIMUM TRANSFER LENGTH', async () => {
    expect(told(await rig.run(cdbs[16](0x88, 0, blockLimits.transferSectorsMax + 1)))).toBe('5/2400');
  });
  test.each([0x20, 0xa0, 0xe0])('protection 0x%i is not supported', async (flags) => {
    expect(told(await rig.run(cdbs[10](0x28, 0, 1, flags)))).toBe('5/2400');
    expect(told(await rig.run(cdbs[16](0x8a, 0, 1, flags), { out: filled(1, 1) }))).toBe('5/2400');
  });
  test('an LBA of 2^63 is past the end, not rounded into it', async () => {
    expect(told(await rig.run([0x88, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]))).toBe('5/2100');
  });
  test('whoever flushes, or writes with FUA, does so by name: what is lost is told to each initiator', async () => {
    const names: unknown[] = [];
    rig.volume.flush = async (options?: { initiator?: string }) => void names.push(options?.initiator);
    rig.volume.write = async (_offset, _data, options?: { initiator?: string }) =>
      void names.push(options?.initiator);
    await rig.run(cdbs[10](0x35, 0, 0));
    await rig.run(cdbs[10](0x2a, 0, 1, 0x08), { out: filled(1, 1) });
    await rig.run(cdbs[10](0x2e, 0, 1), { out: filled(1, 1) });
    await rig.run([0x89, 0x08, ...u64(0), 0, 0, 0, 1, 0, 0], { out: filled(2, 0) });
    await rig.run(cdbs[16](0x8b, 0, 1, 0x08), { out: filled(1, 1) });
    await rig.run([0x9c, 0x08, ...u64(0), 0, 0, ...u16(8), 0, 0], { out: filled(8, 1) });
    await rig.run([0x1b, 0, 0, 0, 0, 0]);
    expect(names).toEqual(Array.from({ length: 7 }, () => 'iqn.a:1'));
  });
  test('FUA reaches the volume', async () => {
    const seen: unknown[] = [];
    const write = rig.volume.write.bind(rig.volume);
    rig.volume.write = (offset, data, options?: { fua?: boolean }) => {
      seen.push(options?.fua);
      return write(offset, data);
    };
    await rig.run(cdbs[10](0x2a, 0, 1, 0x08), { out: filled(1, 1) });
    await rig.run(cdbs[10](0x2a, 0, 1, 0x10), { out: filled(1, 1) });
    expect(seen).toEqual([true, false]);
  });
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

test('stopping the unit flushes', async () => {
  rig.volume.failNext('busy');
  expect(told(await rig.run([0x1b, 0, 0, 0, 0, 0]))).toBe(8);
  expect(told(await rig.run([0x1b, 0, 0, 0, 1, 0]))).toBe(0);
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

test('§5.3 FORMAT UNIT: everything reads as zeros and takes no space', async () => {
  await rig.volume.write(0, filled(64, 1));
  await rig.volume.write((sectors - 8) * 512, filled(8, 1));
  expect(told(await rig.run([0x04, 0x10]))).toBe('5/2400');
  expect(told(await rig.run([0x04]))).toBe(0);
  expect(await rig.volume.mapping(0, sectors * 512)).toEqual({ mapped: false, lengthBytes: sectors * 512 });
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
