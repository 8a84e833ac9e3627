import { expect, test } from '@jest/globals';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lendBuffer } from '../engine/group/read-buffers.ts';
import { DeviceRead } from './device-read.ts';
import { threadOperations } from './file-operations.ts';

const folder = mkdtempSync(join(tmpdir(), 'caskade-device-read-'));
const path = join(folder, 'device');
writeFileSync(path, new Uint8Array(8192).fill(7));

/** The piece that is lent next. */
function nextPiece(): Uint8Array {
  const lent = lendBuffer(4096);
  lent.give();
  return lent.bytes;
}

test('what is read is lent until it is given back', async () => {
  const descriptor = openSync(path, 'r');
  const piece = nextPiece();
  const lent = await new Promise<ReturnType<typeof lendBuffer>>((resolve, reject) => {
    const read = new DeviceRead(threadOperations, descriptor, 4096, 4096, (error, found) =>
      found === undefined ? reject(error) : resolve(found),
    );
    read.start((error, bytes) => read.settle(error ?? (bytes === 4096 ? undefined : new Error('short'))));
  });
  expect([lent.bytes === piece, lent.bytes[0], lent.bytes[4095]]).toEqual([true, 7, 7]);
  expect(nextPiece()).not.toBe(piece);
  lent.give();
  expect(nextPiece()).toBe(piece);
  closeSync(descriptor);
});

test('memory of a read that missed its deadline is lent to nobody before the kernel is done with it', async () => {
  const descriptor = openSync(path, 'r');
  const piece = nextPiece();
  const errors: (Error | undefined)[] = [];
  const read = new DeviceRead(threadOperations, descriptor, 0, 4096, (error) => void errors.push(error));
  await new Promise<void>((resolve) => {
    read.start(() => setImmediate(resolve));
    read.settle(new Error('late'));
    expect(nextPiece()).not.toBe(piece);
  });
  expect(errors.map((error) => error?.message)).toEqual(['late']);
  expect(nextPiece()).toBe(piece);
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});
