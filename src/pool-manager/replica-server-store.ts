/** The asynchronous half of the engine's port as effects of the replica core: promises become calls, errors messages. */
import type { Done, Outcome, StoreEffects } from '../replication/store.ts';
import type { Log } from '../shared/log.ts';
import type { VolumeStore } from './engine/volume-store.ts';

export function storeEffects(store: VolumeStore, log: Log): StoreEffects {
  const outcomeOf = async <T>(promise: Promise<T>): Promise<Outcome<T>> => {
    try {
      return { ok: true, value: await promise };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error('the store failed', { error: message });
      return { ok: false, message };
    }
  };
  const settle = async <T>(promise: Promise<T>, done: Done<T>): Promise<void> =>
    done(await outcomeOf(promise));
  // A commit fails only with its pool, and that ends the process (pool.failed): nobody hears that it is done.
  const commit = async (done: () => void): Promise<void> => {
    const outcome = await outcomeOf(store.commit());
    if (outcome.ok) done();
  };
  return {
    commit: (done) => void commit(done),
    read: (block, count, done) => void settle(store.read(block, count), done),
    births: (after, { block, count }, limit, done) =>
      void settle(store.births(after, block, count, limit), done),
    digest: (block, count, snapshot, done) => void settle(store.digest(block, count, snapshot), done),
  };
}
