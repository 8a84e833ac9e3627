import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { columnGroup } from '../../../testing/column-group.ts';
import { recover } from './recover.ts';
import { appendTags, isTagged } from './segment-group.contract.ts';

test('a device that is being copied to is asked for what it may lack, when nobody else has it', async () => {
  const { group, devices } = columnGroup('raidz', 3);
  const writer = group.open(0);
  appendTags(writer, 0, group.segmentUnits);
  await writer.drained();
  // a crash kept the last root from it, though it has all
  const late = must(group.core.members[0], 'a device');
  Object.assign(late, { state: 'syncing', joinTxg: group.core.openTxg, goodTxg: 0 });
  const liar = must(devices[1], 'another column');
  for (let at = 0; at < 8 * blockBytes; at += blockBytes) liar.flipBit(at + 9);
  expect((await group.read(0, 0, 8, isTagged(0))).bad).toEqual([]);
});

test('a device that was just given what it lacked is asked itself, where those it was copied from are wrong', async () => {
  const { group, devices } = columnGroup('raidz', 3);
  const writer = group.open(0);
  appendTags(writer, 0, group.segmentUnits);
  await writer.drained();
  const liar = must(devices[1], 'another column');
  for (let at = 0; at < 8 * blockBytes; at += blockBytes) liar.flipBit(at + 9);
  // the read found it lacking; before the others have answered, the copy of the segment was complete
  const lost = { segment: 0, unit: 0, suspects: [0, 1, 2], asked: undefined };
  expect(await recover(group.core, lost, isTagged(0))).toEqual([]);
});
