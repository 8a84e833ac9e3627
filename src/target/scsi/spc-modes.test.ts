/** SPC-4: mode pages. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cdbs, filled, ScsiRig, sectors, told, u64 } from '../../testing/scsi-rig.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});

describe('§6.11-§6.14 MODE SELECT, MODE SENSE', () => {
  const sense6 = (page: number, control = 0) => rig.run([0x1a, 0x08, (control << 6) | page, 0, 255, 0]);
  test('the cache is on, FUA and DPO are known', async () => {
    const { data } = await sense6(0x08);
    expect([data?.[2], data?.[4], data![6]! & 0x04]).toEqual([0x10, 0x08, 0x04]);
  });
  test('all pages, long and short, with a block descriptor or without', async () => {
    const { data: six } = await rig.run([0x1a, 0, 0x3f, 0, 255, 0]);
    expect([six?.[0], six?.[3], six?.byteLength]).toEqual([six!.byteLength - 1, 8, 4 + 8 + 20 + 12]);
    const { data: ten } = await rig.run([0x5a, 0x10, 0x3f, 0, 0, 0, 0, 0, 255, 0]);
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
    expect(told(await rig.run(cdb))).toBe(problem);
  });

  const select = (page: Uint8Array, flags = 0x10) => {
    const out = Uint8Array.from([0, 0, 0, 0, ...page]);
    return rig.run([0x15, flags, 0, 0, out.byteLength, 0], { out });
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
    const other = rig.unit.attach('other');
    other.take();
    const page = await shown(0x0a);
    page[4] = 0x08;
    expect(told(await select(page))).toBe(0);
    expect(told(await rig.run(cdbs[10](0x2a, 0, 1), { out: filled(1, 1) }))).toBe('7/2702');
    expect(
      told(await rig.run([0x42, 0, 0, 0, 0, 0, 0, 0, 8, 0], { out: Uint8Array.of(0, 6, 0, 0, 0, 0, 0, 0) })),
    ).toBe('7/2702');
    expect((await sense6(0x0a)).data![2]! & 0x80).toBe(0x80);
    expect(told(await rig.run([0], { by: other }))).toBe('6/2a01');
    page[4] = 0;
    await select(page);
    expect(told(await rig.run(cdbs[10](0x2a, 0, 1), { out: filled(1, 1) }))).toBe(0);
  });
  test('D_SENSE changes the format of sense data', async () => {
    const page = await shown(0x0a);
    page[2]! |= 0x04;
    await select(page);
    const result = await rig.run(cdbs[16](0x88, sectors + 5, 1));
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
