/** Every command against a volume in memory: status, sense, residual, what is on the volume afterwards. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryVolume } from '../memory-volume.ts';
import { VolumeError } from '../volume.ts';
import { blockLimits } from './block-limits.ts';
import { commands } from './commands.ts';
import { LogicalUnit } from './logical-unit.ts';
import type { Nexus } from './nexus.ts';
import type { ScsiResult } from './status.ts';

const sectors = 65_536;
const iqn = 'iqn.2016-09.com.openebs.cstor:pvc-1';
let volume: MemoryVolume;
let unit: LogicalUnit;
let nexus: Nexus;

beforeEach(() => {
  volume = new MemoryVolume(sectors * 512);
  unit = new LogicalUnit(volume, iqn, () => Promise.resolve());
  nexus = unit.attach('iqn.a:1,i,0x800000000001');
  nexus.take(); // power on
});

const u16 = (n: number) => [n >> 8, n & 0xff];
const u32 = (n: number) => [n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];
const u64 = (n: number) => [...u32(Math.floor(n / 2 ** 32)), ...u32(n >>> 0)];
const filled = (count: number, value: number) => new Uint8Array(count * 512).fill(value);

/** `out`: what the initiator sends; `room`: what it takes. */
function run(
  cdb: readonly number[],
  more: { out?: Uint8Array; room?: number; lun?: number; by?: Nexus; attribute?: number } = {},
): Promise<ScsiResult> {
  const padded = new Uint8Array(16);
  padded.set(cdb);
  const { out = new Uint8Array(0), room = 65_536, lun = 0, by = nexus, attribute = 1 } = more;
  return unit.execute(by, { lun, cdb: padded, attribute, dataOut: out, roomBytes: room });
}
/** Status, or sense key and code as in `5/2100`. */
const told = ({ status, sense }: ScsiResult) => {
  if (status !== 2 || sense === undefined) return status;
  const fixed = (sense[0]! & 0x7f) === 0x70;
  const [key, code, qualifier] = fixed
    ? [sense[2]!, sense[12]!, sense[13]!]
    : [sense[1]!, sense[2]!, sense[3]!];
  return `${(key & 0xf).toString(16)}/${code.toString(16).padStart(2, '0')}${qualifier.toString(16).padStart(2, '0')}`;
};
const bytesAt = async (lba: number, count: number) => Buffer.from(await volume.read(lba * 512, count * 512));
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1');

// by CDB length: how LBA and length are written
const cdbs = {
  6: (opcode: number, lba: number, count: number) => [
    opcode,
    (lba >> 16) & 0x1f,
    (lba >> 8) & 0xff,
    lba & 0xff,
    count & 0xff,
    0,
  ],
  10: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    ...u32(lba),
    0,
    ...u16(count),
    0,
  ],
  12: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    ...u32(lba),
    ...u32(count),
    0,
    0,
  ],
  16: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    ...u64(lba),
    ...u32(count),
    0,
    0,
  ],
} as const;

describe.each([
  [6, 0x08, 0x0a],
  [10, 0x28, 0x2a],
  [12, 0xa8, 0xaa],
  [16, 0x88, 0x8a],
] as const)('READ and WRITE(%i)', (length, readCode, writeCode) => {
  const cdb = cdbs[length];
  test('what is written is read', async () => {
    expect(told(await run(cdb(writeCode, 9, 3), { out: filled(3, 0x41) }))).toBe(0);
    const result = await run(cdb(readCode, 8, 5));
    expect([result.status, result.transferBytes]).toEqual([0, 5 * 512]);
    expect(Buffer.concat([filled(1, 0), filled(3, 0x41), filled(1, 0)]).equals(result.data!)).toBe(true);
  });
  test('past the end', async () => {
    expect(told(await run(cdb(readCode, sectors, 1)))).toBe('5/2100');
    expect(told(await run(cdb(readCode, sectors - 1, 2)))).toBe('5/2100');
    expect(told(await run(cdb(writeCode, sectors - 1, 2), { out: filled(2, 1) }))).toBe('5/2100');
    expect(told(await run(cdb(readCode, sectors - 1, 1)))).toBe(0);
  });
  test('less room than the command reads: only that much is fetched, all of it is counted', async () => {
    const result = await run(cdb(readCode, 0, 4), { room: 1000 });
    expect([result.data?.byteLength, result.transferBytes]).toEqual([1024, 2048]);
  });
  test('less data than the command writes: whole sectors of it are written', async () => {
    const result = await run(cdb(writeCode, 0, 2), { out: filled(1, 7) });
    expect([result.status, result.transferBytes]).toEqual([0, 1024]);
    expect((await bytesAt(0, 2)).equals(Buffer.concat([filled(1, 7), filled(1, 0)]))).toBe(true);
    const ragged = await run(cdb(writeCode, 0, 2), { out: filled(1, 8).subarray(0, 200) });
    expect([told(ragged), ragged.transferBytes]).toEqual(['5/0e03', 1024]);
  });
  test('more data than the command writes: the rest is left', async () => {
    await run(cdb(writeCode, 0, 1), { out: filled(2, 9) });
    expect((await bytesAt(0, 2)).equals(Buffer.concat([filled(1, 9), filled(1, 0)]))).toBe(true);
  });
});

describe('limits and flags of transfers', () => {
  test('a length of zero moves nothing; in 6-byte commands it means 256', async () => {
    expect((await run(cdbs[10](0x28, 0, 0))).transferBytes).toBe(0);
    expect((await run(cdbs[6](0x08, 0, 0), { room: 1 << 20 })).data?.byteLength).toBe(256 * 512);
    expect(told(await run(cdbs[10](0x28, sectors + 1, 0)))).toBe('5/2100');
  });
  test('more than MAXIMUM TRANSFER LENGTH', async () => {
    expect(told(await run(cdbs[16](0x88, 0, blockLimits.transferSectorsMax + 1)))).toBe('5/2400');
  });
  test.each([0x20, 0xa0, 0xe0])('protection 0x%i is not supported', async (flags) => {
    expect(told(await run(cdbs[10](0x28, 0, 1, flags)))).toBe('5/2400');
    expect(told(await run(cdbs[16](0x8a, 0, 1, flags), { out: filled(1, 1) }))).toBe('5/2400');
  });
  test('an LBA of 2^63 is past the end, not rounded into it', async () => {
    expect(told(await run([0x88, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]))).toBe('5/2100');
  });
  test('FUA reaches the volume', async () => {
    const seen: unknown[] = [];
    const write = volume.write.bind(volume);
    volume.write = (offset, data, options?: { fua?: boolean }) => {
      seen.push(options?.fua);
      return write(offset, data);
    };
    await run(cdbs[10](0x2a, 0, 1, 0x08), { out: filled(1, 1) });
    await run(cdbs[10](0x2a, 0, 1, 0x10), { out: filled(1, 1) });
    expect(seen).toEqual([true, false]);
  });
});

describe('VERIFY and WRITE AND VERIFY', () => {
  test.each([
    [10, 0x2f],
    [12, 0xaf],
    [16, 0x8f],
  ] as const)('VERIFY(%i) with BYTCHK', async (length, opcode) => {
    await volume.write(0, filled(4, 3));
    expect(told(await run(cdbs[length](opcode, 0, 4)))).toBe(0);
    expect(told(await run(cdbs[length](opcode, 0, 4, 0x02), { out: filled(4, 3) }))).toBe(0);
    expect(told(await run(cdbs[length](opcode, 0, 4, 0x06), { out: filled(1, 3) }))).toBe(0);
    const wrong = filled(4, 3);
    wrong[1030] = 4;
    const result = await run(cdbs[length](opcode, 0, 4, 0x02), { out: wrong });
    expect([told(result), result.sense?.[6]]).toEqual(['e/1d00', 1030 & 0xff]);
    expect(told(await run(cdbs[length](opcode, 3, 2, 0x06), { out: filled(1, 3) }))).toBe('e/1d00');
    expect(told(await run(cdbs[length](opcode, 0, 4, 0x04)))).toBe('5/2400');
  });
  test.each([
    [10, 0x2e],
    [12, 0xae],
    [16, 0x8e],
  ] as const)('WRITE AND VERIFY(%i)', async (length, opcode) => {
    expect(told(await run(cdbs[length](opcode, 5, 2, 0x02), { out: filled(2, 6) }))).toBe(0);
    expect((await bytesAt(5, 2)).equals(filled(2, 6))).toBe(true);
    expect(told(await run(cdbs[length](opcode, sectors, 1, 0), { out: filled(1, 6) }))).toBe('5/2100');
  });
});

describe('COMPARE AND WRITE, ORWRITE', () => {
  const compare = (lba: number, count: number, out: Uint8Array) =>
    run([0x89, 0, ...u64(lba), 0, 0, 0, count, 0, 0], { out });
  test('writes when equal, tells where not', async () => {
    expect(told(await compare(1, 2, Buffer.concat([filled(2, 0), filled(2, 5)])))).toBe(0);
    expect((await bytesAt(0, 4)).equals(Buffer.concat([filled(1, 0), filled(2, 5), filled(1, 0)]))).toBe(
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
    await volume.write(0, filled(2, 0xa0));
    expect(told(await run(cdbs[16](0x8b, 0, 1), { out: filled(1, 0x05) }))).toBe(0);
    expect((await bytesAt(0, 2)).equals(Buffer.concat([filled(1, 0xa5), filled(1, 0xa0)]))).toBe(true);
  });
});

describe('UNMAP', () => {
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
    run([0x42, 0, 0, 0, 0, 0, 0, ...u16(bytes), 0], { out });
  beforeEach(() => volume.write(0, filled(64, 1)));

  test('several ranges, an empty one, one at the end', async () => {
    expect(told(await unmap(list([1, 2], [8, 8], [5, 0], [sectors, 0])))).toBe(0);
    const expected = Buffer.concat([filled(1, 1), filled(2, 0), filled(5, 1), filled(8, 0), filled(1, 1)]);
    expect((await bytesAt(0, 17)).equals(expected)).toBe(true);
  });
  test('nothing happens when one of them is wrong', async () => {
    expect(told(await unmap(list([0, 8], [sectors, 1])))).toBe('5/2100');
    expect((await bytesAt(0, 8)).equals(filled(8, 1))).toBe(true);
  });
  test('no list, a cut list, too much', async () => {
    expect(told(await unmap(new Uint8Array(0)))).toBe(0);
    expect(told(await unmap(new Uint8Array(7)))).toBe('5/1a00');
    expect(told(await unmap(list([0, 1]), 100))).toBe('5/1a00');
    const many = Array.from({ length: blockLimits.unmapDescriptorsMax + 1 }, (_, i) => [i, 1] as const);
    expect(told(await unmap(list(...many)))).toBe('5/2600');
  });
  test('anchored blocks do not exist here', async () => {
    expect(told(await run([0x42, 1, 0, 0, 0, 0, 0, 0, 24, 0], { out: list([0, 1]) }))).toBe('5/2400');
  });
});

describe.each([
  [10, 0x41],
  [16, 0x93],
] as const)('WRITE SAME(%i)', (length, opcode) => {
  const same = (lba: number, count: number, flags: number, out: Uint8Array) =>
    run(cdbs[length](opcode, lba, count, flags), { out });
  test('a pattern everywhere', async () => {
    expect(told(await same(3, 5, 0, filled(1, 0x77)))).toBe(0);
    expect((await bytesAt(2, 7)).equals(Buffer.concat([filled(1, 0), filled(5, 0x77), filled(1, 0)]))).toBe(
      true,
    );
  });
  test.each([0, 0x08])('zeros take no space, UNMAP bit %i', async (flags) => {
    await volume.write(0, filled(64, 1));
    expect(told(await same(8, 16, flags, filled(1, 0)))).toBe(0);
    expect((await bytesAt(8, 16)).equals(filled(16, 0))).toBe(true);
    expect(await volume.mapping(8 * 512, 64 * 512)).toEqual({ mapped: false, lengthBytes: 16 * 512 });
  });
  test('a pattern that is not zero is written although UNMAP is set', async () => {
    await same(0, 2, 0x08, filled(1, 9));
    expect((await bytesAt(0, 2)).equals(filled(2, 9))).toBe(true);
  });
  test('no length: to the end, within the limit', async () => {
    expect(told(await same(sectors - 3, 0, 0, filled(1, 4)))).toBe(0);
    expect((await bytesAt(sectors - 4, 4)).equals(Buffer.concat([filled(1, 0), filled(3, 4)]))).toBe(true);
    expect(told(await same(0, 0, 0, filled(1, 4)))).toBe('5/2400');
  });
  test('refused: protection, anchor, PBDATA, LBDATA, data of another size, past the end', async () => {
    for (const flags of [0x20, 0x10, 0x04, 0x02])
      expect(told(await same(0, 1, flags, filled(1, 0)))).toBe('5/2400');
    expect(told(await same(0, 1, 0, filled(2, 0)))).toBe('5/0e03');
    expect(told(await same(sectors, 1, 0, filled(1, 0)))).toBe('5/2100');
  });
});

test('WRITE SAME(16) without data (NDOB) writes zeros', async () => {
  await volume.write(0, filled(8, 1));
  expect(told(await run(cdbs[16](0x93, 2, 2, 0x01)))).toBe(0);
  expect((await bytesAt(0, 5)).equals(Buffer.concat([filled(2, 1), filled(2, 0), filled(1, 1)]))).toBe(true);
});

describe('INQUIRY', () => {
  const inquiry = (page: number | undefined, allocation = 255, lun = 0) =>
    run([0x12, page === undefined ? 0 : 1, page ?? 0, ...u16(allocation), 0], { lun });
  test('standard data', async () => {
    const { data } = await inquiry(undefined);
    expect([data?.[0], data?.[2], data![3]! & 0xf, data?.[4], text(data?.subarray(8, 32))]).toEqual([
      0,
      6,
      2,
      91,
      'CASKADE Caskade volume  ',
    ]);
  });
  test('every page that page 0 lists exists and tells its own code and length; others do not', async () => {
    const listed = [...(await inquiry(0)).data!.subarray(4)];
    expect(listed).toEqual([0, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2]);
    for (const code of listed) {
      const { data } = await inquiry(code, 4096);
      expect([code, data?.[1], (data![2]! << 8) | data![3]!]).toEqual([code, code, data!.byteLength - 4]);
    }
    expect(told(await inquiry(0xc0))).toBe('5/2400');
    expect(told(await run([0x12, 0, 0x80, 0, 255, 0]))).toBe('5/2400');
  });
  test('the identity follows from the IQN alone', async () => {
    const idOf = async (name: string) => {
      const other = new LogicalUnit(new MemoryVolume(1 << 20), name, () => Promise.resolve());
      const { naa, serial } = other.identity;
      return [Buffer.from(naa).toString('hex'), serial];
    };
    const [naa = '', serial = ''] = await idOf(iqn);
    expect(await idOf(iqn.toUpperCase())).toEqual([naa, serial]);
    expect(await idOf(`${iqn}0`)).not.toEqual([naa, serial]);
    expect([naa, serial]).toEqual([
      expect.stringMatching(/^6ca5cad[0-9a-f]{25}$/),
      expect.stringMatching(/^[0-9a-f]{20}$/),
    ]);
  });
  test('the allocation length cuts', async () => {
    expect((await inquiry(undefined, 36)).data?.byteLength).toBe(36);
    expect((await inquiry(0x83, 0)).data?.byteLength).toBe(0);
  });
  test('another LUN: nothing there, and nothing else runs', async () => {
    expect((await inquiry(undefined, 255, 3)).data?.[0]).toBe(0x7f);
    expect(told(await run([0, 0, 0, 0, 0, 0], { lun: 3 }))).toBe('5/2500');
    expect(told(await run(cdbs[10](0x28, 0, 1), { lun: -1 }))).toBe('5/2500');
    expect((await run([0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], { lun: 3 })).data?.byteLength).toBe(16);
    expect((await run([0x03, 0, 0, 0, 18, 0], { lun: 3 })).data?.[12]).toBe(0x25);
  });
});

describe('capacity', () => {
  test('READ CAPACITY(10) and (16)', async () => {
    expect([...(await run([0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0])).data!]).toEqual([
      ...u32(sectors - 1),
      ...u32(512),
    ]);
    const { data } = await run([0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, ...u32(32), 0, 0]);
    expect([...data!.subarray(0, 16)]).toEqual([...u64(sectors - 1), ...u32(512), 0, 3, 0xc0, 0]);
    expect((await run([0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, ...u32(8), 0, 0])).data?.byteLength).toBe(8);
  });
  test('a volume of 4 TiB does not fit READ CAPACITY(10)', async () => {
    unit = new LogicalUnit(new MemoryVolume(2 ** 42), iqn, () => Promise.resolve());
    nexus = unit.attach('x');
    nexus.take();
    expect([...(await run([0x25])).data!.subarray(0, 4)]).toEqual([255, 255, 255, 255]);
    expect([
      ...(await run([0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, ...u32(32), 0, 0])).data!.subarray(0, 8),
    ]).toEqual(u64(2 ** 33 - 1));
  });
  test('GET LBA STATUS tells what is mapped', async () => {
    await volume.write(8 * 512, filled(16, 1));
    const ask = (lba: number, bytes: number) => run([0x9e, 0x12, ...u64(lba), ...u32(bytes), 0, 0]);
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

describe('mode pages', () => {
  const sense6 = (page: number, control = 0) => run([0x1a, 0x08, (control << 6) | page, 0, 255, 0]);
  test('the cache is on, FUA and DPO are known', async () => {
    const { data } = await sense6(0x08);
    expect([data?.[2], data?.[4], data![6]! & 0x04]).toEqual([0x10, 0x08, 0x04]);
  });
  test('all pages, long and short, with a block descriptor or without', async () => {
    const { data: six } = await run([0x1a, 0, 0x3f, 0, 255, 0]);
    expect([six?.[0], six?.[3], six?.byteLength]).toEqual([six!.byteLength - 1, 8, 4 + 8 + 20 + 12]);
    const { data: ten } = await run([0x5a, 0x10, 0x3f, 0, 0, 0, 0, 0, 255, 0]);
    expect([ten?.[1], ten?.[4], ten?.[7], ten?.byteLength]).toEqual([
      ten!.byteLength - 2,
      1,
      16,
      8 + 16 + 20 + 12,
    ]);
  });
  test.each([
    ['a page that does not exist', [0x1a, 0, 0x1d, 0, 255, 0], '5/2400'],
    ['a subpage', [0x1a, 0, 0x0a, 1, 255, 0], '5/2400'],
    ['saved values', [0x1a, 0, 0xca, 0, 255, 0], '5/3900'],
  ])('%s', async (_what, cdb, problem) => {
    expect(told(await run(cdb))).toBe(problem);
  });

  const select = (page: Uint8Array, flags = 0x10) => {
    const out = Uint8Array.from([0, 0, 0, 0, ...page]);
    return run([0x15, flags, 0, 0, out.byteLength, 0], { out });
  };
  const shown = async (page: number) => (await sense6(page)).data!.slice(4);

  test('what is shown is accepted', async () => {
    expect(told(await select(await shown(0x08)))).toBe(0);
    expect(told(await select(await shown(0x0a)))).toBe(0);
  });
  test('the cache can not be switched off', async () => {
    const page = await shown(0x08);
    page[2] = 0;
    expect(told(await select(page))).toBe('5/2600');
  });
  test('SWP protects against writes until it is cleared; others are told of the change', async () => {
    const other = unit.attach('other');
    other.take();
    const page = await shown(0x0a);
    page[4] = 0x08;
    expect(told(await select(page))).toBe(0);
    expect(told(await run(cdbs[10](0x2a, 0, 1), { out: filled(1, 1) }))).toBe('7/2702');
    expect(
      told(await run([0x42, 0, 0, 0, 0, 0, 0, 0, 8, 0], { out: Uint8Array.of(0, 6, 0, 0, 0, 0, 0, 0) })),
    ).toBe('7/2702');
    expect((await sense6(0x0a)).data![2]! & 0x80).toBe(0x80);
    expect(told(await run([0], { by: other }))).toBe('6/2a01');
    page[4] = 0;
    await select(page);
    expect(told(await run(cdbs[10](0x2a, 0, 1), { out: filled(1, 1) }))).toBe(0);
  });
  test('D_SENSE changes the format of sense data', async () => {
    const page = await shown(0x0a);
    page[2]! |= 0x04;
    await select(page);
    const result = await run(cdbs[16](0x88, sectors + 5, 1));
    expect([result.sense?.[0], told(result), [...result.sense!.subarray(8, 20)]]).toEqual([
      0x72,
      '5/2100',
      [0, 10, 0x80, 0, ...u64(sectors + 5)],
    ]);
  });
  test('nothing is saved; a cut list', async () => {
    const page = await shown(0x0a);
    expect(told(await select(page, 0x11))).toBe('5/2400');
    expect(told(await select(page, 0x00))).toBe('5/2400');
    expect(told(await select(page.subarray(0, 5)))).toBe('5/1a00');
  });
});

describe('REPORT SUPPORTED OPERATION CODES', () => {
  const report = (options: number, opcode = 0, action = 0) =>
    run([0xa3, 0x0c, options, opcode, ...u16(action), ...u32(4096), 0, 0]);
  test('all of them: one descriptor per row of the table', async () => {
    const { data } = await report(0);
    expect(data!.byteLength).toBe(4 + 8 * commands.length);
    expect((await report(0x80)).data!.byteLength).toBe(4 + 20 * commands.length);
  });
  // options, opcode, service action → support byte and CDB length, or what is wrong
  test.each([
    [1, 0x28, 0, [3, 10]],
    [1, 0xee, 0, [1, 0]],
    [1, 0x9e, 0, '5/2400'],
    [2, 0x9e, 0x10, [3, 16]],
    [2, 0x9e, 0x1f, [1, 0]],
    [2, 0x28, 0, '5/2400'],
    [3, 0x28, 0, [3, 10]],
    [3, 0xa3, 0x0c, [3, 12]],
    [4, 0x28, 0, '5/2400'],
  ])('options %i, opcode %i, action %i', async (options, opcode, action, expected) => {
    const result = await report(options, opcode, action);
    expect(result.status === 0 ? [result.data![1]! & 7, result.data![3]] : told(result)).toEqual(expected);
  });
  test('the usage map of READ(10) shows DPO and FUA', async () => {
    expect((await report(1, 0x28)).data![5]! & 0x18).toBe(0x18);
  });
});

describe('attention, reservation, reset', () => {
  test('a new nexus hears of the power-on once; INQUIRY, REPORT LUNS and REQUEST SENSE do not wait for that', async () => {
    const by = unit.attach('new');
    expect(told(await run([0x12, 0, 0, 0, 36, 0], { by }))).toBe(0);
    expect(told(await run([0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], { by }))).toBe(0);
    expect(told(await run([0], { by }))).toBe('6/2900');
    expect(told(await run([0], { by }))).toBe(0);
  });
  test('the same initiator port again hears that its nexus was lost', async () => {
    unit.detach(nexus);
    expect(told(await run([0], { by: unit.attach(nexus.name) }))).toBe('6/2907');
  });
  test('REQUEST SENSE takes the attention as its data', async () => {
    const by = unit.attach('new');
    const { data } = await run([0x03, 0, 0, 0, 18, 0], { by });
    expect([data![2], data![12]]).toEqual([6, 0x29]);
    expect(told(await run([0], { by }))).toBe(0);
    expect((await run([0x03, 1, 0, 0, 18, 0], { by })).data![0]).toBe(0x72);
  });
  test('a resize is told to everyone, once', async () => {
    volume.grow(sectors * 1024);
    const other = unit.attach('later');
    other.take();
    expect(told(await run([0]))).toBe('6/2a09');
    expect(told(await run([0]))).toBe(0);
    expect(told(await run([0], { by: other }))).toBe(0);
  });
  test('a reset is told to all, takes the place of older news, ends the reservation and the mode changes', async () => {
    const other = unit.attach('other');
    await run([0x16, 0, 0, 0, 0, 0]);
    unit.mode = { ...unit.mode, writeProtected: true };
    unit.reset();
    expect([told(await run([0])), told(await run([0]))]).toEqual(['6/2903', 0]);
    expect([told(await run([0], { by: other })), told(await run([0], { by: other }))]).toEqual(['6/2903', 0]);
    expect(unit.mode.writeProtected).toBe(false);
  });
  test('RESERVE(6): others conflict but for four commands, until it is released or its holder is gone', async () => {
    const other = unit.attach('other');
    other.take();
    const conflict = 0x18;
    await run([0x16, 0, 0, 0, 0, 0]);
    for (const cdb of [[0], [0x1a, 0, 0x3f, 0, 255, 0], cdbs[10](0x28, 0, 1), [0x16]])
      expect(told(await run(cdb, { by: other }))).toBe(conflict);
    for (const cdb of [
      [0x12, 0, 0, 0, 36, 0],
      [0x03, 0, 0, 0, 18, 0],
      [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0],
      [0x17],
    ])
      expect(told(await run(cdb, { by: other }))).toBe(0);
    expect(told(await run([0], { by: other }))).toBe(conflict); // its RELEASE changed nothing
    await run([0x17]);
    expect(told(await run([0x16], { by: other }))).toBe(0);
    expect(told(await run([0]))).toBe(conflict);
    unit.detach(other);
    expect(told(await run([0]))).toBe(0);
  });
});

describe('what the volume can not do', () => {
  test.each([
    ['busy', 8],
    ['noSpace', '7/2707'],
    ['unreadable', '3/1100'],
    ['unflushedWritesLost', '3/0c00'],
  ] as const)('%s', async (problem, outcome) => {
    volume.failNext(problem);
    expect(told(await run(cdbs[10](0x35, 0, 0)))).toBe(outcome);
    expect(told(await run(cdbs[10](0x35, 0, 0)))).toBe(0);
  });
  test('an error that is none of the volume’s is not turned into a status', async () => {
    volume.read = () => Promise.reject(new RangeError('a bug'));
    await expect(run(cdbs[10](0x28, 0, 1))).rejects.toThrow(RangeError);
    expect(new VolumeError('busy', '')).toBeInstanceOf(Error);
  });
});

test.each([
  ['an unknown opcode', [0xc5], '5/2000'],
  ['an unknown service action', [0x9e, 0x1f], '5/2400'],
  ['NACA', [0, 0, 0, 0, 0, 4], '5/2400'],
  ['ejecting', [0x1b, 0, 0, 0, 2, 0], '5/2400'],
  ['REPORT LUNS with too little room', [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0], '5/2400'],
])('%s is refused', async (_what, cdb, problem) => {
  expect(told(await run(cdb))).toBe(problem);
});

test('stopping the unit flushes', async () => {
  volume.failNext('busy');
  expect(told(await run([0x1b, 0, 0, 0, 0, 0]))).toBe(8);
  expect(told(await run([0x1b, 0, 0, 0, 1, 0]))).toBe(0);
});

test('every row of the command table has a CDB length that its opcode has (SPC-4 §4.2.5.1)', () => {
  const lengths = [6, 10, 10, 0, 16, 12];
  for (const { name, opcode, usage } of commands)
    expect([name, usage.byteLength]).toEqual([name, lengths[opcode >> 5]]);
});
