import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { atomicRecord, atomicRecordPath } from './file-atomic.ts';
import { openFileVolume, type FileVolume } from './file-volume.ts';
import { volumeContract } from './volume.contract.ts';
import type { Volume } from './volume.ts';

volumeContract('a volume in a file', async (sizeBytes) => {
  const folder = await mkdtemp(join(tmpdir(), 'caskade-file-volume-'));
  const volume = await openFileVolume(join(folder, 'disk.img'), sizeBytes);
  return {
    volume,
    close: async () => {
      await volume.close();
      await rm(folder, { recursive: true });
    },
  };
});

test('what was flushed is there when the file is opened again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caskade-file-volume-'));
  const path = join(folder, 'disk.img');
  const first: Volume & FileVolume = await openFileVolume(path, 8192);
  await first.write(512, new Uint8Array(512).fill(9));
  await first.flush();
  await first.remember?.('reservations', 'somebody');
  await first.close();
  const second: Volume & FileVolume = await openFileVolume(path, 8192);
  expect((await second.read(512, 512)).every((byte) => byte === 9)).toBe(true);
  expect(second.recall?.('reservations')).toBe('somebody');
  await second.close();
  await rm(folder, { recursive: true });
});

test('an atomic write that a crash cut off is made good at the next start, once, unless its record is torn', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caskade-file-volume-'));
  const path = join(folder, 'disk.img');
  const record = atomicRecord(4096, new Uint8Array(8192).fill(7));
  const start = async () => {
    const volume = await openFileVolume(path, 32_768);
    const found = [
      await volume.read(0, 4096),
      await volume.read(4096, 8192),
      await volume.read(12_288, 4096),
    ];
    return { volume, values: found.map((data) => [...new Set(data)]) };
  };
  const first = await start();
  await first.volume.write(0, new Uint8Array(32_768).fill(1));
  await first.volume.close();

  await writeFile(atomicRecordPath(path), record.subarray(0, -1));
  const torn = await start();
  expect(torn.values).toEqual([[1], [1], [1]]);
  await torn.volume.close();

  await writeFile(atomicRecordPath(path), record);
  const whole = await start();
  expect(whole.values).toEqual([[1], [7], [1]]);
  await whole.volume.write(4096, new Uint8Array(4096).fill(2));
  await whole.volume.write(8192, new Uint8Array(4096).fill(3), { atomic: true });
  await whole.volume.write(8192, new Uint8Array(2048).fill(5));
  await whole.volume.close();
  const again = await start();
  expect(again.values).toEqual([[1], [2, 5, 3], [1]]);
  await again.volume.close();
  expect((await readFile(atomicRecordPath(path))).subarray(0, 8)).toEqual(Buffer.alloc(8));
  await rm(folder, { recursive: true });
});

test('a read beside an atomic write and a compare and write: neither sees half of the other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caskade-file-volume-'));
  const volume = await openFileVolume(join(folder, 'disk.img'), 1 << 20);
  const filled = (value: number) => new Uint8Array(65_536).fill(value);
  await volume.write(0, filled(1));
  const [swapped, , read] = await Promise.all([
    volume.compareAndWrite(0, filled(1), filled(2)),
    volume.write(0, filled(3), { atomic: true }),
    volume.read(0, 65_536),
    volume.write(0, new Uint8Array(512).fill(4)),
  ]);
  expect(swapped).toBeUndefined();
  expect([[3], [4, 3]]).toContainEqual([...new Set(read)]);
  expect([...new Set(await volume.read(0, 65_536))]).toEqual([4, 3]);
  expect(volume.quick).toBeDefined();
  await volume.close();
  await rm(folder, { recursive: true });
});
