/** Two nodes that see the same devices: one of them has the pool. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import type { BlockDevice } from '../block-device.ts';
import { DeviceError } from '../block-device.ts';
import { createDeviceSet } from './create-set.ts';
import type { DeviceSet } from './device-set.ts';
import { readHeartbeat } from './heartbeat.ts';
import { openDeviceSet } from './open-set.ts';
import type { OwnerOptions } from './owner.ts';
import { appendTags } from './segment-group.contract.ts';

const host = memoryHost(1);
const clock = new ManualClock();
const node = (name: string, machine = name): OwnerOptions => ({ id: `daemon of ${name}`, machine, clock });
/** What one node sees of devices that several see. */
const seenBy = (name: string, devices: readonly MemoryDevice[]): readonly BlockDevice[] =>
  devices.map((device) => ({
    name: `${device.name} at ${name}`,
    sizeBytes: device.sizeBytes,
    read: (offset, length) => device.read(offset, length),
    lend: (offset, length, done) => device.lend(offset, length, done),
    write: (offset, data) => device.write(offset, data),
    writeThrough: (offset, data) => device.writeThrough(offset, data),
    flush: () => device.flush(),
    discard: (offset, length) => device.discard(offset, length),
    close: () => Promise.resolve(),
  }));
const makeDevices = (): readonly MemoryDevice[] =>
  ['a', 'b'].map((name) => new MemoryDevice({ name, sizeBytes: 16 * 2 ** 20 }));

/** Runs while time goes by; answers how long it took. */
async function timed<T>(run: Promise<T>): Promise<{ readonly outcome: T | Error; readonly tookMs: number }> {
  const beganMs = clock.nowMs();
  let outcome: T | Error | undefined;
  void run.then(
    (value) => (outcome = value),
    (error: Error) => (outcome = error),
  );
  for (let i = 0; i < 200 && outcome === undefined; i++) await clock.advanceSettled(100);
  return { outcome: must(outcome, 'an outcome'), tookMs: clock.nowMs() - beganMs };
}

async function created(devices: readonly MemoryDevice[]): Promise<DeviceSet> {
  const { outcome } = await timed(
    createDeviceSet({ layout: 'mirror', groups: [seenBy('one', devices)], host, owner: node('one') }),
  );
  const set = outcome as DeviceSet;
  await set.writeRoot({ txg: 1, clean: false, payload: new Uint8Array(8) });
  set.openTxg = 2;
  return set;
}

const open = async (name: string, devices: readonly MemoryDevice[], machine = name) => {
  const { set } = await openDeviceSet({ devices: seenBy(name, devices), owner: node(name, machine) });
  await set.claim();
  return set;
};

async function write(set: DeviceSet, segment: number): Promise<void> {
  const writer = set.group(0).open(segment);
  appendTags(writer, 0, 4);
  writer.finish();
  await writer.drained();
}

test('a pool that is in use elsewhere is refused, for as long as its owner lives', async () => {
  const devices = makeDevices();
  const set = await created(devices);
  for (let i = 0; i < 3; i++) {
    const { outcome } = await timed(open('two', devices));
    expect(outcome).toMatchObject({
      reason: 'DeviceInUse',
      message: expect.stringMatching(/daemon of one on one/),
    });
  }
  await write(set, 0);
  expect(set.devices().map(({ state }) => state)).toEqual(['current', 'current']);
  await set.close();
});

test('after an owner that has gone in order nobody waits for him; after a crash the watch comes first', async () => {
  const devices = makeDevices();
  const first = await created(devices);
  await first.close();
  const second = await timed(open('two', devices));
  expect(second.tookMs).toBeLessThanOrEqual(1100);
  (second.outcome as DeviceSet).abandon();
  const third = await timed(open('three', devices));
  expect(third.tookMs).toBeGreaterThanOrEqual(6000);
  (third.outcome as DeviceSet).abandon();
  const sameMachine = await timed(open('four', devices, 'three'));
  expect(sameMachine.tookMs).toBeLessThanOrEqual(1100);
  await (sameMachine.outcome as DeviceSet).close();
});

test('of two that come at once one gets the pool', async () => {
  const devices = makeDevices();
  await (await created(devices)).close();
  const both = await Promise.all(['two', 'three'].map((name) => timed(open(name, devices))));
  const refused = both.filter(({ outcome }) => outcome instanceof Error);
  expect(refused.map(({ outcome }) => (outcome as { reason?: string }).reason)).toEqual(['DeviceInUse']);
});

test('an owner that was stopped for long, and finds another one in its place, writes nothing any more', async () => {
  const devices = makeDevices();
  const stopped = new ManualClock();
  const { set } = await openDeviceSet({
    devices: seenBy('one', await emptyPool(devices)),
    owner: { ...node('one'), clock: stopped },
  });
  const claim = set.claim();
  await stopped.advanceSettled(1000);
  await claim;
  await write(set, 0);
  // the first node's clock stands still, the second one's runs
  const { outcome } = await timed(open('two', devices));
  const second = outcome as DeviceSet;
  await write(second, 1);
  const before = devices.map(({ writes }) => writes);
  stopped.advance(0);
  const late = new Promise<void>((resolve) => stopped.after(5000, resolve));
  stopped.advance(5000); // it wakes up; its lease is over
  await late;
  await expect(write(set, 2)).rejects.toMatchObject({ name: 'GroupFailure' });
  expect((await set.failed).message).toMatch(/taken over by daemon of two on two/);
  await expect(set.writeRoot({ txg: 2, clean: false, payload: new Uint8Array(8) })).rejects.toMatchObject({
    name: 'GroupFailure',
  });
  expect(devices.map(({ writes }) => writes)).toEqual(before);
  await second.close();
});

test('a device that can not be read or written does not take the pool away', async () => {
  const devices = makeDevices();
  const set = await created(devices);
  const [a] = devices as [MemoryDevice, MemoryDevice];
  a.fault = () => new DeviceError('a', 'broken');
  await clock.advanceSettled(10_000);
  await write(set, 0);
  expect(set.devices().map(({ state }) => state)).toEqual(['failed', 'current']);
  await set.close();
});

test('a heartbeat every other second is enough for who writes nothing, and its lease does not run out', async () => {
  const devices = makeDevices();
  const set = await created(devices);
  const beatsIn = async (seconds: number, writes: boolean) => {
    const before = await sequenceOf(devices);
    for (let i = 0; i < seconds; i++) {
      if (writes) await write(set, i);
      await clock.advanceSettled(1000);
    }
    return (await sequenceOf(devices)) - before;
  };
  await beatsIn(4, false);
  expect(await beatsIn(10, false)).toBe(5);
  const before = await sequenceOf(devices);
  await write(set, 0); // within the lease: nothing is looked at first
  expect(await sequenceOf(devices)).toBe(before);
  await beatsIn(2, true);
  expect(await beatsIn(10, true)).toBe(10);
  await set.close();
});

async function sequenceOf([first]: readonly MemoryDevice[]): Promise<number> {
  return must(await readHeartbeat(must(first, 'a device')), 'a heartbeat').sequence;
}

async function emptyPool(devices: readonly MemoryDevice[]): Promise<readonly MemoryDevice[]> {
  await (await created(devices)).close();
  return devices;
}
