/** What happens to a pool's devices while it serves: away and back, replaced, more of them, larger ones. */
import { describe, expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { DeviceError } from '../block-device.ts';
import { attachDevice, releaseDevice, replaceDevice } from './device-exchange.ts';
import { addGroup, growGroups } from './group-growth.ts';
import { addLogDevices, removeLogDevices } from './log-devices.ts';
import { createDeviceSet } from './create-set.ts';
import type { DeviceSet } from './device-set.ts';
import { labelBytes, type Layout } from './geometry.ts';
import { openDeviceSet } from './open-set.ts';
import { Resilver, type ResilverSource } from './resilver.ts';
import { appendTags, isTagged } from './segment-group.contract.ts';

const host = memoryHost(1);
const mib = 2 ** 20;
const makeDevices = (count: number, prefix = 'disk', sizeBytes = 16 * mib): readonly MemoryDevice[] =>
  Array.from({ length: count }, (_, i) => new MemoryDevice({ name: `${prefix}-${i}`, sizeBytes }));
const copyOf = (device: MemoryDevice, sizeBytes = device.sizeBytes): MemoryDevice =>
  new MemoryDevice({ name: device.name, sizeBytes, image: device.image() });
const states = (set: DeviceSet) => set.devices().map(({ state }) => state);

/** Writes segments of tagged units and remembers which. */
class Rig {
  set: DeviceSet;
  readonly written = new Map<string, number>();
  txg = 0;
  /** When all that was logged is in a root. */
  rooted = Promise.resolve();
  constructor(set: DeviceSet) {
    this.set = set;
  }
  async write(segment: number, units: number, group = 0): Promise<void> {
    const writer = this.set.group(group).open(segment);
    appendTags(writer, segment * 10_000, units);
    writer.finish();
    await writer.drained();
    this.written.set(`${group}/${segment}`, units);
  }
  async root(): Promise<void> {
    await this.set.flush();
    this.txg = this.set.openTxg;
    await this.set.writeRoot({ txg: this.txg, clean: false, payload: new Uint8Array(8) });
    this.set.openTxg = this.txg + 1;
  }
  /** Indices of segments that are not right. */
  async wrong(): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const [key, units] of this.written) {
      const [group = 0, segment = 0] = key.split('/').map(Number);
      const { bad } = await this.set.group(group).read(segment, 0, units, isTagged(segment * 10_000));
      if (bad.length > 0) wrong.push(key);
    }
    return wrong;
  }
  source(): ResilverSource {
    const { written, set } = this;
    return {
      *segmentsWritten(group, afterTxg) {
        for (let segment = 0; segment < 40; segment++)
          if (written.has(`${group}/${segment}`) && set.group(group).lastTxg(segment) > afterTxg)
            yield segment;
      },
      isFree: (group, segment) => !written.has(`${group}/${segment}`),
      judge: (group, segment) => {
        const units = written.get(`${group}/${segment}`) ?? 0;
        return Promise.resolve(
          (index, bytes, from) => index >= units || isTagged(segment * 10_000 + index)(0, bytes, from),
        );
      },
      rooted: () => this.rooted,
      pin: (run) => run(),
    };
  }
  async resilver(): Promise<Resilver> {
    const resilver = new Resilver(this.set, this.source());
    while (await resilver.step());
    return resilver;
  }
}

async function create(layout: Layout, devices: readonly MemoryDevice[], groups = [devices]): Promise<Rig> {
  const rig = new Rig(await createDeviceSet({ layout, groups, host }));
  await rig.root();
  for (let segment = 0; segment < 6; segment++) await rig.write(segment, 64);
  await rig.root();
  return rig;
}

const redundant: readonly (readonly [Layout, number])[] = [
  ['mirror', 2],
  ['raidz', 3],
  ['raidz2', 4],
  ['raidz2', 6],
];

describe.each(redundant)('%s of %i', (layout, count) => {
  test('a device that was away gets what it missed, and nothing else', async () => {
    const devices = makeDevices(count);
    const rig = await create(layout, devices);
    const away = must(devices[1], 'a device');
    away.fault = () => new DeviceError(away.name, 'pulled');
    await rig.write(10, 50);
    await rig.root();
    await rig.write(11, 64);
    await rig.root();
    expect(rig.set.devices()[1]?.state).toBe('failed');
    expect(await rig.wrong()).toEqual([]);
    const back = copyOf(away);
    await attachDevice(rig.set, back);
    await rig.write(12, 64);
    await rig.root();
    await rig.write(13, 20);
    expect(rig.set.devices()[1]?.state).toBe('syncing');
    const before = back.writes;
    const resilver = new Resilver(rig.set, rig.source());
    await resilver.step();
    expect(resilver.progress()[0]).toMatchObject({ device: back.name, doneSegments: 1, totalSegments: 3 });
    while (await resilver.step());
    expect(back.writes - before).toBe(3); // 10, 11, and 12, which is of the group in which the device came back
    await rig.root();
    expect(states(rig.set)).toEqual(Array.from({ length: count }, () => 'current'));
    // it carries its part: others may go now
    const other = must(devices[0], 'another');
    other.fault = () => new DeviceError(other.name, 'pulled');
    expect(await rig.wrong()).toEqual([]);
    expect(rig.set.devices()[1]?.checksumErrors).toBe(0);
  });

  test('a device is replaced, over a restart, and the new one carries its part', async () => {
    const devices = makeDevices(count);
    const rig = await create(layout, devices);
    const [fresh] = makeDevices(1, 'new') as [MemoryDevice];
    const old = must(rig.set.devices()[0], 'a device');
    await replaceDevice(rig.set, old.guid, fresh, { host });
    await rig.write(20, 64);
    const resilver = new Resilver(rig.set, rig.source());
    await resilver.step();
    await resilver.step();
    await rig.root();
    // a restart: the old device is still plugged in, and is read
    const all = [...devices, fresh].map((device) => copyOf(device));
    const again = new Rig((await openDeviceSet({ devices: all })).set);
    for (const [key, units] of rig.written) again.written.set(key, units);
    for (const [key] of rig.written)
      again.set.group(0).restoreTxgs(Number(key.slice(2)), 2, key === '0/20' ? 3 : 2);
    expect(states(again.set)).toEqual([
      'syncing',
      'leaving',
      ...Array.from({ length: count - 1 }, () => 'current'),
    ]);
    expect(again.set.devices()[0]?.name).toBe('new-0');
    const second = new Resilver(again.set, again.source());
    await second.step();
    expect(second.progress()[0]).toMatchObject({ totalSegments: 5 }); // two of seven were copied before
    while (await second.step());
    await again.root();
    const other = must(all[1], 'another');
    other.fault = () => new DeviceError(other.name, 'pulled');
    expect(await again.wrong()).toEqual([]);
    expect(again.set.devices()[0]).toMatchObject({ state: 'current', checksumErrors: 0 });
    expect([all[0]?.closed, devices[0]?.closed]).toEqual([true, false]);
    expect(states(again.set)).not.toContain('leaving');
  });

  test('while a device that works is replaced, as many others may be lost as before', async () => {
    const devices = makeDevices(count);
    const rig = await create(layout, devices);
    const [fresh] = makeDevices(1, 'new') as [MemoryDevice];
    const parity = rig.set.group(0).parityColumns;
    await replaceDevice(rig.set, must(rig.set.devices()[0], 'a device').guid, fresh, { host });
    await rig.write(20, 64);
    const lost = devices.slice(1, 1 + parity);
    for (const device of lost) device.fault = () => new DeviceError(device.name, 'pulled');
    await rig.write(21, 64);
    await rig.root();
    expect(await rig.wrong()).toEqual([]);
    // a restart without them
    const left = [...devices, fresh].filter((device) => !lost.includes(device));
    const all = left.map((device) => copyOf(device));
    const again = new Rig((await openDeviceSet({ devices: all })).set);
    for (const [key, units] of rig.written) {
      again.written.set(key, units);
      const segment = Number(key.slice(2));
      const { core } = rig.set.group(0);
      again.set.group(0).restoreTxgs(segment, core.firstTxgs[segment] ?? 0, core.lastTxgs[segment] ?? 0);
    }
    expect(await again.wrong()).toEqual([]);
    await again.resilver();
    await again.root();
    expect([await again.wrong(), again.set.devices()[0]?.state]).toEqual([[], 'current']);
    const [old] = all as [MemoryDevice];
    expect([old.name, old.closed]).toEqual(['disk-0', true]);
  });
});

test('what a replaced device got behind its last root is not read from it after a crash, nor does it count for it', async () => {
  const devices = makeDevices(3);
  const rig = await create('raidz', devices);
  const crashed = copyOf(must(devices[0], 'a device')); // of what follows nothing was flushed there
  await rig.write(10, 64);
  rig.set.openTxg += 1; // a checkpoint has cut, its root is not written yet
  const [fresh] = makeDevices(1, 'new') as [MemoryDevice];
  await replaceDevice(rig.set, must(rig.set.devices()[0], 'a device').guid, fresh, { host });
  await rig.set.flush();
  await rig.set.writeRoot({ txg: rig.txg + 1, clean: false, payload: new Uint8Array(8) });
  const all = [crashed, ...devices.slice(1).map((device) => copyOf(device)), copyOf(fresh)];
  const { set } = await openDeviceSet({ devices: all });
  expect(set.members[0]).toMatchObject({ state: 'syncing', former: { name: 'disk-0', state: 'failed' } });
  const { core } = rig.set.group(0);
  for (const [segment, name] of [
    [5, 'disk-0'],
    [10, undefined],
  ] as const) {
    set.group(0).restoreTxgs(segment, core.firstTxgs[segment] ?? 0, core.lastTxgs[segment] ?? 0);
    expect(set.group(0).core.sourceOf(must(set.members[0], 'the new one'), segment)?.name).toBe(name);
  }
  // nobody judges: what lies there is believed, as by a resilver of units that are dead
  const { bytes } = await set.group(0).read(10, 0, 64, () => true);
  const isTag = isTagged(10 * 10_000);
  expect(Array.from({ length: 64 }, (_, i) => isTag(i, bytes, i * 4096))).not.toContain(false);
});

test('a device whose place is taken may be gone for good: the labels that follow are other ones', async () => {
  const devices = makeDevices(4);
  const rig = await create('raidz2', devices);
  const [fresh] = makeDevices(1, 'new') as [MemoryDevice];
  await replaceDevice(rig.set, must(rig.set.devices()[0], 'a device').guid, fresh, { host });
  await rig.root();
  const [b, c, d] = devices.slice(1).map((device) => copyOf(device)) as [
    MemoryDevice,
    MemoryDevice,
    MemoryDevice,
  ];
  const again = new Rig((await openDeviceSet({ devices: [b, d, copyOf(fresh)] })).set);
  again.txg = rig.txg;
  await attachDevice(again.set, copyOf(c)); // writes the labels that it has
  await again.root();
  const left = again.set.members.map(({ device }) => copyOf(device as MemoryDevice));
  const { set } = await openDeviceSet({
    devices: [...left.filter(({ name }) => name !== c.name), copyOf(c)],
  }); // as it was
  expect(states(set)).toEqual(['syncing', 'current', 'syncing', 'current']);
});

test('a device that is out of use is released, and comes back as it is', async () => {
  const devices = makeDevices(2);
  const rig = await create('mirror', devices);
  const [a] = devices as [MemoryDevice];
  const { guid } = must(rig.set.devices()[0], 'a report');
  await releaseDevice(rig.set, guid);
  expect(a.closed).toBe(false);
  a.fault = () => new DeviceError('a', 'cable');
  await rig.root();
  await releaseDevice(rig.set, guid);
  expect([a.closed, ...states(rig.set)]).toEqual([true, 'absent', 'current']);
  await attachDevice(rig.set, copyOf(a));
  await rig.resilver();
  expect([states(rig.set), await rig.wrong()]).toEqual([['current', 'current'], []]);
});

test('what was logged while a device was away is in a root before the device has everything', async () => {
  const devices = makeDevices(2);
  const rig = await create('mirror', devices);
  const [a] = devices as [MemoryDevice];
  a.fault = () => new DeviceError('a', 'cable');
  await rig.write(7, 64);
  await attachDevice(rig.set, copyOf(a));
  const root = Promise.withResolvers<void>();
  rig.rooted = root.promise;
  const resilvered = rig.resilver();
  await new Promise(setImmediate);
  await rig.root();
  expect(states(rig.set)).toEqual(['syncing', 'current']);
  root.resolve();
  await resilvered;
  expect([states(rig.set), await rig.wrong()]).toEqual([['current', 'current'], []]);
});

test('a device is relied on, and the one before forgotten, when a root that says so is durable', async () => {
  const devices = makeDevices(3);
  const rig = await create('raidz', devices);
  const [fresh, other] = makeDevices(2, 'new') as [MemoryDevice, MemoryDevice];
  await replaceDevice(rig.set, must(rig.set.devices()[0], 'a report').guid, fresh, { host });
  const root = Promise.withResolvers<void>();
  let asked = 0;
  const resilver = new Resilver(rig.set, {
    ...rig.source(),
    rooted: () => (++asked === 2 ? root.promise : Promise.resolve()),
  });
  const done = (async () => {
    while (await resilver.step());
  })();
  for (let turns = 0; asked < 2 && turns < 1_000; turns++) await new Promise(setImmediate);
  const formerIn = (set: DeviceSet) => set.label.groups[0]?.devices[0]?.former?.name;
  expect([states(rig.set), formerIn(rig.set)]).toEqual([
    ['syncing', 'leaving', 'current', 'current'],
    'disk-0',
  ]);
  const next = must(rig.set.devices()[2], 'a report').guid;
  await rig.root();
  // a crash between the root and the labels
  const left = [fresh, ...devices.slice(1)].map((device) => copyOf(device));
  const { set } = await openDeviceSet({ devices: left });
  expect([states(set), formerIn(set)]).toEqual([['current', 'current', 'current'], undefined]);
  expect(set.label.generation).toBe(rig.set.label.generation + 1);
  root.resolve();
  await done;
  expect([states(rig.set), formerIn(rig.set)]).toEqual([['current', 'current', 'current'], undefined]);
  await replaceDevice(rig.set, next, other, { host });
});

test('a new device that was away for a moment does not lose the one whose place it takes', async () => {
  const devices = makeDevices(3);
  const rig = await create('raidz', devices);
  const [fresh] = makeDevices(1, 'new') as [MemoryDevice];
  const [old, other] = devices as [MemoryDevice, MemoryDevice];
  await replaceDevice(rig.set, must(rig.set.devices()[0], 'a report').guid, fresh, { host });
  fresh.fault = () => new DeviceError('new-0', 'cable');
  await rig.write(20, 64);
  await rig.root();
  await attachDevice(rig.set, copyOf(fresh));
  expect(states(rig.set)).toEqual(['syncing', 'leaving', 'current', 'current']);
  // without it what another device has of what was written before could not be read any more; both together lack segment 20
  other.flipBit(labelBytes + (rig.set.label.groups[0]?.logBytes ?? 0) + 100);
  expect(await rig.wrong()).toEqual([]);
  expect(rig.set.group(0).core.canSpare(must(rig.set.group(0).core.members[1], 'a member'))).toBe(false);
  await rig.resilver();
  expect([await rig.wrong(), states(rig.set), old.closed]).toEqual([
    [],
    ['current', 'current', 'current'],
    true,
  ]);
  expect(rig.set.label.groups[0]?.devices[0]).not.toHaveProperty('former');
});

test('changes of the tree that come at once are both made', async () => {
  const devices = makeDevices(2);
  const rig = await create('mirror', devices);
  const [logs, more] = [makeDevices(1, 'log'), makeDevices(2, 'more')];
  await Promise.all([addLogDevices(rig.set, [logs], { host }), addGroup(rig.set, more, { host })]);
  expect(rig.set.label).toMatchObject({ generation: 3, groups: [{}, {}], logs: [{}] });
  await rig.root();
  const all = [...devices, ...more, ...logs].map((device) => copyOf(device));
  const { set } = await openDeviceSet({ devices: all });
  expect([set.groups.length, set.logMembers.length]).toEqual([2, 1]);
});

test('a root says of copies only what has been flushed', async () => {
  const devices = makeDevices(3);
  const rig = await create('raidz', devices);
  const [fresh] = makeDevices(1, 'new') as [MemoryDevice];
  await replaceDevice(rig.set, must(rig.set.devices()[0], 'a report').guid, fresh, { host });
  const cursors = async (txg: number) => {
    await rig.set.writeRoot({ txg, clean: false, payload: new Uint8Array(8) });
    const { root } = await openDeviceSet({
      devices: [...devices.slice(1), fresh].map((device) => copyOf(device)),
    });
    return root.devices.map(({ cursor }) => cursor);
  };
  const resilver = new Resilver(rig.set, rig.source());
  await resilver.step();
  await rig.set.flush();
  await resilver.step();
  expect(await cursors(3)).toEqual([1, 0, 0]);
  await rig.set.flush();
  expect(await cursors(4)).toEqual([2, 0, 0]);
});

test('a rotten source is found before it is copied, where there is a third', async () => {
  const devices = makeDevices(3);
  const rig = await create('mirror', devices);
  const [a] = devices as [MemoryDevice];
  for (let at = 2 * mib; at < 4 * mib; at += 4096) a.flipBit(at);
  const [fresh] = makeDevices(1, 'new') as [MemoryDevice];
  await replaceDevice(rig.set, must(rig.set.devices()[2], 'a device').guid, fresh, { host });
  await rig.resilver();
  await rig.root();
  for (const device of devices) device.fault = () => new DeviceError(device.name, 'gone');
  const [, , report] = rig.set.devices();
  expect(report).toMatchObject({ name: 'new-0', state: 'current', checksumErrors: 0 });
  expect(await rig.wrong()).toEqual([]);
});

test('a segment that is being written while a device comes back is whole on it', async () => {
  const devices = makeDevices(3);
  const rig = await create('raidz', devices);
  const away = must(devices[2], 'a device');
  away.fault = () => new DeviceError(away.name, 'pulled');
  const { set } = rig;
  const writer = set.group(0).open(9);
  appendTags(writer, 90_000, 24);
  writer.seal();
  await writer.drained();
  await rig.root();
  await attachDevice(set, copyOf(away));
  appendTags(writer, 90_024, 24);
  writer.seal();
  rig.written.set('0/9', 48);
  await rig.resilver();
  appendTags(writer, 90_048, 24);
  writer.finish();
  await writer.drained();
  rig.written.set('0/9', 72);
  await rig.root();
  const [a] = devices as [MemoryDevice];
  a.fault = () => new DeviceError('a', 'gone');
  expect(await rig.wrong()).toEqual([]);
  expect(set.devices()[2]).toMatchObject({ state: 'current', checksumErrors: 0 });
});

test('what can not be replaced, attached or added is refused', async () => {
  const stripe = await create('stripe', makeDevices(1));
  const [fresh, used] = makeDevices(2, 'new') as [MemoryDevice, MemoryDevice];
  await expect(
    replaceDevice(stripe.set, must(stripe.set.devices()[0], 'it').guid, fresh, { host }),
  ).rejects.toMatchObject({ reason: 'LayoutInvalid' });
  await create('stripe', [used]);
  const devices = makeDevices(2);
  const mirror = await create('mirror', devices);
  const guid = must(mirror.set.devices()[0], 'it').guid;
  await expect(replaceDevice(mirror.set, guid, used, { host })).rejects.toMatchObject({
    reason: 'PoolMismatch',
  });
  const [small] = makeDevices(1, 'small', 8 * mib) as [MemoryDevice];
  await expect(replaceDevice(mirror.set, guid, small, { host })).rejects.toMatchObject({
    reason: 'DeviceTooSmall',
  });
  await expect(attachDevice(mirror.set, copyOf(used))).rejects.toMatchObject({ reason: 'PoolMismatch' });
  await expect(attachDevice(mirror.set, copyOf(must(devices[0], 'a')))).rejects.toMatchObject({
    reason: 'DuplicateGuid',
  });
  await expect(addGroup(mirror.set, [fresh], { host })).rejects.toMatchObject({ reason: 'LayoutInvalid' });
  expect(mirror.set.label.generation).toBe(1);
});

test('a group is added, and is there after a crash before the next root', async () => {
  const rig = await create('mirror', makeDevices(2));
  const more = makeDevices(2, 'more', 32 * mib);
  const group = await addGroup(rig.set, more, { host });
  expect([group.index, rig.set.groups.length, group.segments]).toEqual([1, 2, 120]);
  await rig.write(100, 64, 1);
  const all = rig.set.members.map(({ device }) => copyOf(device as MemoryDevice));
  const { set } = await openDeviceSet({ devices: all });
  expect([set.groups.length, states(set)]).toEqual([2, ['current', 'current', 'current', 'current']]);
  expect((await set.group(1).read(100, 0, 64, isTagged(1_000_000))).bad).toEqual([]);
});

test('a new group that lacks the first root which lists it has all the same what the root names', async () => {
  const devices = makeDevices(2);
  const rig = await create('mirror', devices);
  const more = makeDevices(2, 'more');
  await addGroup(rig.set, more, { host });
  await rig.write(7, 64, 1);
  await rig.set.flush();
  const cut = more.map((device) => copyOf(device)); // a crash while the root is written
  await rig.root();
  const { set, root } = await openDeviceSet({
    devices: [...devices.map((device) => copyOf(device)), ...cut],
  });
  expect([root.txg, states(set)]).toEqual([rig.txg, ['current', 'current', 'current', 'current']]);
});

test('a log device that is replaced, or comes back, is of use at once', async () => {
  const logs = makeDevices(2, 'log');
  const set = await createDeviceSet({ layout: 'stripe', groups: [makeDevices(1)], logs: [logs], host });
  const rig = new Rig(set);
  await rig.root();
  const [a] = logs as [MemoryDevice];
  a.fault = () => new DeviceError('a', 'pulled');
  await rig.root();
  expect(states(set)).toEqual(['current', 'failed', 'current']);
  await attachDevice(set, copyOf(a));
  expect(states(set)).toEqual(['current', 'current', 'current']);
  const [fresh] = makeDevices(1, 'fresh') as [MemoryDevice];
  await replaceDevice(set, must(set.devices()[2], 'a report').guid, fresh, { host });
  await must(set.logs.devices, 'log devices').writeThrough(0, new Uint8Array(4096).fill(6));
  expect([states(set), (await fresh.read(mib, 4096))[0]]).toEqual([['current', 'current', 'current'], 6]);
});

test('log devices are added, and leave, more than once', async () => {
  const rig = await create('mirror', makeDevices(2));
  expect(rig.set.logs.devices).toBeUndefined();
  const logs = makeDevices(3, 'log');
  const [a, b, c] = logs as [MemoryDevice, MemoryDevice, MemoryDevice];
  await addLogDevices(rig.set, [[a, b]], { host });
  const area = must(rig.set.logs.devices, 'log devices');
  await area.writeThrough(area.sizeBytes - 4096, new Uint8Array(4096).fill(7));
  await rig.root();
  const all = rig.set.members.map(({ device }) => copyOf(device as MemoryDevice));
  const { set } = await openDeviceSet({ devices: all });
  expect(states(set)).toEqual(['current', 'current', 'current', 'current']);
  expect((await must(set.logs.devices, 'log devices').read(1, area.sizeBytes - 4096, 4096))?.[0]).toBe(7);
  await addLogDevices(rig.set, [[c]], { host });
  expect(rig.set.logs.devices?.sizeBytes).toBe(2 * area.sizeBytes);
  const guid = must(rig.set.devices()[2], 'the first copy').guid;
  expect(await removeLogDevices(rig.set, [guid])).toBe(1);
  expect([a.closed, b.closed, c.closed, rig.set.logs.devices?.sizeBytes]).toEqual([
    true,
    true,
    false,
    area.sizeBytes,
  ]);
  await rig.root();
  const rest = rig.set.members.map(({ device }) => copyOf(device as MemoryDevice));
  const reopened = await openDeviceSet({ devices: [...rest, copyOf(a)] });
  expect(reopened.set.devices().map(({ name }) => name)).toEqual(['disk-0', 'disk-1', 'log-2']);
});

test('several lists of log devices are one ring; what crosses their border is split', async () => {
  const data = makeDevices(1);
  const logs = [makeDevices(2, 'log'), makeDevices(2, 'more', 18 * mib)];
  const set = await createDeviceSet({ layout: 'stripe', groups: [data], logs, host });
  const area = must(set.logs.devices, 'log devices');
  expect([area.sizeBytes, area.copies]).toEqual([28 * mib, 2]);
  const block = new Uint8Array(16_384).map((_, i) => i >> 12);
  await area.writeThrough(14 * mib - 8192, block);
  expect(await area.read(1, 14 * mib - 8192, 16_384)).toEqual(block);
  expect((await must(logs[1]?.[0], 'a device').read(mib, 4096))[0]).toBe(2);
});

test('larger devices give more segments, once all of a group are larger', async () => {
  const devices = makeDevices(2);
  const rig = await create('mirror', devices);
  const [a, b] = devices as [MemoryDevice, MemoryDevice];
  const one = new Rig((await openDeviceSet({ devices: [copyOf(a, 32 * mib), copyOf(b)] })).set);
  expect(await growGroups(one.set)).toBe(0);
  const larger = [copyOf(a, 32 * mib), copyOf(b, 24 * mib)];
  const { set } = await openDeviceSet({ devices: larger });
  expect(await growGroups(set)).toBe(32);
  expect(set.group(0).segments).toBe(84);
  const grown = new Rig(set);
  for (const [key, units] of rig.written) grown.written.set(key, units);
  await grown.write(83, 64);
  await grown.root();
  const again = await openDeviceSet({ devices: larger.map((device) => copyOf(device)) });
  expect([again.root.txg, again.set.group(0).segments, states(again.set)]).toEqual([
    3,
    84,
    ['current', 'current'],
  ]);
  expect(await grown.wrong()).toEqual([]);
});
