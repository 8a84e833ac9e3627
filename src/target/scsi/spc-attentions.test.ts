/** SAM-5 and SPC-2: unit attentions and RESERVE(6); problems of the volume as sense data. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cdbs, ScsiRig, sectors, told } from '../../testing/scsi-rig.ts';
import { VolumeError } from '../volume.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});

describe('SAM-5 §5.14 unit attentions, SPC-2 §5.5.1 RESERVE(6)', () => {
  test('a new nexus hears of the power-on once; INQUIRY, REPORT LUNS and REQUEST SENSE do not wait for that', async () => {
    const by = rig.unit.attach('new');
    expect(told(await rig.run([0x12, 0, 0, 0, 36, 0], { by }))).toBe(0);
    expect(told(await rig.run([0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], { by }))).toBe(0);
    expect(told(await rig.run([0], { by }))).toBe('6/2900');
    expect(told(await rig.run([0], { by }))).toBe(0);
  });
  test('the same initiator port again hears that its nexus was lost', async () => {
    rig.unit.detach(rig.nexus);
    expect(told(await rig.run([0], { by: rig.unit.attach(rig.nexus.name) }))).toBe('6/2907');
  });
  test('REQUEST SENSE takes the attention as its data', async () => {
    const by = rig.unit.attach('new');
    const { data } = await rig.run([0x03, 0, 0, 0, 18, 0], { by });
    expect([data![2], data![12]]).toEqual([6, 0x29]);
    expect(told(await rig.run([0], { by }))).toBe(0);
    expect((await rig.run([0x03, 1, 0, 0, 18, 0], { by })).data![0]).toBe(0x72);
  });
  test('a resize is told to everyone, once', async () => {
    rig.volume.grow(sectors * 1024);
    const other = rig.unit.attach('later');
    other.take();
    expect(told(await rig.run([0]))).toBe('6/2a09');
    expect(told(await rig.run([0]))).toBe(0);
    expect(told(await rig.run([0], { by: other }))).toBe(0);
  });
  test('a reset is told to all, takes the place of older news, ends the reservation and the mode changes', async () => {
    const other = rig.unit.attach('other');
    await rig.run([0x16, 0, 0, 0, 0, 0]);
    rig.unit.mode = { ...rig.unit.mode, writeProtected: true };
    rig.unit.reset();
    expect([told(await rig.run([0])), told(await rig.run([0]))]).toEqual(['6/2903', 0]);
    expect([told(await rig.run([0], { by: other })), told(await rig.run([0], { by: other }))]).toEqual([
      '6/2903',
      0,
    ]);
    expect(rig.unit.mode.writeProtected).toBe(false);
  });
  test('RESERVE(6): others conflict but for four commands, until it is released or its holder is gone', async () => {
    const other = rig.unit.attach('other');
    other.take();
    const conflict = 0x18;
    await rig.run([0x16, 0, 0, 0, 0, 0]);
    for (const cdb of [[0], [0x1a, 0, 0x3f, 0, 255, 0], cdbs[10](0x28, 0, 1), [0x16]])
      expect(told(await rig.run(cdb, { by: other }))).toBe(conflict);
    for (const cdb of [
      [0x12, 0, 0, 0, 36, 0],
      [0x03, 0, 0, 0, 18, 0],
      [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0],
      [0x17],
    ])
      expect(told(await rig.run(cdb, { by: other }))).toBe(0);
    expect(told(await rig.run([0], { by: other }))).toBe(conflict); // its RELEASE changed nothing
    await rig.run([0x17]);
    expect(told(await rig.run([0x16], { by: other }))).toBe(0);
    expect(told(await rig.run([0]))).toBe(conflict);
    rig.unit.detach(other);
    expect(told(await rig.run([0]))).toBe(0);
  });
});

describe('what the volume can not do', () => {
  test.each([
    ['busy', 8],
    ['noSpace', '7/2707'],
    ['unreadable', '3/1100'],
    ['unflushedWritesLost', '3/0c00'],
  ] as const)('%s', async (problem, outcome) => {
    rig.volume.failNext(problem);
    expect(told(await rig.run(cdbs[10](0x35, 0, 0)))).toBe(outcome);
    expect(told(await rig.run(cdbs[10](0x35, 0, 0)))).toBe(0);
  });
  test('an error that is none of the volume’s is not turned into a status', async () => {
    rig.volume.read = () => Promise.reject(new RangeError('a bug'));
    await expect(rig.run(cdbs[10](0x28, 0, 1))).rejects.toThrow(RangeError);
    expect(new VolumeError('busy', '')).toBeInstanceOf(Error);
  });
});
