/** How much a pool takes, and when it has made all the room that it can. */
import { blockBytes } from '../../../src/shared/block-size.ts';
import type { Cleaning } from '../../../src/pool-manager/engine/space/block-space.ts';
import type { Pool } from '../../../src/pool-manager/engine/pool.ts';
import type { VolumeStore } from '../../../src/pool-manager/engine/volume-store.ts';

/** Of one write. */
const fillBlocks = 16;

/** Writes until the pool tells no more room, as a target does; answers how many blocks there are then. */
export async function fill(
  pool: Pick<Pool, 'status'> & { settled(): Promise<void> },
  volume: VolumeStore,
  noise: Uint8Array,
): Promise<number> {
  const isWritable = () => pool.status().writableBytes >= fillBlocks * blockBytes;
  let block = 0;
  for (; block + fillBlocks <= volume.sizeBytes / blockBytes; block += fillBlocks) {
    if (!isWritable()) await pool.settled(); // what nodes to be built may take at most is known then
    if (!isWritable()) break;
    await volume.room();
    volume.write(volume.last + 1, block, noise.subarray(0, fillBlocks * blockBytes));
  }
  await volume.commit();
  return block;
}

/** Until nothing is left to clean, or so long. */
export async function untilCleaned(cleaning: Cleaning, seconds: number): Promise<void> {
  const endMs = performance.now() + seconds * 1_000;
  while (cleaning.need !== 'no' && performance.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, 250));
}
