import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
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
