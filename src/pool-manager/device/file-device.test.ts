import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceError } from '../engine/block-device.ts';
import { blockDeviceContract } from '../engine/block-device.contract.ts';
import { openFileDevice } from './file-device.ts';
import { threadOperations } from './file-operations.ts';

let folder = '';
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'caskade-file-device-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function sparseFile(sizeBytes: number, directory = folder): string {
  const path = join(directory, `device-${process.pid}-${count++}`);
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, sizeBytes);
  closeSync(descriptor);
  return path;
}

// by io_uring, where there is one
blockDeviceContract('a plain file', async (sizeBytes) => openFileDevice(sparseFile(sizeBytes)));
blockDeviceContract("a plain file by Node's threads", async (sizeBytes) =>
  openFileDevice(sparseFile(sizeBytes), { operations: threadOperations }),
);

test('a path that is not there, or names something else, is refused by name', async () => {
  await expect(openFileDevice(join(folder, 'nothing'), { name: 'disk-7' })).rejects.toMatchObject({
    reason: 'DeviceMissing',
    message: expect.stringMatching(/disk-7.*nothing/),
  });
  await expect(openFileDevice(folder)).rejects.toMatchObject({ reason: 'DeviceMissing' });
});

test('a file that is open is refused until it is closed', async () => {
  const path = sparseFile(2 ** 20);
  const first = await openFileDevice(path);
  await expect(openFileDevice(path)).rejects.toMatchObject({ reason: 'DeviceInUse' });
  await first.close();
  await (await openFileDevice(path)).close();
});

test('a read beyond what the file has is an error that names device and place, not zeros', async () => {
  const path = sparseFile(2 ** 20);
  const device = await openFileDevice(path, { name: 'disk-1' });
  truncateSync(path, 8192);
  await expect(device.read(4096, 8192)).rejects.toMatchObject({
    name: 'DeviceError',
    device: 'disk-1',
    message: expect.stringContaining('read of 8192 bytes at 4096'),
  });
  await device.close();
  await expect(device.flush()).rejects.toBeInstanceOf(DeviceError);
});

test('more operations than may run at once, of all lengths, and a close that waits for them', async () => {
  const device = await openFileDevice(sparseFile(128 * 2 ** 20));
  const lengths = Array.from({ length: 60 }, (_, i) => 4096 * ([1, 3, 16, 17, 256, 300][i % 6] ?? 0));
  const offsets = lengths.map((_, i) => i * 2 ** 21 + (i % 2) * 4096);
  await Promise.all(
    lengths.map((length, i) =>
      i % 3 === 0
        ? device.writeThrough(offsets[i] ?? 0, new Uint8Array(length).fill(i))
        : device.write(offsets[i] ?? 0, new Uint8Array(length).fill(i)),
    ),
  );
  const flushed = device.flush();
  const found = await Promise.all(lengths.map((length, i) => device.read(offsets[i] ?? 0, length)));
  expect(found.map((bytes, i) => bytes.every((byte) => byte === i))).not.toContain(false);
  await flushed;
  const last = device.read(0, 2 ** 20);
  await device.close();
  expect((await last).byteLength).toBe(2 ** 20);
});

test('an operation that misses its deadline takes the device out of use, with all that waits', async () => {
  const device = await openFileDevice(sparseFile(2 ** 20), { name: 'disk-9', deadlineMs: 0.001 });
  const all = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) => device.write(4096 * i, new Uint8Array(4096))),
  );
  const reasons = all.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
  // how many are done before the first look at the clock is not ours to say
  const late = reasons.filter((reason) => /disk-9: write of 4096 bytes at \d+ did not answer/.test(reason));
  expect(late.length).toBe(reasons.length);
  await device.close();
});

test('a file that has grown is seen so when it is measured', async () => {
  const path = sparseFile(2 ** 20);
  const device = await openFileDevice(path);
  truncateSync(path, 2 ** 21);
  expect(device.sizeBytes).toBe(2 ** 20);
  await device.measure();
  expect(device.sizeBytes).toBe(2 ** 21);
  await device.write(2 ** 21 - 4096, new Uint8Array(4096).fill(1));
  truncateSync(path, 8192);
  await device.measure();
  expect(device.sizeBytes).toBe(2 ** 21);
  await device.close();
});

test('the size is rounded down to whole units', async () => {
  const device = await openFileDevice(sparseFile(2 ** 20 + 512));
  expect(device.sizeBytes).toBe(2 ** 20);
  await device.close();
});

test('what is discarded is given back to the file system', async () => {
  const path = sparseFile(8 * 2 ** 20);
  const device = await openFileDevice(path);
  await device.write(0, new Uint8Array(8 * 2 ** 20).fill(1));
  await device.flush();
  const before = statSync(path).blocks;
  await Promise.all([0, 1, 2, 5].map((i) => device.discard(i * 2 ** 20, 2 ** 20)));
  const after = statSync(path);
  expect([device.discardUnsupported, after.size, before - after.blocks]).toEqual([
    undefined,
    8 * 2 ** 20,
    (4 * 2 ** 20) / 512,
  ]);
  expect([(await device.read(2 ** 20, 4096))[0], (await device.read(3 * 2 ** 20, 4096))[0]]).toEqual([0, 1]);
  await device.close();
});
