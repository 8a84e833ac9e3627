import { expect, test } from '@jest/globals';
import { DeviceError } from '../pool-manager/engine/block-device.ts';
import { imageOf, momentOf } from './crash-images.ts';
import { MemoryDevice } from './memory-device.ts';

test.each<[string, () => DeviceError | Promise<void>]>([
  ['at once', () => new DeviceError('disk', 'no')],
  ['late', () => Promise.reject(new DeviceError('disk', 'no'))],
])('what failed %s does not undo, at a crash, what was written after it', async (_when, fail) => {
  const device = new MemoryDevice({ name: 'disk', sizeBytes: 65_536 });
  device.record();
  device.fault = (op) => (op === 'discard' ? fail() : undefined);
  await expect(device.discard(0, 8192)).rejects.toBeInstanceOf(DeviceError);
  const data = new Uint8Array(4096).fill(7);
  await device.write(0, data);
  await device.flush();
  const image = imageOf(momentOf(device), () => 'kept');
  expect(image.get(0)).toEqual(data);
  expect(image.get(1)).not.toEqual(data);
});
