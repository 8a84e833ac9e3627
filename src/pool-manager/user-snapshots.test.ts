import { expect, test } from '@jest/globals';
import { decodeRecord, encodeRecord, newRecord, storedName } from '../replication/record.ts';
import { memoryPool } from '../testing/memory-pool.ts';
import { beginAsClone, cloneReplica, cloneStore, userSnapshot } from './user-snapshots.ts';

const sizeBytes = 1024 * 4096;
const block = (fill: number) => new Uint8Array(4096).fill(fill);
const epochs = [{ epoch: 3, first: 10, previousLast: 0 }];
const info = { name: 'monday', number: 12, createdAtMs: 1, sizeBytes };
const source = { volume: 'v', snapshot: 'monday', number: 12 };

/** A replica of `v` that T3 feeds, with a snapshot after its second write. */
async function setUp() {
  const memory = await memoryPool();
  const store = await memory.pool.createVolume({ volume: 'v', replicaId: 'r1', sizeBytes });
  const record = { ...newRecord(sizeBytes), promised: { epoch: 3, nonce: 33 }, epochs, values: { k: 'v' } };
  store.setRecord(encodeRecord({ ...record, snapshots: [info] }));
  store.write(11, 0, block(1));
  store.write(12, 1, block(2));
  store.snapshot(storedName(info));
  store.write(13, 0, block(9));
  await store.commit();
  return { memory, store };
}

test('a clone has the content and the history of the snapshot; it is bound to no target and knows nobody', async () => {
  const { memory } = await setUp();
  const clone = await cloneReplica(memory.pool, { volume: 'w', replicaId: 'r1' }, source);
  expect(Buffer.from(await clone.read(0, 2))).toEqual(Buffer.concat([block(1), block(2)]));
  expect(clone.last).toBe(12);
  expect(decodeRecord(clone.record, 0)).toEqual({
    ...newRecord(sizeBytes),
    promised: { epoch: 3, nonce: 0 },
    epochs,
  });
  const { pool } = await memory.crash();
  const again = pool.volumes().find(({ identity }) => identity.volume === 'w');
  expect(again && decodeRecord(again.record, 0).epochs).toEqual(epochs);
});

test('a clone that a crash left without a record gets it when it is asked for again', async () => {
  const { memory, store } = await setUp();
  const origin = store.identity.guid;
  const clone = await memory.pool.cloneVolume({
    volume: 'w',
    replicaId: 'r1',
    origin,
    snapshot: storedName(info),
  });
  await beginAsClone(memory.pool, clone, source);
  expect(decodeRecord(clone.record, 0).epochs).toEqual(epochs);
});

test('another snapshot of the same name is not the one that was meant', async () => {
  const { memory, store } = await setUp();
  expect(userSnapshot(store, 'monday', 0)).toEqual(info);
  await expect(
    cloneReplica(memory.pool, { volume: 'w', replicaId: 'r1' }, { ...source, number: 20 }),
  ).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(memory.pool.volumes()).toHaveLength(1);
});

test('a clone of the volume as it is now has its history, too, unless there is none, and none while it has holes', async () => {
  const { memory, store } = await setUp();
  const name = { volume: 'w', replicaId: 'r1' };
  const clone = await cloneStore(memory.pool, name, store, undefined);
  expect(Buffer.from(await clone.read(0, 2))).toEqual(Buffer.concat([block(9), block(2)]));
  expect([clone.last, decodeRecord(clone.record, 0).epochs]).toEqual([13, epochs]);
  const blank = await memory.pool.createVolume({ volume: 'x', replicaId: 'r1', sizeBytes });
  const other = await cloneStore(memory.pool, { ...name, volume: 'y' }, blank, undefined);
  expect(other.record.byteLength).toBe(0);
  const record = decodeRecord(store.record, sizeBytes);
  store.setRecord(encodeRecord({ ...record, state: { kind: 'rebuilding', base: false, ranges: [] } }));
  await expect(cloneStore(memory.pool, { ...name, volume: 'z' }, store, undefined)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
  });
  expect(memory.pool.volumes().map(({ identity }) => identity.volume)).not.toContain('z');
});
