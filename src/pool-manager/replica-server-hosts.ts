/** The hosts of a pool's replicas: one for each store whose record this release can read and that is not being deleted. */
import type { Subject } from '../replication/handshake.ts';
import { RecordError } from '../replication/record.ts';
import { must } from '../shared/assert.ts';
import type { VolumeStore } from './engine/volume-store.ts';
import { ReplicaHost, type ReplicaHostOptions } from './replica-server-host.ts';

export class ReplicaHosts {
  readonly #common: Omit<ReplicaHostOptions, 'store'>;
  readonly #hosts = new Map<string, ReplicaHost>();
  /** Replicas whose record can not be read, and why. */
  readonly #unreadable = new Map<string, string>();
  readonly #forgotten = new Set<string>();

  /** `common`: what all hosts get; each has the names of its volume and replica in its log. */
  constructor(common: Omit<ReplicaHostOptions, 'store'>) {
    this.#common = common;
  }

  all(): readonly ReplicaHost[] {
    return [...this.#hosts.values()];
  }

  /** The host of a store, made when it is asked for first; undefined when there is none, see `whyNone`. */
  of(store: VolumeStore): ReplicaHost | undefined {
    const { guid, volume, replicaId } = store.identity;
    const known = this.#hosts.get(guid);
    if (known || this.#forgotten.has(guid) || this.#unreadable.has(guid)) return known;
    const { log } = this.#common;
    try {
      const host = new ReplicaHost({
        ...this.#common,
        store,
        log: log.with({ volume, replica: replicaId }),
      });
      this.#hosts.set(guid, host);
      return host;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#unreadable.set(guid, error.message);
      log.error('a replica can not be served', { volume, replica: replicaId, reason: error.message });
      return undefined;
    }
  }

  /** Why the record of a replica can not be read. */
  whyNone(guid: string): string | undefined {
    return this.#unreadable.get(guid);
  }

  /** The host that was admitted under this name. */
  admitted({ volume, replicaId }: Subject): ReplicaHost {
    const found = this.all().find(
      ({ store }) => store.identity.volume === volume && store.identity.replicaId === replicaId,
    );
    return must(found, 'the replica that was just admitted');
  }

  /** It is being deleted: there will be none for it again. */
  forget(guid: string): ReplicaHost | undefined {
    this.#forgotten.add(guid);
    const host = this.#hosts.get(guid);
    this.#hosts.delete(guid);
    return host;
  }
}
