import { expect, test } from '@jest/globals';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { checkSegments, createDeviceSet } from './create-set.ts';
import { openDeviceSet } from './open-set.ts';
import { blank, refusal, testRefusals, type Pools } from './refusals.contract.ts';

let seed = 1;
const create: Pools['create'] = async (devices, layout = 'stripe', overwrite = []) => {
  const set = await createDeviceSet({ layout, groups: [devices], overwrite, host: memoryHost(seed++) });
  await set.writeRoot({ txg: 1, clean: true, payload: new Uint8Array(8) });
  await set.close();
  return set.pool;
};
const open: Pools['open'] = async (devices) => {
  const { set } = await openDeviceSet({ devices });
  const all = set.devices();
  return {
    guid: set.pool,
    names: all.map(({ name }) => name),
    isWhole: all.every(({ state }) => state === 'current'),
  };
};

testRefusals({ create, open });

test('groups with more segments than a pool can number are refused', () => {
  const groups = (count: number, segments: number) => Array.from({ length: count }, () => ({ segments }));
  expect(() => checkSegments([...groups(63, 2 ** 24), { segments: 2 ** 24 - 1 }])).not.toThrow();
  expect(() => checkSegments(groups(64, 2 ** 24))).toThrow(
    /1073741824 segments together, a pool has at most 1073741823/,
  );
});

test.each([
  ['mirror', 1, /mirror group has 2 to 8 devices, got 1/],
  ['mirror', 9, /mirror group has 2 to 8 devices, got 9/],
  ['raidz', 2, /raidz group has 3 to 32 devices, got 2/],
  ['raidz2', 3, /raidz2 group has 4 to 32 devices, got 3/],
  ['raidz2', 33, /raidz2 group has 4 to 32 devices, got 33/],
  ['stripe', 65, /65 devices: a pool has at most 64/],
] as const)('a %s of %i devices is refused', async (layout, count, message) => {
  const devices = Array.from({ length: count }, (_, i) => blank(`sd${i}`));
  const [reason, text] = await refusal(devices, () => create(devices, layout));
  expect([reason, message.test(text), text]).toEqual(['LayoutInvalid', true, text]);
});
