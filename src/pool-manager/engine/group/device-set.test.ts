import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { flushedImage } from '../../../testing/crash-images.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { DeviceError } from '../block-device.ts';
import { clearLabels, createDeviceSet } from './create-set.ts';
import type { DeviceSet } from './device-set.ts';
import { examineDevices } from './examine.ts';
import type { Layout } from './geometry.ts';
import { openDeviceSet } from './open-set.ts';
import { appendTags, isTagged } from './segment-group.contract.ts';

const host = memoryHost(1);
const mib = 2 ** 20;
const makeDevices = (count: number, sizeBytes = 16 * mib, prefix = 'disk'): MemoryDevice[] =>
  Array.from({ length: count }, (_, i) => {
    const device = new MemoryDevice({ name: `${prefix}-${i}`, sizeBytes });
    device.record();
    return device;
  });
const reopen = (device: MemoryDevice): MemoryDevice => {
  const { name, sizeBytes } = device;
  const again = new MemoryDevice({ name, sizeBytes, image: flushedImage(device) });
  again.record();
  return again;
};
const payload = (text: string) => new TextEncoder().encode(text);
const write = async (set: DeviceSet, txg: number) => {
  await set.writeRoot({ txg, clean: false, payload: payload(`root ${txg}`) });
  set.openTxg = txg + 1;
};
async function create(layout: Layout, devices: readonly MemoryDevice[], txgs = 1) {
  const set = await createDeviceSet({ layout, groups: [devices], host });
  for (let txg = 1; txg <= txgs; txg++) await write(set, txg);
  return set;
}
const states = (set: DeviceSet) => set.devices().map(({ state }) => state);
const fail = (device: MemoryDevice) => {
  device.fault = () => new DeviceError(device.name, 'broken');
};

test('a set that was created is opened with its newest root, wherever the devices stand', async () => {
  const devices = makeDevices(4);
  const set = await create('raidz2', devices, 130);
  await set.close();
  const again = devices.map(reopen).toReversed();
  const { set: opened, root, roots, maybeOld, readOnlyFor } = await openDeviceSet({ devices: again });
  expect([root.txg, new TextDecoder().decode(root.payload), root.clean]).toEqual([130, 'root 130', false]);
  expect(roots.length).toBe(128);
  expect([opened.openTxg, states(opened), maybeOld, readOnlyFor]).toEqual([
    131,
    ['current', 'current', 'current', 'current'],
    false,
    undefined,
  ]);
  expect(opened.groups.map(({ segments, dataColumns }) => [segments, dataColumns])).toEqual([[52, 2]]);
});

test('what is not blank is not taken', async () => {
  const [device] = makeDevices(1);
  const disk = must(device, 'the device');
  await disk.write(0, new Uint8Array(4096).fill(0x55));
  await disk.write(4096, payload('CASKADE-POOL\0\0\0\0'.padEnd(4096, '\0')));
  await expect(createDeviceSet({ layout: 'stripe', groups: [[disk]], host })).rejects.toMatchObject({
    reason: 'DeviceForeign',
  });
  const overwritten = await createDeviceSet({
    layout: 'stripe',
    groups: [[disk]],
    host,
    overwrite: ['disk-0'],
  });
  await write(overwritten, 1);
  await write(overwritten, 2);
  await expect(createDeviceSet({ layout: 'stripe', groups: [[disk]], host })).rejects.toMatchObject({
    reason: 'PoolMismatch',
  });
  await clearLabels([disk]);
  expect((await examineDevices([disk])).map(({ kind }) => kind)).toEqual(['blank']);
});

test('one label of two is enough, on each device the other one', async () => {
  const devices = makeDevices(2);
  await create('mirror', devices, 3);
  const [a, b] = devices.map(reopen).map((device) => must(device, 'a device')) as [
    MemoryDevice,
    MemoryDevice,
  ];
  for (let at = 0; at < mib; at += 4096) {
    a.flipBit(at + 30);
    b.flipBit(b.sizeBytes - mib + at + 30);
  }
  const { root, set } = await openDeviceSet({ devices: [a, b] });
  expect([root.txg, states(set)]).toEqual([3, ['current', 'current']]);
});

test('a label that can not be read is as good as none, a device that can not be read as good as absent', async () => {
  const devices = makeDevices(3);
  await create('raidz', devices, 3);
  const [a, b, c] = devices.map(reopen);
  must(a, 'a').fault = (op, offset) =>
    op === 'read' && offset < mib ? new DeviceError('a', 'bad sector') : undefined;
  fail(must(b, 'b'));
  const { root, set } = await openDeviceSet({ devices: [a, b, c].map((device) => must(device, 'a device')) });
  expect([root.txg, states(set)]).toEqual([3, ['current', 'absent', 'current']]);
  expect(set.devices()[1]?.reason).toMatch(/can not be read.*broken/);
});

test('features that a release does not know', async () => {
  const devices = makeDevices(1);
  const set = await create('stripe', devices, 2);
  await set.writeLabels((label) => ({ ...label, features: { required: [], readOnly: ['checksum-list'] } }));
  expect((await openDeviceSet({ devices: devices.map(reopen) })).readOnlyFor).toBe('checksum-list');
  await set.writeLabels((label) => ({ ...label, features: { required: ['encryption'], readOnly: [] } }));
  await expect(openDeviceSet({ devices: devices.map(reopen) })).rejects.toMatchObject({
    reason: 'UnsupportedFeature',
    message: expect.stringContaining('feature encryption'),
  });
});

test('a device that fails is out of use, the next root says so, and it comes back as one that lacks what was written', async () => {
  const devices = makeDevices(3);
  const set = await create('raidz', devices, 2);
  const lost = must(devices[1], 'a device');
  fail(lost);
  const writer = set.group(0).open(5);
  appendTags(writer, 0, 40);
  writer.finish();
  await writer.drained();
  await set.flush();
  await write(set, 3);
  await write(set, 4);
  expect(states(set)).toEqual(['current', 'failed', 'current']);
  const { set: again, root } = await openDeviceSet({ devices: devices.map(reopen) });
  expect([root.txg, states(again)]).toEqual([4, ['current', 'syncing', 'current']]);
  expect(again.devices()[1]).toMatchObject({ goodTxg: 2 });
  again.group(0).restoreTxgs(5, 3, 3);
  expect((await again.group(0).read(5, 0, 40, isTagged(0))).bad).toEqual([]);
  expect(again.devices()[1]).toMatchObject({ checksumErrors: 0 });
});

test.each(['flush', 'log'] as const)(
  'a device that fails between two roots is known to have failed before a %s without it is answered',
  async (what) => {
    const devices = makeDevices(3);
    const set = await create('raidz', devices, 2);
    const lost = must(devices[1], 'a device');
    fail(lost);
    const writer = set.group(0).open(5);
    appendTags(writer, 0, 40);
    writer.finish();
    await writer.drained();
    if (what === 'flush') await set.flush();
    else await set.logs.ring.writeThrough(0, new Uint8Array(4096));
    // a crash before the next root
    const { set: again, root } = await openDeviceSet({ devices: devices.map(reopen) });
    expect([root.txg, states(again)]).toEqual([2, ['current', 'syncing', 'current']]);
    expect(again.devices()[1]).toMatchObject({ goodTxg: 2 });
    // another one fails before there is a root: the newer note counts
    const third = devices.map(reopen);
    const { set: next } = await openDeviceSet({ devices: third });
    next.group(0).core.members.forEach((member) => (member.state = 'current'));
    fail(must(third[0], 'another device'));
    await next.logs.ring.writeThrough(2 ** 20 - 4096, new Uint8Array(4096));
    expect(states((await openDeviceSet({ devices: third.map(reopen) })).set)).toEqual([
      'syncing',
      'current',
      'current',
    ]);
    // the next roots know better than the note
    again.group(0).core.members.forEach((member) => (member.state = 'current'));
    await write(again, 3);
    const all = again.members.map(({ device }) => reopen(device as MemoryDevice));
    expect(states((await openDeviceSet({ devices: all })).set)).toEqual(['current', 'current', 'current']);
  },
);

test('an older image of a device is found out by the others', async () => {
  const devices = makeDevices(2);
  const set = await create('mirror', devices, 2);
  const old = reopen(must(devices[0], 'a device'));
  for (let txg = 3; txg < 6; txg++) await write(set, txg);
  const { set: again } = await openDeviceSet({ devices: [old, reopen(must(devices[1], 'b'))] });
  expect(again.devices().map(({ state, goodTxg }) => [state, goodTxg])).toEqual([
    ['syncing', 2],
    ['current', 5],
  ]);
});

test('halves of a mirror that went on apart are refused', async () => {
  const devices = makeDevices(2);
  await create('mirror', devices, 2);
  const goOn = async (index: number, roots: number) => {
    const device = reopen(must(devices[index], 'a device'));
    const { set, maybeOld } = await openDeviceSet({ devices: [device], without: true });
    expect(maybeOld).toBe(true);
    for (let txg = 3; txg < 3 + roots; txg++)
      await set.writeRoot({ txg, clean: false, payload: payload(`${index}`) });
    return reopen(device);
  };
  await expect(openDeviceSet({ devices: [reopen(must(devices[0], 'a'))] })).rejects.toMatchObject({
    reason: 'DeviceMissing',
  });
  const equal = [await goOn(0, 3), await goOn(1, 3)];
  await expect(openDeviceSet({ devices: equal })).rejects.toMatchObject({ reason: 'ForkedPool' });
  const unequal = [await goOn(0, 3), await goOn(1, 6)];
  await expect(openDeviceSet({ devices: unequal })).rejects.toMatchObject({ reason: 'ForkedPool' });
});

test('with more parity than data the devices that are away may know better; with less they can not', async () => {
  const four = makeDevices(4);
  await create('raidz2', four, 2);
  await expect(openDeviceSet({ devices: four.slice(2).map(reopen) })).rejects.toMatchObject({
    reason: 'DeviceMissing',
  });
  const six = makeDevices(6);
  await create('raidz2', six, 2);
  const { set, maybeOld } = await openDeviceSet({ devices: six.slice(2).map(reopen) });
  expect([maybeOld, states(set).filter((state) => state === 'absent').length]).toEqual([false, 2]);
  await expect(openDeviceSet({ devices: six.slice(3).map(reopen) })).rejects.toMatchObject({
    reason: 'DeviceMissing',
  });
});

test('the set fails when a group has lost more than its parity', async () => {
  const devices = makeDevices(3);
  const set = await create('raidz', devices, 1);
  fail(must(devices[0], 'a'));
  await write(set, 2);
  fail(must(devices[1], 'b'));
  await expect(write(set, 3)).rejects.toMatchObject({ name: 'GroupFailure' });
  expect((await set.failed).message).toMatch(/disk-0.*broken.*disk-1.*broken/);
});

test('the log is on p+1 devices, goes on with those that are left, and survives any p', async () => {
  const devices = makeDevices(4);
  const set = await create('raidz2', devices, 1);
  const { ring } = set.logs;
  const block = new Uint8Array(4096).fill(3);
  await ring.writeThrough(8192, block);
  const copies = async (area = ring) =>
    (await Promise.all([0, 1, 2, 3].map((copy) => area.read(copy, 8192, 4096)))).filter(
      (found) => found?.[9] === 3,
    ).length;
  expect(await copies()).toBe(3);
  fail(must(devices[0], 'a'));
  await ring.writeThrough(8192, block);
  expect(await copies()).toBe(3);
  const { set: again } = await openDeviceSet({ devices: devices.map(reopen) });
  expect(await copies(again.logs.ring)).toBe(4);
});

test('log devices carry the log; when they are gone the set goes on', async () => {
  const [data, logs] = [makeDevices(1), makeDevices(2, 16 * mib, 'log')];
  const set = await createDeviceSet({ layout: 'stripe', groups: [data], logs: [logs], host });
  await write(set, 1);
  const area = must(set.logs.devices, 'log devices');
  await area.writeThrough(0, new Uint8Array(4096).fill(1));
  const { set: again } = await openDeviceSet({ devices: [...data, ...logs].map(reopen) });
  expect((await must(again.logs.devices, 'log devices').read(1, 0, 4096))?.[0]).toBe(1);
  logs.forEach(fail);
  await expect(area.writeThrough(4096, new Uint8Array(4096))).rejects.toMatchObject({ name: 'GroupFailure' });
  expect(area.isUsable).toBe(false);
  await write(set, 2);
  expect(states(set)).toEqual(['current', 'failed', 'failed']);
  // the root knows that nothing is there any more
  expect((await openDeviceSet({ devices: data.map(reopen) })).maybeOld).toBe(false);
});

test('without any of the log devices what was flushed may be lost: with consent only, unless the pool was closed in order', async () => {
  const [data, logs] = [makeDevices(1), makeDevices(2, 16 * mib, 'log')];
  const set = await createDeviceSet({ layout: 'stripe', groups: [data], logs: [logs], host });
  await write(set, 1);
  expect((await openDeviceSet({ devices: [...data, ...logs.slice(1)].map(reopen) })).maybeOld).toBe(false);
  await expect(openDeviceSet({ devices: data.map(reopen) })).rejects.toMatchObject({
    reason: 'DeviceMissing',
    message: expect.stringMatching(/log-0.*log-1.*consent/),
  });
  expect((await openDeviceSet({ devices: data.map(reopen), without: true })).maybeOld).toBe(true);
  await set.writeRoot({ txg: 2, clean: true, payload: payload('closed') });
  expect((await openDeviceSet({ devices: data.map(reopen) })).maybeOld).toBe(false);
});
