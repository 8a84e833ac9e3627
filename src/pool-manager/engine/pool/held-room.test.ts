import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { contentOf } from '../../../testing/block-content.ts';
import { memoryPool } from '../../../testing/memory-pool.ts';

test('a pool that is overwritten in one place gets its room back by roots, and moves nothing', async () => {
  const { pool } = await memoryPool({ deviceBytes: 64 * 2 ** 20, seed: 1 });
  await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 64 * 4096 });
  const store = must(pool.volumes()[0], 'the volume');
  const { space } = pool.engine.parts;
  const rounds = Math.ceil((1.2 * space.room.totalUnits) / 64);
  for (let i = 0; i < rounds * 64; i++) {
    await store.room();
    store.write(store.last + 1, i % 64, contentOf(i));
    if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(space.cleaning.moved).toEqual({ data: 0, metadata: 0 });
  for (let block = 0; block < 64; block++)
    expect(Buffer.compare(await store.read(block, 1), contentOf((rounds - 1) * 64 + block))).toBe(0);
  await pool.close();
});

test('whoever is told to write finds room for 4 MiB, beside a segment that a checkpoint opens meanwhile', async () => {
  const { pool } = await memoryPool({ deviceBytes: 256 * 2 ** 20, seed: 2, pause: turn });
  const blocks = 40_000;
  await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: blocks * 4096 });
  const store = must(pool.volumes()[0], 'the volume');
  const { admission, parts } = pool.engine;
  const content = new Uint8Array(32 * 4096).fill(7);
  let leastUnits = Infinity;
  let waited = 0;
  for (let i = 0; i < 4_000; i++) {
    if (!store.hasRoom) waited++;
    await store.room();
    leastUnits = Math.min(leastUnits, admission.availableUnits);
    store.write(store.last + 1, (i * 97) % (blocks - 32), content);
  }
  const { room } = parts.space;
  expect(leastUnits).toBeGreaterThanOrEqual(1_024 + room.segmentUnits);
  expect(waited).toBeGreaterThan(0);
  await store.room();
  parts.space.openSystem();
  store.write(store.last + 1, 0, new Uint8Array(1_024 * 4096).fill(8));
  await pool.close();
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
