/** Groups under faults: what is answered is right or called bad, and p faults of a row never make anything bad. */
import { describe, expect, test } from '@jest/globals';
import { blockBytes } from '../../../shared/block-size.ts';
import { must } from '../../../shared/assert.ts';
import { prng, type Prng } from '../../../shared/prng.ts';
import { type ColumnGroupRig, columnGroup, layouts } from '../../../testing/column-group.ts';
import type { MemoryDevice } from '../../../testing/memory-device.ts';
import { DeviceError } from '../block-device.ts';
import type { UnitCheck } from './segment-group.ts';
import { appendTags, isTagged, unitOf } from './segment-group.contract.ts';

const redundant = layouts.filter(([, , devices]) => devices > 1);
const seeds = [1];
const cases = redundant.flatMap(([name, layout, devices]) =>
  seeds.map((seed) => [name, layout, devices, seed] as const),
);

const segmentBytes = 256 * 1024;

async function written(rig: ColumnGroupRig, segment = 0): Promise<void> {
  const writer = rig.group.open(segment);
  appendTags(writer, 0, rig.group.segmentUnits);
  await writer.drained();
}

/** Any `count` devices. */
function some(rig: ColumnGroupRig, count: number, random: Prng): readonly MemoryDevice[] {
  const left = [...rig.devices];
  return Array.from({ length: count }, () => must(left.splice(random.below(left.length), 1)[0], 'a device'));
}

/** Units that are called bad. Those that are not must be right in what is answered. */
async function readAll(rig: ColumnGroupRig, random: Prng, segment = 0): Promise<readonly number[]> {
  const bad: number[] = [];
  const wrong: number[] = [];
  const { segmentUnits } = rig.group;
  for (let unit = 0; unit < segmentUnits;) {
    const count = Math.min(1 + random.below(40), segmentUnits - unit);
    const reading = await rig.group.read(segment, unit, count, isTagged(unit));
    bad.push(...reading.bad.map((index) => unit + index));
    for (let i = 0; i < count; i++) {
      const found = Buffer.from(reading.bytes.buffer, i * blockBytes, blockBytes);
      if (!reading.bad.includes(i) && !found.equals(unitOf(unit + i))) wrong.push(unit + i);
    }
    unit += count;
  }
  expect(wrong).toEqual([]);
  return bad;
}

const errors = (rig: ColumnGroupRig) =>
  rig.group.core.members.reduce((sum, { checksumErrors }) => sum + checksumErrors, 0);

describe.each(cases)('%s', (_, layout, count, seed) => {
  const parity = columnGroup(layout, count).group.parityColumns;

  test('what is read only because it lies between others is neither judged nor written', async () => {
    const rig = columnGroup(layout, count);
    await written(rig);
    const shown = new Set<number>();
    const take: UnitCheck = (index, bytes, from) => {
      shown.add(index);
      return isTagged(0)(index, bytes, from);
    };
    const isWanted = (index: number) => index % 5 === 0;
    const read = () =>
      new Promise<readonly number[]>((resolve) => rig.group.take(0, 0, 21, take, resolve, isWanted));
    expect(await read()).toEqual([]);
    const [broken] = rig.devices;
    if (broken)
      broken.fault = (op) => (op === 'read' ? new DeviceError(broken.name, 'medium error') : undefined);
    expect([await read(), await read()]).toEqual([[], []]);
    expect([...shown].toSorted((a, b) => a - b)).toEqual([0, 5, 10, 15, 20]);
  });

  test(`rot in p columns of each row is mended (seed ${seed})`, async () => {
    const rig = columnGroup(layout, count);
    const random = prng(seed);
    await written(rig);
    for (let at = 0; at < segmentBytes; at += blockBytes) {
      if (random.chance(0.5)) continue;
      for (const device of some(rig, 1 + random.below(parity), random))
        device.flipBit(at + random.below(blockBytes), random.below(8));
    }
    expect(await readAll(rig, random)).toEqual([]);
    await rig.group.verify(0, 0, rig.group.segmentUnits, isTagged(0));
    const before = errors(rig);
    expect(before).toBeGreaterThan(0);
    expect((await rig.group.verify(0, 0, rig.group.segmentUnits, isTagged(0))).repairedUnits).toBe(0);
    expect(await readAll(rig, random)).toEqual([]);
    expect(errors(rig)).toBe(before);
    // whatever p devices are away now, the others have it
    for (const device of some(rig, parity, random)) device.fault = () => new DeviceError(device.name, 'gone');
    expect(await readAll(rig, random)).toEqual([]);
  });

  test(`sectors that can not be read are written anew (seed ${seed})`, async () => {
    const rig = columnGroup(layout, count);
    const random = prng(seed);
    await written(rig);
    const broken = new Set<string>();
    for (const device of rig.devices) {
      device.fault = (op, offset) => {
        if (op === 'write') broken.delete(`${device.name}/${offset}`);
        const isBroken = [...broken].some((key) => {
          const [name, at] = key.split('/');
          return op === 'read' && name === device.name && Number(at) === offset;
        });
        return isBroken ? new DeviceError(device.name, 'medium error') : undefined;
      };
    }
    for (const device of some(rig, parity, random)) broken.add(`${device.name}/${4096 * random.below(64)}`);
    // one unit at a time: a read of more begins elsewhere, and these faults are found by where a read begins
    for (let unit = 0; unit < rig.group.segmentUnits; unit++)
      expect((await rig.group.read(0, unit, 1, isTagged(unit))).bad).toEqual([]);
    await rig.group.verify(0, 0, rig.group.segmentUnits, isTagged(0));
    expect(rig.group.core.members.every(({ state }) => state === 'current')).toBe(true);
  });

  test(`writes that land elsewhere, or nowhere, on p devices (seed ${seed})`, async () => {
    const rig = columnGroup(layout, count);
    const random = prng(seed);
    await written(rig, 1);
    for (const device of some(rig, parity, random))
      device.landing = (offset) => (random.chance(0.5) ? undefined : offset + 2 * segmentBytes);
    await written(rig, 0);
    for (const device of rig.devices) device.landing = (offset) => offset;
    expect(await readAll(rig, random)).toEqual([]);
    expect(await readAll(rig, random, 1)).toEqual([]);
  });

  test(`devices that fail while segments are written (seed ${seed})`, async () => {
    const rig = columnGroup(layout, count);
    const random = prng(seed);
    const failing = some(rig, parity, random);
    const taken = rig.arena.taken(); // what reads of other tests were lent stays theirs
    const writer = rig.group.open(3);
    for (let unit = 0; unit < rig.group.segmentUnits; unit++) {
      writer.append(unitOf(unit), 0);
      if (random.chance(0.02)) writer.seal();
      if (writer.room === 0) break;
      const device = random.chance(0.02) ? failing[random.below(failing.length)] : undefined;
      if (device !== undefined) device.fault = () => new DeviceError(device.name, 'pulled');
    }
    writer.finish();
    await writer.drained();
    await rig.group.flush();
    expect(rig.group.core.failure).toBeUndefined();
    expect(rig.group.core.members.filter(({ state }) => state === 'current').length).toBeGreaterThanOrEqual(
      rig.group.dataColumns,
    );
    expect(rig.arena.taken()).toBe(taken);
  });

  test(`more faults than parity: bad units are called bad, the others are right (seed ${seed})`, async () => {
    const rig = columnGroup(layout, count);
    const random = prng(seed);
    await written(rig);
    for (let at = 0; at < segmentBytes; at += blockBytes)
      if (random.chance(0.3))
        for (const device of some(rig, random.below(count + 1), random)) device.flipBit(at + 7);
    const bad = await readAll(rig, random);
    const wrong: UnitCheck = (index, bytes, from) => bad.includes(index) || isTagged(index)(0, bytes, from);
    expect((await rig.group.read(0, 0, rig.group.segmentUnits, wrong)).bad).toEqual([]);
  });
});

test.each(redundant)(
  '%s: a scrub of some units leaves alone what others may need',
  async (_, layout, count) => {
    const rig = columnGroup(layout, count);
    const random = prng(7);
    await written(rig);
    for (let at = 0; at < segmentBytes; at += blockBytes)
      if (random.chance(0.5)) some(rig, 1, random)[0]?.flipBit(at + 9);
    const { segmentUnits, rowUnits } = rig.group;
    for (let unit = 0; unit < segmentUnits;) {
      const units = Math.min(1 + random.below(2 * rowUnits), segmentUnits - unit);
      const unknown = random.below(units + 3);
      // what is not known is not judged either
      const isGood: UnitCheck = (index, bytes, from) =>
        index === unknown || isTagged(unit)(index, bytes, from);
      expect((await rig.group.verify(0, unit, units, isGood, (index) => index !== unknown)).bad).toEqual([]);
      unit += units;
    }
    expect(await readAll(rig, random)).toEqual([]);
  },
);

test('a flush that fails takes the device out of use and is never tried again', async () => {
  const rig = columnGroup('mirror', 2);
  const [a] = rig.devices as [MemoryDevice];
  let flushes = 0;
  a.fault = (op) => (op === 'flush' && ++flushes > 0 ? new DeviceError('a', 'flush failed') : undefined);
  await written(rig);
  await rig.group.flush();
  await written(rig, 1);
  await rig.group.flush();
  expect([flushes, rig.changes(), rig.group.core.members[0]?.state]).toEqual([1, 1, 'failed']);
});

test('a flush waits for one that was sent after the same writes, and sends none for nothing', async () => {
  const rig = columnGroup('stripe', 1);
  const [device] = rig.devices as [MemoryDevice];
  await written(rig);
  let release: () => void = () => undefined;
  device.fault = (op) => (op === 'flush' ? new Promise<void>((resolve) => (release = resolve)) : undefined);
  const answered: string[] = [];
  const first = rig.group.flush().then(() => answered.push('first'));
  const second = rig.group.flush().then(() => answered.push('second'));
  await new Promise((resolve) => void setImmediate(resolve));
  expect(answered).toEqual([]);
  release();
  await Promise.all([first, second]);
  await rig.group.flush();
  expect([answered.toSorted(), device.flushes]).toEqual([['first', 'second'], 1]);
});

test('too few devices: the group fails, names them, and wakes who waits', async () => {
  const rig = columnGroup('raidz', 3);
  for (const device of rig.devices.slice(0, 2)) device.fault = () => new DeviceError(device.name, 'pulled');
  const writer = rig.group.open(0);
  appendTags(writer, 0, rig.group.segmentUnits);
  await expect(writer.drained()).rejects.toMatchObject({
    name: 'GroupFailure',
    message: expect.stringMatching(/memory-0.*pulled.*memory-1.*pulled/),
  });
  await expect(rig.group.flush()).rejects.toMatchObject({ name: 'GroupFailure' });
  await expect(rig.group.ready()).rejects.toMatchObject({ name: 'GroupFailure' });
});

test('a busy group lets wait, and goes on when strips are written', async () => {
  const rig = columnGroup('raidz', 3);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  for (const device of rig.devices) device.fault = (op) => (op === 'write' ? held : undefined);
  for (let segment = 0; segment < 4; segment++) {
    expect(rig.group.isBusy).toBe(false);
    appendTags(rig.group.open(segment), 0, rig.group.segmentUnits);
  }
  expect(rig.group.isBusy).toBe(true);
  let isReady = false;
  const ready = rig.group.ready().then(() => (isReady = true));
  await new Promise((resolve) => void setImmediate(resolve));
  expect(isReady).toBe(false);
  release();
  await ready;
  expect(rig.group.isBusy).toBe(false);
});
