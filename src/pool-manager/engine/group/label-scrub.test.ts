import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost, memoryPool } from '../../../testing/memory-pool.ts';
import { DeviceError } from '../block-device.ts';
import { importPool } from '../pool/pool-import.ts';
import { createDeviceSet } from './create-set.ts';
import { examineDevices } from './examine.ts';
import { headerOffsets } from './geometry.ts';
import { decodeLabel, headerBytes } from './label.ts';
import { scrubLabels } from './label-scrub.ts';

const sizeBytes = 16 * 2 ** 20;
const [back, copy, front] = headerOffsets(sizeBytes);
const host = memoryHost(1);
const make = (count: number, prefix = 'disk') =>
  Array.from({ length: count }, (_, i) => new MemoryDevice({ name: `${prefix}-${i}`, sizeBytes }));

/** Of both labels of each device: its generation, or what else is there. */
async function headers(devices: readonly MemoryDevice[]): Promise<readonly (number | string)[]> {
  const found: (number | string)[] = [];
  for (const device of devices)
    for (const offset of [front, back]) {
      const reading = decodeLabel(await device.read(offset, headerBytes));
      found.push(reading.kind === 'label' ? reading.label.generation : reading.kind);
    }
  return found;
}

test('headers that rotted, were lost or left behind are mended on the device that has them, and counted', async () => {
  const [devices, logs] = [make(2), make(1, 'log')] as const;
  const set = await createDeviceSet({ layout: 'mirror', groups: [devices], logs: [logs], host });
  const [a, b, log] = [...devices, ...logs] as [MemoryDevice, MemoryDevice, MemoryDevice];
  const older = Uint8Array.prototype.slice.call(await b.read(back, headerBytes));
  await set.writeLabels((label) => ({ ...label }));
  a.flipBit(front + 100);
  await b.write(back, older);
  await log.write(front, new Uint8Array(headerBytes));
  expect(await headers([a, b, log])).toEqual(['damaged', 2, 2, 1, 'none', 2]);
  expect(await scrubLabels(set)).toBe(3);
  expect(await headers([a, b, log])).toEqual([2, 2, 2, 2, 2, 2]);
  expect(set.devices().map(({ checksumErrors }) => checksumErrors)).toEqual([1, 1, 1]);
  expect(await scrubLabels(set)).toBe(0);
});

/** Where the device is written, in order. */
function writesOf(device: MemoryDevice): readonly number[] {
  const offsets: number[] = [];
  device.fault = (op, offsetBytes) => {
    if (op === 'write') offsets.push(offsetBytes);
    return undefined;
  };
  return offsets;
}

test('of wrong headers those that say nothing are written first, and a change of labels begins with them', async () => {
  for (const [bad, old] of [
    [front, back],
    [back, front],
  ] as const) {
    const device = must(make(1)[0], 'a');
    const set = await createDeviceSet({ layout: 'stripe', groups: [[device]], host });
    const older = Uint8Array.prototype.slice.call(await device.read(old, headerBytes));
    await set.writeLabels((label) => ({ ...label }));
    await device.write(old, older);
    device.flipBit(bad + 100);
    device.flipBit(copy + 100);
    const writes = writesOf(device);
    await set.writeLabels((label) => ({ ...label }));
    expect(writes).toEqual([...(bad === back ? [back, copy] : [copy, front]), old, back, copy, front]);
    expect(set.devices().map(({ checksumErrors }) => checksumErrors)).toEqual([0]);
  }
});

test('a front header that is torn has a copy: a device may have grown, and its back label is somewhere within', async () => {
  const device = must(make(1)[0], 'a');
  const set = await createDeviceSet({ layout: 'stripe', groups: [[device]], host });
  const examined = async () => (await examineDevices([device]))[0];
  device.flipBit(front + 100);
  device.sizeBytes += 2 ** 20;
  expect(await examined()).toMatchObject({ kind: 'pool', label: { generation: 1 }, untouched: true });
  await set.writeLabels((label) => ({ ...label }));
  device.flipBit(copy + 100);
  expect(await examined()).toMatchObject({ kind: 'pool', label: { generation: 2 } });
  await set.writeLabels((label) => ({ ...label }));
  // somebody has wiped it
  await device.write(front, new Uint8Array(4096));
  expect(await examined()).not.toMatchObject({ kind: 'pool' });
});

test('a pool of an older release has no copies: they are written, and not counted', async () => {
  const device = must(make(1)[0], 'a');
  const set = await createDeviceSet({ layout: 'stripe', groups: [[device]], host });
  await device.write(copy, new Uint8Array(headerBytes));
  expect(await scrubLabels(set)).toBe(0);
  expect(decodeLabel(await device.read(copy, headerBytes)).kind).toBe('label');
  device.flipBit(copy + 100);
  expect(await scrubLabels(set)).toBe(1);
});

test('a header that can not be read is written; a device that takes none is out of use', async () => {
  const devices = make(2);
  const set = await createDeviceSet({ layout: 'mirror', groups: [devices], host });
  const [a, b] = devices as [MemoryDevice, MemoryDevice];
  const bad = new DeviceError('disk-0', 'medium error');
  let isWritten = false;
  a.fault = (op, offsetBytes) => {
    if (offsetBytes !== back) return undefined;
    if (op === 'write') isWritten = true;
    return op === 'read' && !isWritten ? bad : undefined;
  };
  b.fault = (_op, offsetBytes) => (offsetBytes === front ? bad : undefined);
  expect(await scrubLabels(set)).toBe(2);
  expect(set.devices().map(({ state, ioErrors }) => [state, ioErrors])).toEqual([
    ['current', 1],
    ['failed', 2],
  ]);
});

test('a change of labels waits for a scrub of them, so that neither writes over what the other has written', async () => {
  const devices = make(1);
  const set = await createDeviceSet({ layout: 'stripe', groups: [devices], host });
  must(devices[0], 'a').flipBit(back + 100);
  const scrubbed = set.whileLabelsStay(() => scrubLabels(set));
  await set.writeLabels((label) => ({ ...label }));
  expect([await scrubbed, await headers(devices)]).toEqual([1, [2, 2]]);
});

test('an import mends headers', async () => {
  const { pool, devices } = await memoryPool({ layout: 'stripe', devices: 2, deviceBytes: sizeBytes });
  await pool.commit();
  pool.abandon();
  const [a, b] = devices as [MemoryDevice, MemoryDevice];
  a.flipBit(front + 100);
  b.flipBit(back + 100);
  const imported = await importPool({ devices, host });
  imported.abandon();
  expect(await headers(devices)).toEqual([1, 1, 1, 1]);
});

test('a scrub of a pool ends with its labels', async () => {
  const { pool, devices } = await memoryPool({ layout: 'mirror', devices: 2, deviceBytes: sizeBytes });
  must(devices[1], 'a device').flipBit(front + 200);
  await pool.scrub('start');
  await pool.settled();
  expect(pool.status()).toMatchObject({
    scrub: { state: 'DONE', repairedBlocks: 1, lostBlocks: 0 },
    devices: [{ checksumErrors: 0 }, { checksumErrors: 1 }],
  });
  expect(await headers(devices)).toEqual([1, 1, 1, 1]);
});
