/** What is left in a pool, for tests that end it again and again: blocks against the marks they were written with, and the pool itself. */
import { checkPool } from '../pool-manager/engine/check/check-pool.ts';
import type { VolumeStore } from '../pool-manager/engine/volume-store.ts';
import { contentOf } from './block-content.ts';
import { MemoryDevice } from './memory-device.ts';
import { memoryHost, type MemoryPool } from './memory-pool.ts';

/** Blocks that do not have the content of their marks. */
export async function wrongBlocks(
  store: VolumeStore,
  marks: Iterable<readonly [block: number, mark: number]>,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (const [block, mark] of marks) {
    const bytes = await store.read(block, 1);
    if (Buffer.compare(bytes, contentOf(mark)) !== 0) found.push(block);
  }
  return found;
}

/** Closes the pool when it has settled, and checks what is on its devices. */
export async function problemsAtTheEnd({ pool, devices }: MemoryPool): Promise<readonly unknown[]> {
  await pool.settled();
  await pool.close();
  const copies = devices.map((device) => {
    const { name, sizeBytes } = device;
    return new MemoryDevice({ name, sizeBytes, image: device.image() });
  });
  return (await checkPool({ devices: copies, host: memoryHost(9) })).problems;
}
