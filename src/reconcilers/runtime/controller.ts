/**
 * Runs a reconciler: names in, "again when?" out.
 *
 * The contract: `reconcile` is given a name and looks for itself; the same name is never worked on twice at once; it is
 * called when an object that the watches map to the name changed, after the delay it asked for, after its failures with
 * growing delays, and every `resyncMs` for what no watch can see. It must be idempotent: it may be called at any time.
 */
import {
  controllerOf,
  keyOf,
  keyText,
  parseKey,
  type KubernetesObject,
  type ObjectKey,
} from '../../api/object-meta.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ApiUnreachable, isConflict, NotLeader } from './api-error.ts';
import { backoffMs, type Random } from './backoff.ts';
import type { Informer } from './informer.ts';
import type { Change } from './store.ts';
import { WorkQueue } from './work-queue.ts';

/** When to come again: `done` is when something changes. */
export type Requeue = typeof done | { readonly afterMs: number };
export const done = { afterMs: undefined } as const;

/** Trying again will not help until something changes; the message says what. Not retried. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** Where names come from. */
export interface Watch {
  /** Calls `add` for each change that concerns a name; the answer ends it. */
  start(add: (key: ObjectKey) => void): () => void;
  /** All names that there are; for the resync. Empty when this watch is not of the controller's own kind. */
  names(): ObjectKey[];
}

/** The object itself. */
export const watchSelf = <T extends KubernetesObject>(
  informer: Informer<T>,
  concerns: (object: T) => boolean = () => true,
): Watch => ({
  start: (add) =>
    informer.onChange(({ object, before }) => {
      if (concerns(object) || (before !== undefined && concerns(before))) add(keyOf(object));
    }),
  names: () => informer.store.list().filter(concerns).map(keyOf),
});

/** The object's controller, when it is of this kind; owner and object are in one namespace. */
export const watchOwned = <T extends KubernetesObject>(informer: Informer<T>, ownerKind: string): Watch =>
  watchMapped(informer, (object) => {
    const owner = controllerOf(object, ownerKind);
    return owner === undefined ? [] : [{ namespace: object.metadata.namespace, name: owner.name }];
  });

/** Any names. Of a changed object those of its state before count too. */
export const watchMapped = <T extends KubernetesObject>(
  informer: Informer<T>,
  keysOf: (object: T) => readonly ObjectKey[],
): Watch => ({
  start: (add) =>
    informer.onChange(({ object, before }: Change<T>) => {
      for (const key of keysOf(object)) add(key);
      if (before !== undefined) for (const key of keysOf(before)) add(key);
    }),
  names: () => [],
});

/** Numbers of all controllers of a role; see controller-metrics.ts. */
export interface ControllerMetrics {
  depth(controller: string, names: number): void;
  reconciled(controller: string, outcome: 'done' | 'again' | 'conflict' | 'error', seconds: number): void;
}

export interface ControllerOptions {
  readonly name: string;
  readonly watches: readonly Watch[];
  readonly reconcile: (key: ObjectKey, signal: AbortSignal) => Promise<Requeue>;
  /** How many names are worked on at once. */
  readonly workers?: number;
  readonly resyncMs?: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics?: ControllerMetrics;
  readonly random?: Random;
}

const backoff = { firstMs: 500, maxMs: 300_000 };
const resyncMsDefault = 300_000;
/** The signal of a call is aborted then: whatever it waits for, it has waited long enough. */
const reconcileMsMax = 300_000;
/** A call that goes on although its signal is aborted will never end. */
const stuckMs = 600_000;
/** Somebody else wrote first: the informer will show what, soon. */
const conflictMs = 100;
const awayMs = 5_000;

export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  readonly #ends: (() => void)[] = [];
  readonly #running = new Set<Promise<void>>();
  /** When the work on each name began. */
  readonly #sinceMs = new Map<string, number>();
  #cancelResync: () => void = () => undefined;

  constructor(options: ControllerOptions) {
    const { clock, random = Math.random } = options;
    this.name = options.name;
    this.#options = options;
    this.#queue = new WorkQueue({ clock, random, backoff, onReady: () => this.#pump() });
    for (const watch of options.watches) this.#ends.push(watch.start((key) => this.enqueue(key)));
    this.#scheduleResync();
  }

  /** For causes that no watch sees, such as a message of a data-plane process. */
  enqueue(key: ObjectKey): void {
    this.#queue.add(keyText(key));
    this.#options.metrics?.depth(this.name, this.#queue.depth);
  }

  /** For /healthz: work that has gone on for so long that it never ends, in words; undefined: there is none. */
  stuck(): string | undefined {
    const nowMs = this.#options.clock.nowMs();
    const found = [...this.#sinceMs].find(([, sinceMs]) => nowMs - sinceMs > stuckMs);
    return found === undefined
      ? undefined
      : `${this.name} works on ${found[0]} for ${Math.round((nowMs - found[1]) / 1000)} s`;
  }

  /** Ends the watches, aborts the signal of what is being worked on and waits for it. */
  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    this.#cancelResync();
    this.#queue.close();
    this.#stop.abort(new Error(`${this.name} is stopped`));
    await Promise.all(this.#running);
  }

  /** Takes as many names as there are idle workers. */
  #pump(): void {
    while (this.#running.size < (this.#options.workers ?? 1)) {
      const name = this.#queue.take();
      if (name === undefined) return;
      const work = this.#work(name).finally(() => {
        this.#running.delete(work);
        this.#queue.done(name);
        this.#options.metrics?.depth(this.name, this.#queue.depth);
        this.#pump();
      });
      this.#running.add(work);
    }
  }

  async #work(name: string): Promise<void> {
    const { clock, metrics, reconcile } = this.#options;
    const startedMs = clock.nowMs();
    const seconds = () => (clock.nowMs() - startedMs) / 1000;
    const late = new AbortController();
    const disarm = clock.after(reconcileMsMax, () =>
      late.abort(new Error(`not done in ${reconcileMsMax} ms`)),
    );
    this.#sinceMs.set(name, startedMs);
    try {
      const signal = AbortSignal.any([this.#stop.signal, late.signal]);
      const { afterMs } = await reconcile(parseKey(name), signal);
      this.#queue.forget(name);
      if (afterMs !== undefined) this.#queue.addAfter(name, afterMs);
      metrics?.reconciled(this.name, afterMs === undefined ? 'done' : 'again', seconds());
    } catch (error) {
      this.#failed(name, error, seconds());
    } finally {
      disarm();
      this.#sinceMs.delete(name);
    }
  }

  #failed(name: string, error: unknown, seconds: number): void {
    const { log, metrics, random = Math.random } = this.#options;
    if (!Error.isError(error) || error.name === 'InvariantError') throw error; // ends the process
    if (this.#stop.signal.aborted) return;
    const fields = { controller: this.name, object: name, error: error.message };
    if (isConflict(error)) {
      this.#queue.addAfter(name, conflictMs);
      metrics?.reconciled(this.name, 'conflict', seconds);
      log.debug('the object changed meanwhile, looking again', fields);
      return;
    }
    metrics?.reconciled(this.name, 'error', seconds);
    if (error instanceof TerminalError) {
      this.#queue.forget(name);
      log.error('can not be reconciled until something changes', fields);
      return;
    }
    if (error instanceof NotLeader || error instanceof ApiUnreachable) {
      // no back-off: when the API server is there again, everything that waits is due
      this.#queue.addAfter(name, backoffMs(1, { firstMs: awayMs, maxMs: awayMs }, random));
      log.debug('the API server is away, trying again', fields); // the reflectors tell a person
      return;
    }
    const retryMs = this.#queue.retry(name);
    log.error('reconciling failed, trying again', { ...fields, retryMs, stack: error.stack });
  }

  /** Jittered, so that the controllers of a role do not all come at once. */
  #scheduleResync(): void {
    const { clock, resyncMs = resyncMsDefault, random = Math.random, watches } = this.#options;
    this.#cancelResync = clock.after(resyncMs * (0.75 + random() / 2), () => {
      for (const watch of watches) for (const key of watch.names()) this.enqueue(key);
      this.#scheduleResync();
    });
  }
}

/** Starts a controller: it works as soon as its watches have names. */
export const runController = (options: ControllerOptions): Controller => new Controller(options);
