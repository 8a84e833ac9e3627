import { expect, test } from '@jest/globals';
import type { PoolRoom } from '../replication/messages.ts';
import type { Pool } from './engine/pool.ts';
import type { ReplicaHost } from './replica-server-host.ts';
import { SpaceWatch } from './replica-server-space.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** What targets hear of a pool of 100 GiB after each of these. */
function told(...rooms: readonly { readonly freeBytes: number; readonly writableBytes: number }[]) {
  let room = rooms[0];
  const pool = { status: () => ({ totalBytes: 100 * gibibyte, ...room }) } as Pick<Pool, 'status'> as Pool;
  const heard: (PoolRoom & { readonly low: boolean })[] = [];
  const host = { setSpace: (low: boolean, of: PoolRoom) => void heard.push({ low, ...of }) } as ReplicaHost;
  const watch = new SpaceWatch(pool);
  rooms.forEach((next, index) => {
    room = next;
    watch.look(index * 1_000, [host]);
  });
  return heard;
}

test('a pool is low 128 MiB before users may write no more, and until there is a quarter more', () => {
  const free = (writableBytes: number) => ({ freeBytes: 50 * gibibyte, writableBytes });
  const heard = told(free(128 * mebibyte), free(127 * mebibyte), free(159 * mebibyte), free(160 * mebibyte));
  expect(heard.map(({ low }) => low)).toEqual([false, true, true, false]);
});

test('what is above the threshold is no room, however much is free', () => {
  expect(told({ freeBytes: 15 * gibibyte, writableBytes: 0 })).toEqual([
    { low: true, freeBytes: 0, lowBytes: 128 * mebibyte },
  ]);
});

test('a pool that takes in much in little time looks by what it took in, not by the time', () => {
  let writableBytes = 200 * mebibyte;
  const pool = { status: () => ({ totalBytes: 100 * gibibyte, writableBytes }) } as Pick<
    Pool,
    'status'
  > as Pool;
  const heard: { readonly low: boolean; readonly freeBytes: number }[] = [];
  const host = {
    setSpace: (low: boolean, { freeBytes }: PoolRoom) => void heard.push({ low, freeBytes }),
  } as ReplicaHost;
  const watch = new SpaceWatch(pool);
  watch.look(1_000, [host]);
  for (let i = 0; i < 100; i++) {
    writableBytes -= mebibyte;
    watch.look(1_001, [host]);
    watch.took(mebibyte, 1_001, () => [host]);
  }
  expect(heard.map(({ freeBytes }) => freeBytes / mebibyte)).toEqual([200, 184, 168, 152, 136, 120, 104]);
  expect(heard.map(({ low }) => low)).toEqual([false, false, false, false, false, true, true]);
});
