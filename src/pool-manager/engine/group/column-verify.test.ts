import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { columnGroup } from '../../../testing/column-group.ts';
import { appendTags, isTagged } from './segment-group.contract.ts';

const chunkBytes = 16 * 1024;

/** A full segment 0 of raidz2 2+2, whose second data column is on a device that is being copied to. */
async function withColumnAway() {
  const rig = columnGroup('raidz2', 4);
  const { group } = rig;
  const writer = group.open(0);
  appendTags(writer, 0, group.segmentUnits);
  await writer.drained();
  const away = must(group.core.members[1], 'the second column');
  const back = { ...away };
  Object.assign(away, { state: 'syncing', joinTxg: group.core.openTxg, goodTxg: 0 });
  return { ...rig, comeBack: () => Object.assign(away, back) };
}

test('what a crash left of one parity is mended though a data column is away: its data is known from the other one', async () => {
  const { group, devices, comeBack } = await withColumnAway();
  const stale = must(devices[2], 'the first parity');
  for (const row of [0, 3]) stale.flipBit(row * chunkBytes + 5);
  const { segmentUnits } = group;
  expect((await group.verify(0, 0, segmentUnits, isTagged(0))).repairedUnits).toBe(2);
  comeBack();
  expect(await group.verify(0, 0, segmentUnits, isTagged(0))).toEqual({ bad: [], repairedUnits: 0 });
});

test('parity of a row of which not all is known is left as it is', async () => {
  const { group, devices } = await withColumnAway();
  must(devices[2], 'the first parity').flipBit(5);
  expect((await group.verify(0, 0, 4, isTagged(0))).repairedUnits).toBe(0); // the units of the other column were not asked for
});
