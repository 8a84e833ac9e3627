import { expect, test } from '@jest/globals';
import type { Outcome } from '../replication/store.ts';
import { blockBytes } from '../shared/block-size.ts';
import { silentLog } from '../shared/log.ts';
import { memoryPool } from '../testing/memory-pool.ts';
import { ReadRooms } from './read-rooms.ts';
import { storeEffects } from './replica-server-store.ts';

async function storeWithErrors() {
  const { pool } = await memoryPool();
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 4 * blockBytes });
  const errors: string[] = [];
  const error = (what: string) => void errors.push(what);
  const effects = storeEffects(store, { ...silentLog, error }, () => undefined, new ReadRooms());
  const digest = (snapshot: string) =>
    new Promise<Outcome<Uint8Array>>((done) => effects.digest(0, 4, snapshot, done));
  return { store, errors, digest };
}

test('a digest of a snapshot that was dropped fails, and the store has not failed', async () => {
  const { store, errors, digest } = await storeWithErrors();
  store.snapshot('~proof-7');
  expect(await digest('~proof-7')).toMatchObject({ ok: true });
  store.deleteSnapshot('~proof-7');
  expect(await digest('~proof-7')).toEqual({ ok: false, message: 'volume pv has no snapshot ~proof-7' });
  expect(errors).toEqual([]);
});

test('any other error of the store is for a person to look at', async () => {
  const { store, errors, digest } = await storeWithErrors();
  store.digest = () => Promise.reject(new Error('the device does not answer'));
  expect(await digest('~proof-7')).toMatchObject({ ok: false });
  expect(errors).toEqual(['the store failed']);
});
