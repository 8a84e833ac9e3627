/** The asynchronous half of the engine's port as effects of the replica core: promises become calls, errors messages. */
import type { BlockRange, CopiedExtent } from '../replication/copy.ts';
import { blocksIn } from '../replication/extents.ts';
import type { Done, Outcome, StoreEffects } from '../replication/store.ts';
import type { Log } from '../shared/log.ts';
import { blockBytes } from '../shared/block-size.ts';
import { ResultBuffers } from './device/result-buffers.ts';
import { GatherBuffers } from './gather-buffers.ts';
import { GoneError } from './engine/volume/volume-mutations.ts';
import type { VolumeStore } from './engine/volume-store.ts';
import type { ReadRooms } from './read-rooms.ts';

const gathered = new GatherBuffers();

/** `onRepaired`: a block that was unreadable here is as it was again, with what another replica had. */
export function storeEffects(
  store: VolumeStore,
  log: Log,
  onRepaired: () => void,
  rooms: ReadRooms,
): StoreEffects {
  const failed = (error: unknown): { readonly ok: false; readonly message: string } => {
    const message = error instanceof Error ? error.message : String(error);
    // A digest or a copy under way when its snapshot was dropped, or the volume: nobody wants the answer any more.
    if (error instanceof GoneError) log.debug('what was asked for is gone', { error: message });
    else log.error('the store failed', { error: message });
    return { ok: false, message };
  };
  const outcomeOf = async <T>(promise: Promise<T>): Promise<Outcome<T>> => {
    try {
      return { ok: true, value: await promise };
    } catch (error) {
      return failed(error);
    }
  };
  const results = new ResultBuffers();
  const settle = async <T>(promise: Promise<T>, done: Done<T>): Promise<void> =>
    done(await outcomeOf(promise));
  const gather = async (
    ranges: readonly BlockRange[],
    done: Done<readonly CopiedExtent[]>,
    snapshot?: string,
  ): Promise<void> => {
    const into = gathered.take(blocksIn(ranges) * blockBytes);
    await settle(store.gather(ranges, into, snapshot), done);
    gathered.give(into);
  };
  // A commit fails only with its pool, and that ends the process (pool.failed): nobody hears that it is done.
  const commit = async (done: () => void): Promise<void> => {
    const outcome = await outcomeOf(store.commit());
    if (outcome.ok) done();
  };
  const repair = async (block: number, data: Uint8Array): Promise<void> => {
    for (let at = 0; at < data.byteLength; at += blockBytes) {
      const one = block + at / blockBytes;
      const content = data.subarray(at, at + blockBytes);
      const outcome = await outcomeOf(store.writeRepaired(one, content));
      if (!outcome.ok || !outcome.value) continue;
      log.info('block repaired from another replica', { block: one });
      onRepaired();
    }
  };
  return {
    repair: (block, data) => void repair(block, data),
    commit: (done) => void commit(done),
    read: (block, count, done, snapshot, only) => {
      const value = results.take(count * blockBytes);
      const end = (error: Error | undefined) =>
        done(error === undefined ? { ok: true, value } : failed(error));
      store.readInto(block, value, end, snapshot, only);
    },
    readBriefly: (block, count, done) => {
      const room = rooms.take(count * blockBytes);
      store.readInto(block, room.data, (error) =>
        rooms.show(room, () => done(error === undefined ? { ok: true, value: room.data } : failed(error))),
      );
    },
    gather: (ranges, done, snapshot) => void gather(ranges, done, snapshot),
    births: (after, { block, count }, limit, done, snapshot) =>
      void settle(store.births(after, block, count, limit, snapshot), done),
    digest: (block, count, snapshot, done) => void settle(store.digest(block, count, snapshot), done),
  };
}
