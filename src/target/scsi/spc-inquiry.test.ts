/** SPC-4: what a unit says of itself. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cdbs, iqn, ScsiRig, told, u16, u32 } from '../../testing/scsi-rig.ts';
import { identityOf } from './identity.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1');

describe('§6.6 INQUIRY', () => {
  const inquiry = (page: number | undefined, allocation = 255, lun = 0) =>
    rig.run([0x12, page === undefined ? 0 : 1, page ?? 0, ...u16(allocation), 0], { lun });
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
    expect(listed).toEqual([0, 0x80, 0x83, 0x86, 0x8f, 0xb0, 0xb1, 0xb2]);
    for (const code of listed) {
      const { data } = await inquiry(code, 4096);
      expect([code, data?.[1], (data![2]! << 8) | data![3]!]).toEqual([code, code, data!.byteLength - 4]);
    }
    expect(told(await inquiry(0xc0))).toBe('5/2400');
    expect(told(await rig.run([0x12, 0, 0x80, 0, 255, 0]))).toBe('5/2400');
  });
  test('the identity follows from the IQN alone', () => {
    const idOf = (name: string) => {
      const { naa, serial } = identityOf(name);
      return [Buffer.from(naa).toString('hex'), serial];
    };
    const [naa = '', serial = ''] = idOf(iqn);
    expect(idOf(iqn.toUpperCase())).toEqual([naa, serial]);
    expect(idOf(`${iqn}0`)).not.toEqual([naa, serial]);
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
    expect(told(await rig.run([0, 0, 0, 0, 0, 0], { lun: 3 }))).toBe('5/2500');
    expect(told(await rig.run(cdbs[10](0x28, 0, 1), { lun: -1 }))).toBe('5/2500');
    expect((await rig.run([0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], { lun: 3 })).data?.byteLength).toBe(16);
    expect((await rig.run([0x03, 0, 0, 0, 18, 0], { lun: 3 })).data?.[12]).toBe(0x25);
  });
});

describe('§6.37 REPORT TARGET PORT GROUPS', () => {
  test('one group of one port, active and optimized; INQUIRY says that it is implicit', async () => {
    const { data } = await rig.run([0xa3, 0x0a, 0, 0, 0, 0, ...u32(64), 0, 0]);
    expect([...data!]).toEqual([0, 0, 0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect((await rig.run([0x12, 0, 0, 0, 96, 0])).data![5]! >> 4).toBe(1);
  });
  test('with the extended header, cut to the room there is, and no other format', async () => {
    expect([...(await rig.run([0xa3, 0x2a, 0, 0, 0, 0, ...u32(8), 0, 0])).data!]).toEqual([
      0, 0, 0, 16, 0x10, 0, 0, 0,
    ]);
    expect(told(await rig.run([0xa3, 0x4a, 0, 0, 0, 0, ...u32(64), 0, 0]))).toBe('5/2400');
  });
});
