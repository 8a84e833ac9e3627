/** Who reads replicas of the pool now: a replica stays until they have ended. */
import { StatusError } from '../shared/grpc/status-error.ts';
import type { VolumeStore } from './engine/volume-store.ts';
import { poolLimits } from './options.ts';

export class ReplicaReaders {
  readonly #readers = new Set<{
    readonly guid: string;
    readonly abort: AbortController;
    readonly ended: Promise<void>;
  }>();

  /** Runs `work`; `signal` asks it to end soon. Rejects with StatusError while too many read. */
  async run(
    store: VolumeStore,
    work: (store: VolumeStore, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    if (this.#readers.size >= poolLimits.replicaReadersMax)
      throw new StatusError('RESOURCE_EXHAUSTED', `${this.#readers.size} replicas are being read: wait`);
    const abort = new AbortController();
    const running = work(store, abort.signal);
    const reader = { guid: store.identity.guid, abort, ended: running.catch(() => undefined) };
    this.#readers.add(reader);
    try {
      await running;
    } finally {
      this.#readers.delete(reader);
    }
  }

  /** Those of one replica, or all. */
  async end(guid?: string): Promise<void> {
    const readers = [...this.#readers].filter((reader) => guid === undefined || reader.guid === guid);
    for (const { abort } of readers) abort.abort();
    await Promise.all(readers.map(({ ended }) => ended));
  }
}
