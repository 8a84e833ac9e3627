import { expect, test } from '@jest/globals';
import { memoryPool } from '../testing/memory-pool.ts';
import { readReplica, removeReadSnapshots, type ReplicaChunk } from './replica-reader.ts';

const block = (fill: number, count = 1) => new Uint8Array(4096 * count).fill(fill);
const blocks = 1024;

async function setUp() {
  const { pool } = await memoryPool();
  const store = await pool.createVolume({ volume: 'v', replicaId: 'r', sizeBytes: blocks * 4096 });
  return { pool, store };
}

/** Collects what is written; `onChunk` runs before each one is taken. */
function collect(onChunk: () => void = () => undefined) {
  const chunks: ReplicaChunk[] = [];
  const image = new Uint8Array(blocks * 4096);
  const { signal } = new AbortController();
  const write = (chunk: ReplicaChunk) => {
    onChunk();
    chunks.push(chunk);
    image.set(chunk.data, chunk.offset);
    return Promise.resolve();
  };
  return { chunks, image, out: { write, signal } };
}

test('the content at one instant, in order, holes left out, neighbours together', async () => {
  const { store } = await setUp();
  store.write(1, 5, block(1));
  store.write(2, 6, block(2, 2));
  store.write(3, 300, block(3, 600));
  store.unmap(4, 310, 10);
  await store.commit();
  store.write(5, 1023, block(5));

  const { chunks, image, out } = collect(() => {
    // Written while it is read: not of this instant.
    if (store.last === 5) store.write(6, 5, block(9));
  });
  await readReplica(store, '', out, new AbortController().signal);
  const expected = new Uint8Array(blocks * 4096);
  expected.set(block(1), 5 * 4096);
  expected.set(block(2, 2), 6 * 4096);
  expected.set(block(3, 600), 300 * 4096);
  expected.set(block(0, 10), 310 * 4096);
  expected.set(block(5), 1023 * 4096);
  expect(Buffer.compare(image, expected)).toBe(0);
  expect(chunks.map(({ offset, data }) => [offset / 4096, data.length / 4096])).toEqual([
    [0, 0],
    [5, 3],
    [300, 10],
    [320, 256],
    [576, 256],
    [832, 68],
    [1023, 1],
  ]);
  expect(chunks.every(({ number, sizeBytes }) => number === 5 && sizeBytes === blocks * 4096)).toBe(true);
  expect(store.snapshots()).toEqual([]);
});

test('an empty replica is one empty chunk', async () => {
  const { store } = await setUp();
  const { chunks, out } = collect();
  await readReplica(store, '', out, new AbortController().signal);
  expect(chunks).toEqual([{ offset: 0, data: Buffer.alloc(0), sizeBytes: blocks * 4096, number: 0 }]);
});

test('a reader that breaks off leaves no snapshot', async () => {
  const { store } = await setUp();
  store.write(1, 0, block(1));
  const { out } = collect(() => {
    throw new Error('gone');
  });
  await expect(readReplica(store, '', out, new AbortController().signal)).rejects.toThrow('gone');
  expect(store.snapshots()).toEqual([]);
});

test('a replica that is about to go is not read to its end', async () => {
  const { store } = await setUp();
  store.write(1, 0, block(1, 600));
  const closing = new AbortController();
  /** A client that takes nothing any more. */
  const stuck = {
    signal: new AbortController().signal,
    write: () => {
      closing.abort();
      return new Promise<void>(() => undefined);
    },
  };
  await expect(readReplica(store, '', stuck, closing.signal)).rejects.toMatchObject({ code: 'ABORTED' });
  expect(store.snapshots()).toEqual([]);
});

test('what a killed process left is removed at the next import, and only that', async () => {
  const { pool, store } = await setUp();
  for (const name of ['_read-12', 'nightly', '~base']) store.snapshot(name);
  await removeReadSnapshots(pool);
  expect(store.snapshots().map(({ name }) => name)).toEqual(['nightly', '~base']);
});
