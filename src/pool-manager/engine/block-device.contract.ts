/** What every BlockDevice must do. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { BlockDevice } from './block-device.ts';
import { openArena, stripBytes } from './group/arena.ts';

const arena = openArena();

export function blockDeviceContract(name: string, open: (sizeBytes: number) => Promise<BlockDevice>): void {
  describe(`block device: ${name}`, () => {
    const opened: BlockDevice[] = [];
    const openOne = async () => {
      const device = await open(4 * 2 ** 20);
      opened.push(device);
      return device;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((device) => device.close()));
    });

    test('has the size it was made with, and reads as zeros where nothing was written', async () => {
      const device = await openOne();
      expect(device.sizeBytes).toBe(4 * 2 ** 20);
      expect((await device.read(4096, 8192)).every((byte) => byte === 0)).toBe(true);
    });

    test('reads what was written, at both ends and across any boundary', async () => {
      const device = await openOne();
      const data = new Uint8Array(3 * 2 ** 20);
      new Uint32Array(data.buffer).forEach((_, i, words) => (words[i] = i * 2_654_435_761));
      await device.write(0, data.subarray(0, 4096));
      await device.write(device.sizeBytes - 4096, data.subarray(4096, 8192));
      await device.write(8192, data);
      expect(Buffer.from(data.subarray(0, 4096)).equals(await device.read(0, 4096))).toBe(true);
      expect(
        Buffer.from(data.subarray(4096, 8192)).equals(await device.read(device.sizeBytes - 4096, 4096)),
      ).toBe(true);
      expect(Buffer.from(data).equals(await device.read(8192, data.byteLength))).toBe(true);
      expect(Buffer.from(data.subarray(4096, 20_480)).equals(await device.read(12_288, 16_384))).toBe(true);
    });

    test('reads what was written through', async () => {
      const device = await openOne();
      await device.write(0, new Uint8Array(8192).fill(1));
      await device.writeThrough(4096, new Uint8Array(8192).fill(2));
      const found = await device.read(0, 16_384);
      expect([0, 4096, 8192, 12_288].map((at) => found[at])).toEqual([1, 2, 2, 0]);
    });

    test('takes data from the arena as it takes any other', async () => {
      const device = await openOne();
      const strip = arena.take();
      arena.view(strip, stripBytes).fill(5);
      await device.write(0, arena.view(strip, stripBytes));
      arena.view(strip, stripBytes).fill(6);
      await device.writeThrough(stripBytes, arena.view(strip + 8192, 4096));
      arena.give(strip);
      const found = await device.read(0, stripBytes + 4096);
      expect([found[0], found[stripBytes - 1], found[stripBytes], found[stripBytes + 4095]]).toEqual([
        5, 5, 6, 6,
      ]);
    });

    test('does not keep the caller’s buffer, nor give away its own', async () => {
      const device = await openOne();
      const data = new Uint8Array(4096).fill(1);
      await device.write(0, data);
      data.fill(2);
      const first = await device.read(0, 4096);
      first.fill(3);
      expect((await device.read(0, 4096))[0]).toBe(1);
    });

    test('many operations at once', async () => {
      const device = await openOne();
      const units = Array.from({ length: 200 }, (_, i) => i);
      await Promise.all(units.map((i) => device.write(i * 4096, new Uint8Array(4096).fill(i))));
      await device.flush();
      const found = await Promise.all(units.map((i) => device.read(i * 4096, 4096)));
      expect(found.map((bytes) => bytes[4095])).toEqual(units);
    });

    test('a discarded range can be written again', async () => {
      const device = await openOne();
      await device.write(0, new Uint8Array(8192).fill(1));
      await device.discard(0, 4096);
      await device.write(0, new Uint8Array(4096).fill(2));
      expect([(await device.read(0, 4096))[0], (await device.read(4096, 4096))[0]]).toEqual([2, 1]);
    });
  });
}
