/**
 * Mirrors one selection of objects from the API server: a LIST, then a WATCH from there on. It never gives up.
 *
 *   list ──▶ watch ──closed, broken, silent──▶ watch again from the last known version
 *     ▲        │
 *     └──410───┘   history is gone: list again; what is missing from the list is reported as deleted
 *
 * Bookmarks keep the last known version young, so that a broken watch rarely needs a list. Every watch ends after a random
 * 5 to 10 minutes, so that connections spread over several API servers again after one was down.
 */
import type { KubernetesObject } from '../../api/object-meta.ts';
import { apiVersionOf, type Resource } from '../../api/resources.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ApiError, apiError, isBusy, isExpired } from './api-error.ts';
import { Backoff, type Random } from './backoff.ts';
import type { KubernetesClient, Selection } from './client.ts';
import { pause } from './pause.ts';
import { collectionPath } from './resource-path.ts';
import { Store, type Change } from './store.ts';

export interface ReflectorOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: Random;
  /** A bookmark comes about once a minute; a connection that is silent for longer than this is taken for dead. */
  readonly silenceMs?: number;
}

const watchSecondsMin = 300;
const watchSecondsMax = 600;
const watchMsMin = 1_000;
const headerDeadlineMs = 30_000;
const refusalsMax = 5;
const silenceMsDefault = 150_000;
const backoffLimits = { firstMs: 500, maxMs: 30_000 };
const retryAfterMsMax = 60_000;

interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export class Reflector<T extends KubernetesObject> {
  readonly store = new Store<T>();
  readonly #resource: Resource<T>;
  readonly #selection: Selection;
  readonly #options: ReflectorOptions;
  readonly #emit: (change: Change<T>) => void;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  /** Where the next watch begins; undefined: a list is needed. */
  #version: string | undefined;
  #ended: Promise<void> | undefined;
  /** Aborted to end the watch or pause that goes on. */
  #turn = new AbortController();
  /** Of those who wait for a list that begins from now on. */
  #waiters: (() => void)[] = [];

  constructor(
    resource: Resource<T>,
    selection: Selection,
    options: ReflectorOptions,
    emit: (change: Change<T>) => void,
  ) {
    this.#resource = resource;
    this.#selection = selection;
    this.#options = options;
    this.#emit = emit;
    this.#backoff = new Backoff(backoffLimits, options.random ?? Math.random);
  }

  /** Resolves when the store holds what there was at some time after the start. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }
  get isSynced(): boolean {
    return this.#isSynced;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  /** Lists anew; resolves when the store holds what there was at some time after the call. */
  async refresh(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    this.#turn.abort(new Error('the list is read anew'));
    await promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#turn = new AbortController();
      try {
        if (this.#version === undefined || this.#waiters.length > 0) await this.#list();
        else await this.#watchAtLeast(watchMsMin, this.#version);
        this.#backoff.succeeded();
      } catch (error) {
        if (!isOperating(error)) throw error;
        if (!this.#stop.signal.aborted && !this.#turn.signal.aborted) await this.#failed(error);
      }
    }
  }

  async #failed(error: unknown): Promise<void> {
    const backoff = this.#backoff.failed();
    const { failures } = this.#backoff;
    // a version that the server refuses again and again is from another history, such as before a restore of etcd
    if (isExpired(error) || (error instanceof ApiError && failures >= refusalsMax)) this.#version = undefined;
    const asked = isBusy(error) ? Math.min(error.retryAfterMs ?? 0, retryAfterMsMax) : 0;
    const fields = { failures, error: String(error) };
    const { log } = this.#options;
    // an API server that is away for a while is part of every cluster's life; a person must see when it stays away
    if (failures % 10 === 0) log.error(`${this.#resource.plural} can not be watched, trying on`, fields);
    else log.debug(`${this.#resource.plural} can not be watched, trying again`, fields);
    await this.#pause(Math.max(backoff, asked));
  }

  /** A server that ends every watch at once must not be asked in a tight loop. */
  async #watchAtLeast(ms: number, from: string): Promise<void> {
    const startedMs = this.#options.clock.nowMs();
    await this.#watch(from);
    const restMs = ms - (this.#options.clock.nowMs() - startedMs);
    if (restMs > 0) await this.#pause(restMs);
  }

  async #list(): Promise<void> {
    const waiters = this.#waiters;
    this.#waiters = [];
    try {
      const { client } = this.#options;
      const list = await client.listAll(this.#resource, this.#selection, this.#stop.signal);
      for (const change of this.store.replace(list.items.map(slim))) this.#emit(change);
      this.#version = list.resourceVersion;
    } catch (error) {
      this.#waiters.unshift(...waiters);
      throw error;
    }
    this.#isSynced = true;
    this.#synced.resolve();
    for (const resolve of waiters) resolve();
  }

  async #watch(from: string): Promise<void> {
    const { client, random = Math.random, silenceMs = silenceMsDefault } = this.#options;
    const { namespace, labelSelector, fieldSelector } = this.#selection;
    const timeoutSeconds = Math.round(watchSecondsMin + random() * (watchSecondsMax - watchSecondsMin));
    const path = collectionPath(this.#resource, namespace, {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: from,
      timeoutSeconds,
      labelSelector,
      fieldSelector,
    });
    const request = {
      method: 'GET',
      path,
      deadlineMs: headerDeadlineMs,
      signal: this.#signal,
    } as const;
    for await (const event of client.connection.watch(request, silenceMs)) {
      this.#take(event as WatchEvent<T>);
      this.#backoff.succeeded();
    }
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'ERROR') throw apiError(500, event.object);
    this.#version = event.object.metadata.resourceVersion ?? this.#version;
    if (event.type === 'BOOKMARK') return;
    const object = slim({
      ...event.object,
      apiVersion: apiVersionOf(this.#resource),
      kind: this.#resource.kind,
    });
    const change = event.type === 'DELETED' ? this.store.remove(object) : this.store.set(object);
    if (change !== undefined) this.#emit(change);
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.#stop.signal, this.#turn.signal]);
  }

  async #pause(delayMs: number): Promise<void> {
    await pause(this.#options.clock, delayMs, this.#signal);
  }
}

/** What the network and its peers cause; everything else is our own mistake and ends the process. */
const isOperating = (error: unknown): boolean =>
  Error.isError(error) && ['ApiUnreachable', 'ApiError', 'SyntaxError'].includes(error.name);

/** Without the record of who wrote which field: half of an object's size, and no reconciler reads it. */
function slim<T extends KubernetesObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
