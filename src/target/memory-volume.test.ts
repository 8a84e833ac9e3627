import { expect, test } from '@jest/globals';
import { MemoryVolume } from './memory-volume.ts';
import { volumeContract } from './volume.contract.ts';
import { VolumeError } from './volume.ts';

volumeContract('a volume in memory', async (sizeBytes) => ({
  volume: new MemoryVolume(sizeBytes),
  close: async () => undefined,
}));

test('it fails as told, once', async () => {
  const volume = new MemoryVolume(4096);
  volume.failNext('noSpace');
  await expect(volume.write(0, new Uint8Array(512))).rejects.toThrow(VolumeError);
  await volume.write(0, new Uint8Array(512));
});
