/** Reflectors that several controllers of one role share. */
import type { KubernetesObject } from '../../api/object-meta.ts';
import type { Resource } from '../../api/resources.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Random } from './backoff.ts';
import type { KubernetesClient, Selection } from './client.ts';
import { collectionPath } from './resource-path.ts';
import { Reflector } from './reflector.ts';
import type { Change, ReadonlyStore } from './store.ts';

export interface Informer<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  /** What is known now; its objects are shared and must not be changed. */
  readonly store: ReadonlyStore<T>;
  readonly isSynced: boolean;
  /**
   * Calls the listener with each change from now on, and with an `added` for each object that is known already. It must
   * not throw and not wait: it puts names into queues. The answer ends it.
   */
  onChange(listener: (change: Change<T>) => void): () => void;
}

class SharedInformer<T extends KubernetesObject> implements Informer<T> {
  readonly resource: Resource<T>;
  readonly reflector: Reflector<T>;
  readonly #listeners = new Set<(change: Change<T>) => void>();

  constructor(resource: Resource<T>, selection: Selection, options: InformersOptions) {
    this.resource = resource;
    this.reflector = new Reflector(resource, selection, options, (change) => {
      for (const listener of this.#listeners) listener(change);
    });
  }
  get store(): ReadonlyStore<T> {
    return this.reflector.store;
  }
  get isSynced(): boolean {
    return this.reflector.isSynced;
  }
  onChange(listener: (change: Change<T>) => void): () => void {
    for (const object of this.store.list()) listener({ type: 'added', object });
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export interface InformersOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: Random;
  readonly silenceMs?: number;
}

export class Informers {
  readonly #options: InformersOptions;
  readonly #informers = new Map<string, SharedInformer<KubernetesObject>>();
  #started = false;

  constructor(options: InformersOptions) {
    this.#options = options;
  }

  /** The informer of this selection; the same one for the same selection. */
  of<T extends KubernetesObject>(resource: Resource<T>, selection: Selection = {}): Informer<T> {
    const { namespace, labelSelector, fieldSelector } = selection;
    const key = collectionPath(resource, namespace, { labelSelector, fieldSelector });
    const known = this.#informers.get(key);
    if (known !== undefined) return known as unknown as SharedInformer<T>;
    const informer = new SharedInformer(resource, selection, this.#options);
    this.#informers.set(key, informer as unknown as SharedInformer<KubernetesObject>);
    if (this.#started) informer.reflector.start();
    return informer;
  }

  start(): void {
    this.#started = true;
    for (const { reflector } of this.#informers.values()) reflector.start();
  }

  /** Resolves when every informer has had its first list; while the API server is away that is never. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ reflector }) => reflector.synced));
  }

  /** Lists everything anew: for a new leader, which must not act on what it knew before the old one's last writes. */
  async refresh(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ reflector }) => reflector.refresh()));
  }

  get isSynced(): boolean {
    return [...this.#informers.values()].every((informer) => informer.isSynced);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ reflector }) => reflector.stop()));
  }
}
