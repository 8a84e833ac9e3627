import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { contentOf } from '../../../testing/block-content.ts';
import { memoryPool } from '../../../testing/memory-pool.ts';
import { NoSpaceError, type VolumeStore } from '../volume-store.ts';

/** Until not one block is taken any more. */
async function fill(store: VolumeStore, blocks: number): Promise<void> {
  for (let block = 0, refused = 0; refused < 4; block++) {
    await store.room();
    try {
      store.write(store.last + 1, block % blocks, contentOf(store.last));
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      refused += 1;
    }
    if (block % 64 === 0) await pause();
  }
  await store.commit();
}

const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

test.each([32, 64])('a pool of %d MiB that is full to the last block rests', async (mebibytes) => {
  const { pool } = await memoryPool({ deviceBytes: mebibytes * 2 ** 20, seed: 1, pause });
  const blocks = mebibytes * 256;
  await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: blocks * 4096 });
  const store = must(pool.volumes()[0], 'the volume');
  await fill(store, blocks);
  await pool.settled();
  const { space } = pool.engine.parts;
  const { data, metadata } = space.cleaning.moved;
  for (let i = 0; i < 500; i++) await pause();
  expect(space.cleaning.moved).toEqual({ data, metadata });
  store.unmap(store.last + 1, 0, blocks);
  await store.commit();
  await pool.settled();
  store.write(store.last + 1, 0, contentOf(1));
  await pool.close();
});
