import { expect, test } from '@jest/globals';
import { applyWrite, MemoryDevice } from '../memory-device.ts';
import type { Left } from './crash-judge.ts';
import { SameReads } from './same-reads.ts';

const unit = (byte: number): Uint8Array => new Uint8Array(4096).fill(byte);
const leftOf = (units: readonly (readonly [number, Uint8Array])[]): Left => ({
  devices: [{ name: 'memory', sizeBytes: 2 ** 20 }],
  images: [{ image: new Map([[1, one]]), over: new Map(units) }],
  limits: {},
  without: false,
  unequal: false,
});
const one = unit(1);
/** What stands in units 1 and 2, and what was written there since. */
async function look([device]: readonly MemoryDevice[]): Promise<string> {
  const bytes = await device?.read(4096, 8192);
  await device?.write(3 * 4096, unit(9));
  await device?.read(3 * 4096, 4096);
  return [bytes?.[0], bytes?.[4096]].join();
}

test('only what differs in nothing that was read is known again', async () => {
  const reads = new SameReads<string>();
  const two = unit(2);
  expect(await reads.of(leftOf([[2, two]]), look)).toBe('1,2');
  expect(await reads.of(leftOf([[2, two], [5, unit(5)]]), look)).toBe('1,2'); // prettier-ignore
  expect([reads.opened, reads.recognized]).toEqual([1, 1]);
  expect(await reads.of(leftOf([[2, unit(3)]]), look)).toBe('1,3');
  expect(await reads.of(leftOf([]), look)).toBe('1,0');
  expect(await reads.of(leftOf([[1, unit(4)], [2, two]]), look)).toBe('4,2'); // prettier-ignore
  expect([reads.opened, reads.recognized]).toEqual([4, 1]);
});

test('what a write put there is the same in all images that have it', async () => {
  const devices = [1, 2].map(() => new MemoryDevice({ name: 'memory', sizeBytes: 2 ** 20 }));
  const data = new Uint8Array(8192).fill(7);
  const reads = new SameReads<string>();

  for (const device of devices) {
    const over = new Map<number, Uint8Array>();
    applyWrite(over, 4096, data);
    await reads.of({ ...leftOf([...over]), devices: [device] }, look);
  }
  expect([reads.opened, reads.recognized]).toEqual([1, 1]);
});
