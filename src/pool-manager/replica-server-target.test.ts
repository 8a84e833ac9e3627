/** When more is read of what a target sends: the handler of a link, with a store whose room comes and goes. */
import { expect, test } from '@jest/globals';
import type { VolumeStore } from './engine/volume-store.ts';
import type { Peer } from './replica-server-connection.ts';
import type { ReplicaHost } from './replica-server-host.ts';
import { serveTarget } from './replica-server-target.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function rig(hasRoom: boolean) {
  const happened: string[] = [];
  const room = Promise.withResolvers<void>();
  const store = { hasRoom, room: () => room.promise } as VolumeStore;
  const peer = {
    pause: () => void happened.push('pause'),
    resume: () => void happened.push('resume'),
  } as Peer;
  const host = { store, connect: () => 1, endBatch: () => undefined } as Partial<ReplicaHost> as ReplicaHost;
  return { happened, room, handler: serveTarget(peer, host) };
}

test('without room nothing more is read from the moment on at which that is known', async () => {
  const { happened, room, handler } = rig(false);
  handler.batchEnd(2 ** 20 - 1);
  expect(happened).toEqual([]); // not asked yet
  handler.batchEnd(1);
  expect(happened).toEqual(['pause']);
  await turn();
  room.resolve();
  await turn();
  expect(happened).toEqual(['pause', 'resume']);
});

test('room that comes within the turn of the loop pauses nothing, what takes longer does', async () => {
  const atOnce = rig(true);
  atOnce.handler.batchEnd(2 ** 20);
  atOnce.room.resolve();
  await turn();
  expect(atOnce.happened).toEqual([]);
  const later = rig(true);
  later.handler.batchEnd(2 ** 20);
  await turn();
  expect(later.happened).toEqual(['pause']);
  later.room.resolve();
  await turn();
  expect(later.happened).toEqual(['pause', 'resume']);
});
