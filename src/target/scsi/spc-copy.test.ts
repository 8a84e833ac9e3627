/** Walks SPC-4 §5.17 and §6.5 (EXTENDED COPY), §6.21-§6.25 (what became of a copy): copies within the unit. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { prng } from '../../shared/prng.ts';
import { filled, ScsiRig, sectors, told, u16, u32, u64 } from '../../testing/scsi-rig.ts';
import { copyLimits } from './copy-list.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});

const target = (naa: Uint8Array, type = 0xe4) => [
  type,
  0,
  0,
  0,
  1,
  3,
  0,
  16,
  ...naa,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
];
const thisUnit = () => target(rig.unit.identity.naa).slice(0, 32);
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly destination?: number;
  readonly type?: number;
}
const segment = ({ from, to, count, destination = 0, type = 2 }: Segment) => [
  type,
  0,
  ...u16(24),
  ...u16(0),
  ...u16(destination),
  0,
  0,
  ...u16(count),
  ...u64(from),
  ...u64(to),
];
const list = (
  segments: readonly Segment[],
  {
    targets = [thisUnit()],
    id = 1,
    usage = 0,
  }: { targets?: readonly number[][]; id?: number; usage?: number } = {},
) => {
  const [first, second] = [targets.flat(), segments.flatMap(segment)];
  return Uint8Array.from([
    id,
    usage << 3,
    ...u16(first.length),
    0,
    0,
    0,
    0,
    ...u32(second.length),
    ...u32(0),
    ...first,
    ...second,
  ]);
};
const copy = (out: Uint8Array, bytes = out.byteLength) =>
  rig.run([0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...u32(bytes), 0, 0], { out });
const receive = (action: number, id = 1) =>
  rig.run([0x84, action, id, 0, 0, 0, 0, 0, 0, 0, ...u32(1024), 0, 0]);

describe('§6.5 EXTENDED COPY(LID1)', () => {
  test('segments in order, each sector of them and no other', async () => {
    const data = prng(3).bytes(2600 * 512);
    await rig.volume.write(0, data.slice());
    const result = await copy(
      list([
        { from: 1, to: 9001, count: 2500 },
        { from: 9001, to: 20_000, count: 3 },
      ]),
    );
    expect([result.status, result.transferBytes]).toEqual([0, 16 + 32 + 2 * 28]);
    expect((await rig.bytesAt(9001, 2500)).equals(data.subarray(512, 2501 * 512))).toBe(true);
    expect((await rig.bytesAt(20_000, 3)).equals(data.subarray(512, 4 * 512))).toBe(true);
    expect((await rig.bytesAt(9000, 1)).equals(filled(1, 0))).toBe(true);
    expect((await rig.bytesAt(11_501, 1)).equals(filled(1, 0))).toBe(true);
  });
  test.each([
    [100, 1000],
    [1000, 100],
  ])('ranges that overlap, from %i to %i', async (from, to) => {
    const data = prng(4).bytes(2600 * 512);
    await rig.volume.write(from * 512, data.slice());
    expect(told(await copy(list([{ from, to, count: 2600 }])))).toBe(0);
    expect((await rig.bytesAt(to, 2600)).equals(data)).toBe(true);
  });
  const inBytes = (from: number, to: number, bytes: number, offsets = [0, 0]) => {
    const body = [...u32(bytes), ...u64(from), ...u64(to), ...u16(offsets[0]!), ...u16(offsets[1]!)];
    const one = [0x0a, 0, ...u16(28), ...u16(0), ...u16(0), ...body];
    return Uint8Array.from([
      1,
      0,
      ...u16(32),
      0,
      0,
      0,
      0,
      ...u32(one.length),
      ...u32(0),
      ...thisUnit(),
      ...one,
    ]);
  };
  test('a segment that counts in bytes: whole sectors are copied, anything else is refused', async () => {
    const data = prng(5).bytes(300 * 512);
    await rig.volume.write(0, data.slice());
    expect(told(await copy(inBytes(0, 5000, 300 * 512)))).toBe(0);
    expect((await rig.bytesAt(5000, 300)).equals(data)).toBe(true);
    for (const bad of [
      inBytes(0, 9000, 513),
      inBytes(0, 9000, copyLimits.segmentBytesMax + 512),
      inBytes(0, 9000, 512, [1, 0]),
      inBytes(0, 9000, 512, [0, 511]),
    ])
      expect(told(await copy(bad))).toBe('5/2600');
    expect((await rig.bytesAt(9000, 1)).equals(filled(1, 0))).toBe(true);
  });
  test('a list that is cut, too long, or has too many of something', async () => {
    const good = list([{ from: 0, to: 8, count: 1 }]);
    expect(told(await copy(good, 0))).toBe(0);
    for (const bytes of [8, 47, good.byteLength - 1]) expect(told(await copy(good, bytes))).toBe('5/1a00');
    const many = Array.from({ length: copyLimits.segmentsMax + 1 }, () => ({ from: 0, to: 8, count: 1 }));
    expect(told(await copy(list(many)))).toBe('5/2608');
    const targets = Array.from({ length: copyLimits.targetsMax + 1 }, thisUnit);
    expect(told(await copy(list([], { targets })))).toBe('5/2606');
    expect(told(await copy(list(many.concat(many, many, many))))).toBe('5/1a00');
  });
  test('descriptors of other kinds; other units; past the end; nothing is copied', async () => {
    await rig.volume.write(0, filled(8, 1));
    const one = { from: 0, to: 100, count: 8 };
    expect(told(await copy(list([one], { targets: [[0xe0, ...thisUnit().slice(1)]] })))).toBe('5/2607');
    expect(told(await copy(list([{ ...one, type: 3 }])))).toBe('5/2609');
    expect(told(await copy(list([{ ...one, destination: 1 }])))).toBe('a/0d02');
    const other = target(new Uint8Array(16)).slice(0, 32);
    expect(told(await copy(list([one], { targets: [other] })))).toBe('a/0d02');
    expect(told(await copy(list([{ ...one, to: sectors - 7 }])))).toBe('a/0000');
    expect(told(await copy(list([{ ...one, from: sectors - 7 }])))).toBe('a/0000');
    expect((await rig.bytesAt(100, 8)).equals(filled(8, 0))).toBe(true);
  });
  test('a write protected unit is no destination', async () => {
    rig.volume.readOnly = true;
    expect(told(await copy(list([{ from: 0, to: 8, count: 1 }])))).toBe('7/2700');
  });
});

describe('§6.21-§6.25 RECEIVE COPY RESULTS', () => {
  test('operating parameters are the limits that hold', async () => {
    const { data } = await receive(3);
    const view = new DataView(data!.buffer, data!.byteOffset);
    expect([view.getUint32(0), view.getUint16(8), view.getUint16(10), view.getUint32(12)]).toEqual([
      data!.byteLength - 4,
      copyLimits.targetsMax,
      copyLimits.segmentsMax,
      copyLimits.descriptorBytesMax,
    ]);
    expect([...data!.subarray(43)]).toEqual([3, 0x02, 0x0a, 0xe4]);
  });
  test('§7.8.17: page 8F tells the same, in descriptors of their lengths', async () => {
    const { data } = await rig.run([0x12, 1, 0x8f, ...u16(1024), 0]);
    const page = Buffer.from(data!);
    expect(page.readUInt16BE(2)).toBe(page.byteLength - 4);
    const found = new Map<number, Buffer>();
    for (let at = 4; at < page.byteLength;) {
      const bytes = page.readUInt16BE(at + 2);
      expect(bytes % 4).toBe(0);
      found.set(page.readUInt16BE(at), page.subarray(at + 4, at + 4 + bytes));
      at += 4 + bytes;
    }
    expect([...found.keys()]).toEqual([0x0001, 0x0004, 0x0008, 0x000c, 0x8001]);
    expect([...found.get(0x0001)!.subarray(0, 10)]).toEqual([9, 0x83, 1, 0, 0x84, 4, 0, 1, 3, 4]);
    const limits = found.get(0x0004)!;
    expect([limits.byteLength, limits.readUInt16BE(4), limits.readUInt16BE(6)]).toEqual([
      28,
      copyLimits.targetsMax,
      copyLimits.segmentsMax,
    ]);
    expect([...found.get(0x0008)!]).toEqual([3, 0x02, 0x0a, 0xe4]);
    expect(found.get(0x8001)!.readUInt32BE(8)).toBe(copyLimits.segmentBytesMax);
  });
  test('what became of a copy is kept by list identifier, for its nexus', async () => {
    expect(told(await receive(0))).toBe('5/2400');
    await copy(list([{ from: 0, to: 4096, count: 2048 }]));
    expect([...(await receive(0)).data!]).toEqual([0, 0, 0, 8, 1, 0, 1, 1, ...u32(1024)]);
    const other = rig.attach('other');
    const asked = await rig.run([0x84, 0, 1, 0, 0, 0, 0, 0, 0, 0, ...u32(64), 0, 0], { by: other });
    expect(told(asked)).toBe('5/2400');
    expect((await receive(4)).data?.byteLength).toBe(4);
    expect((await receive(1)).data?.byteLength).toBe(4);
  });
  test('a copy that failed says so', async () => {
    await copy(list([{ from: 0, to: sectors, count: 1 }]));
    expect((await receive(0)).data?.[4]).toBe(2);
    const { data } = await receive(4);
    expect([data?.[56], data![60 + 2]! & 0xf]).toEqual([2, 0xa]);
  });
  test('a list without an identifier, or to be discarded, is not kept; of many only the newest are', async () => {
    await copy(list([], { id: 0, usage: 3 }));
    await copy(list([], { id: 5, usage: 2 }));
    expect([told(await receive(0, 0)), told(await receive(0, 5))]).toEqual(['5/2400', '5/2400']);
    for (let id = 10; id < 30; id++) await copy(list([], { id }));
    expect([told(await receive(0, 10)), told(await receive(0, 29))]).toEqual(['5/2400', 0]);
  });
});
