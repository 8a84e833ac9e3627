import { encodeRecord, newRecord } from '../replication/record.ts';
import { expect, test } from '@jest/globals';
import { blockBytes } from '../shared/block-size.ts';
import { prng } from '../shared/prng.ts';
import { memoryPool } from '../testing/memory-pool.ts';
import { changeBoth } from '../testing/volume-changes.ts';
import { difference, VolumeModel } from '../testing/volume-model.ts';
import type { VolumeStore } from './engine/volume-store.ts';
import { type BirthChunk, receiveBirths, sendBirths } from './replica-births.ts';

const sizeBytes = 600 * blockBytes;
const mix = { write: 8, unmap: 3, resize: 1 };

async function chunksOf(store: VolumeStore, after: number, snapshot = ''): Promise<readonly BirthChunk[]> {
  const chunks: BirthChunk[] = [];
  const { signal } = new AbortController();
  const write = (chunk: BirthChunk) => Promise.resolve(void chunks.push(chunk));
  await sendBirths(store, { after, snapshot }, { write, signal }, signal);
  return chunks;
}

async function twoVolumes() {
  const [from, to] = [await memoryPool({ seed: 1 }), await memoryPool({ seed: 2 })];
  const spec = { volume: 'pv', replicaId: 'r', sizeBytes };
  return {
    from: from.pool,
    to,
    origin: await from.pool.createVolume(spec),
    copy: await to.pool.createVolume(spec),
    model: new VolumeModel(sizeBytes),
  };
}

test('a volume is copied, then what was born since: content, births, sizes and numbers are the same', async () => {
  const { origin, copy, model } = await twoVolumes();
  const random = prng(7);
  const bases: number[] = [];
  for (let round = 1; round <= 4; round++) {
    for (let i = 0; i < 40; i++) changeBoth(origin, model, random, round * 100 + i, mix);
    const name = `round-${round}`;
    origin.snapshot(name);
    model.snapshots.set(name, model.state);
    const chunks = await chunksOf(origin, copy.last, name);
    for (const chunk of chunks) await receiveBirths(copy, chunk, name);
    expect(await difference(copy, model)).toBeUndefined();
    bases.push(chunks[0]?.after ?? -1);
  }
  expect(copy.durable).toBe(copy.last);
  expect(bases).toEqual([0, ...origin.snapshots().map(({ number }) => number)].slice(0, 4));
});

test('a stream that broke off is sent again; until its last chunk the receiver does not count as there', async () => {
  const { origin, copy, to, model } = await twoVolumes();
  const random = prng(3);
  for (let i = 0; i < 60; i++) changeBoth(origin, model, random, i + 1, { write: 1 });
  const chunks = await chunksOf(origin, 0);
  for (const chunk of chunks.slice(0, -1)) await receiveBirths(copy, chunk, '');
  expect(copy.last).toBe(0);
  for (const chunk of chunks) await receiveBirths(copy, chunk, '');
  const { pool } = await to.crash();
  expect(await difference(pool.volumes()[0] as VolumeStore, model)).toBeUndefined();
});

test('what does not fit on what is there is refused, and so is a replica that a target has used', async () => {
  const { origin, copy } = await twoVolumes();
  origin.write(5, 0, new Uint8Array(blockBytes).fill(1));
  const [chunk] = await chunksOf(origin, 3);
  if (chunk === undefined) throw new Error('a chunk');
  await expect(receiveBirths(copy, chunk, '')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  await expect(chunksOf(origin, 6)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  await expect(chunksOf(origin, 0, 'never')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const beyond = {
    ...chunk,
    after: 0,
    births: [{ block: 600, count: 1, birth: 5, data: Buffer.alloc(blockBytes, 1) }],
  };
  await expect(receiveBirths(copy, beyond, '')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  copy.setRecord(encodeRecord({ ...newRecord(4096), promised: { epoch: 1, nonce: 7 } }));
  const whole = await chunksOf(origin, 0);
  await expect(receiveBirths(copy, whole[0] ?? chunk, '')).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
  });
});

test('a volume is cloned as it is now; what holds the instant is no snapshot of it afterwards', async () => {
  const { from, origin, model } = await twoVolumes();
  const random = prng(9);
  for (let i = 0; i < 50; i++) changeBoth(origin, model, random, i + 1, mix);
  const { state } = model;
  const origins = origin.identity.guid;
  const clone = await from.cloneVolume({ volume: 'c', replicaId: 'r', origin: origins, snapshot: undefined });
  for (let i = 0; i < 50; i++) changeBoth(origin, model, random, i + 100, mix);
  await from.settled();
  expect(origin.snapshots()).toEqual([]);
  const due = new VolumeModel(0);
  due.state = { ...state, record: '' };
  expect(await difference(clone, due)).toBeUndefined();
  expect(await difference(origin, model)).toBeUndefined();
});
