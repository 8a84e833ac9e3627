/**
 * Reads and writes of Kubernetes objects as raw JSON: typed models drop the fields they do not know. Every request has a
 * deadline; reads and requests that the server has put off are repeated a few times, a write whose fate is unknown is not:
 * its caller looks again.
 */
import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { keyOf, keyText, type KubernetesObject, type ObjectKey } from '../../api/object-meta.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import {
  ApiUnreachable,
  isAlreadyExists,
  isBusy,
  isConflict,
  isExpired,
  isNotFound,
  NotLeader,
} from './api-error.ts';
import { backoffMs, type Random } from './backoff.ts';
import { KubeConnection, type ApiConnection, type ApiRequest } from './connection.ts';
import { mergePatch } from './merge-patch.ts';
import { pause } from './pause.ts';
import { collectionPath, objectPath } from './resource-path.ts';

export interface ClientOptions {
  readonly connection: ApiConnection;
  /** Owner of the fields that this role applies, such as `caskade-operator`. */
  readonly fieldManager: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: Random;
  /** Deadline of one request. */
  readonly deadlineMs?: number;
}

/** Says whether this process may write, and aborts what is under way when it no longer may. */
export interface Fence {
  /** Undefined when it may, else why not. */
  closed(): string | undefined;
  readonly signal: AbortSignal;
}

export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface Page<T> {
  readonly items: T[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
}

const attemptsMax = 4;
const conflictsMax = 5;
const pageSize = 500;
const never = new AbortController().signal;
const retryLimits = { firstMs: 200, maxMs: 5_000 };

export class KubernetesClient {
  readonly fieldManager: string;
  readonly #options: ClientOptions;
  readonly #deadlineMs: number;
  readonly #fence: Fence | undefined;

  constructor(options: ClientOptions, fence?: Fence) {
    this.fieldManager = options.fieldManager;
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 15_000;
    this.#fence = fence;
  }

  /** With $KUBECONFIG, else as the service account of the pod. */
  static fromEnvironment(options: Omit<ClientOptions, 'connection'>): KubernetesClient {
    return new KubernetesClient({ ...options, connection: KubeConnection.fromEnvironment() });
  }

  /** The same client, whose writes need the fence to be open. */
  fencedBy(fence: Fence): KubernetesClient {
    return new KubernetesClient(this.#options, fence);
  }

  get connection(): ApiConnection {
    return this.#options.connection;
  }

  /** The object, or undefined when there is none. */
  async get<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey): Promise<T | undefined> {
    try {
      return (await this.#send({ method: 'GET', path: objectPath(resource, key) })) as T;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** All objects of the selection, read page by page from one point in time. */
  async list<T extends KubernetesObject>(resource: Resource<T>, selection: Selection = {}): Promise<T[]> {
    return (await this.listAll(resource, selection)).items;
  }

  /** The same with the resourceVersion that a watch goes on from. */
  async listAll<T extends KubernetesObject>(
    resource: Resource<T>,
    selection: Selection = {},
    signal?: AbortSignal,
  ): Promise<{ items: T[]; resourceVersion: string }> {
    for (let attempt = 1; ; attempt++) {
      const items: T[] = [];
      try {
        for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
          const page: Page<T> = await this.listPage(resource, selection, next, signal);
          items.push(...page.items);
          next = page.next;
          if (next === undefined) return { items, resourceVersion: page.resourceVersion };
        }
      } catch (error) {
        // the point in time that the pages are of is gone from etcd's history: begin again
        if (!isExpired(error) || attempt >= attemptsMax) throw error;
      }
    }
  }

  async listPage<T extends KubernetesObject>(
    resource: Resource<T>,
    { namespace, labelSelector, fieldSelector }: Selection,
    next: string | undefined,
    signal?: AbortSignal,
  ): Promise<Page<T>> {
    const values = { labelSelector, fieldSelector, limit: pageSize, continue: next };
    const path = collectionPath(resource, namespace, values);
    const list = (await this.#send({ method: 'GET', path, signal })) as {
      items?: T[] | null;
      metadata?: { resourceVersion?: string; continue?: string };
    };
    const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    return {
      items: (list.items ?? []).map((item) => ({ ...type, ...item })), // built-in kinds leave it out in lists
      resourceVersion: list.metadata?.resourceVersion ?? '',
      next: list.metadata?.continue === '' ? undefined : list.metadata?.continue,
    };
  }

  /** Creates the object; throws ApiError with reason AlreadyExists when the name is taken. */
  async create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
    const path = collectionPath(resource, object.metadata.namespace, { fieldManager: this.fieldManager });
    return (await this.#write({ method: 'POST', path, body: withType(resource, object) })) as T;
  }

  /**
   * Server-side apply: makes the fields that `object` has as they are there, creates it when missing, removes fields that
   * this manager applied before and no longer has, and leaves those of others alone. Applying the same again changes nothing.
   */
  async apply<T extends KubernetesObject>(
    resource: Resource<T>,
    object: Applied<T>,
    { force = true, subresource }: { force?: boolean; subresource?: string } = {},
  ): Promise<T> {
    const { resourceVersion: _, managedFields: __, ...metadata } = object.metadata;
    return (await this.#write({
      method: 'PATCH',
      path: objectPath(resource, keyOf(object), subresource, { fieldManager: this.fieldManager, force }),
      contentType: 'application/apply-patch+yaml',
      body: withType(resource, { ...object, metadata }),
    })) as T;
  }

  /** Merge patch (RFC 7396). Throws ApiError when the object is gone. */
  async patch<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: object,
    { subresource }: { subresource?: string } = {},
  ): Promise<T> {
    return (await this.#write({
      method: 'PATCH',
      path: objectPath(resource, key, subresource, { fieldManager: this.fieldManager }),
      contentType: 'application/merge-patch+json',
      body: patch,
    })) as T;
  }

  /**
   * Writes `status` when it differs from that of `object`, and then only the difference; answers the object as it is then.
   * An object that changed since it was read is a conflict: the reconciler is called again and decides on what is there.
   */
  async patchStatus<T extends KubernetesObject & { status?: unknown }>(
    resource: Resource<T>,
    object: T,
    status: T['status'],
  ): Promise<T> {
    const difference = mergePatch(object.status, status);
    if (difference === undefined) return object;
    const { resourceVersion } = object.metadata;
    const body = {
      ...(resourceVersion === undefined ? {} : { metadata: { resourceVersion } }),
      status: difference,
    };
    return await this.patch(resource, keyOf(object), body, { subresource: 'status' });
  }

  /** Replaces the whole object; a conflict when it changed since `object` was read. */
  async replace<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
    const path = objectPath(resource, keyOf(object), undefined, { fieldManager: this.fieldManager });
    return (await this.#write({ method: 'PUT', path, body: withType(resource, object) })) as T;
  }

  /**
   * Reads, changes and replaces, again when somebody else was faster. `change` answers undefined when there is nothing to
   * change. The answer is the object as it is then; undefined when there is none.
   */
  async modify<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    change: (object: T) => T | undefined,
  ): Promise<T | undefined> {
    for (let attempt = 1; ; attempt++) {
      const object = await this.get(resource, key);
      const changed = object === undefined ? undefined : change(object);
      if (changed === undefined) return object;
      try {
        return await this.replace(resource, changed);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isConflict(error) || attempt >= conflictsMax) throw error;
      }
    }
  }

  /** Asks for the object to be deleted. False: it was gone, or (with `uid`) another one has its name. */
  async delete(
    resource: Resource,
    key: ObjectKey,
    {
      uid,
      propagation = 'Background',
    }: { uid?: string | undefined; propagation?: 'Background' | 'Foreground' | 'Orphan' } = {},
  ): Promise<boolean> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: propagation,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    try {
      await this.#write({ method: 'DELETE', path: objectPath(resource, key), body });
      return true;
    } catch (error) {
      if (isNotFound(error) || (uid !== undefined && isConflict(error))) return false;
      throw error;
    }
  }

  /** Sees to it that the object has the finalizer; answers it as it is then, undefined when it is gone. */
  async addFinalizer<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    finalizer: string,
  ): Promise<T | undefined> {
    return await this.#setFinalizers(resource, object, (finalizers) =>
      finalizers.includes(finalizer) ? undefined : [...finalizers, finalizer],
    );
  }

  /** Sees to it that the object does not have the finalizer; undefined: it is gone. */
  async removeFinalizer<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    finalizer: string,
  ): Promise<T | undefined> {
    return await this.#setFinalizers(resource, object, (finalizers) =>
      finalizers.includes(finalizer) ? finalizers.filter((other) => other !== finalizer) : undefined,
    );
  }

  async #setFinalizers<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    change: (finalizers: readonly string[]) => string[] | undefined,
  ): Promise<T | undefined> {
    let current: T | undefined = object;
    for (let attempt = 1; current !== undefined; attempt++) {
      const { uid, resourceVersion, finalizers = [] }: KubernetesObject['metadata'] = current.metadata;
      const wish = change(finalizers);
      if (wish === undefined) return current;
      try {
        const metadata = { uid, resourceVersion, finalizers: wish };
        return await this.patch(resource, keyOf(current), { metadata });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isConflict(error) || attempt >= conflictsMax) throw error;
        current = await this.get(resource, keyOf(current));
        if (current?.metadata.uid !== uid) return undefined; // it is gone, and this is another one of that name
      }
    }
    return undefined;
  }

  /** Creates the object unless there is one of its name; answers the one that is there. */
  async createOrGet<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
    try {
      return await this.create(resource, object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const there = await this.get(resource, keyOf(object));
      if (there === undefined) throw error; // deleted in between: the caller looks again
      return there;
    }
  }

  async #write(request: Omit<ApiRequest, 'deadlineMs'>): Promise<unknown> {
    const closed = this.#fence?.closed();
    if (closed !== undefined) throw new NotLeader(`${request.method} ${request.path}: ${closed}`);
    return await this.#send(this.#fence === undefined ? request : { ...request, signal: this.#fence.signal });
  }

  async #send(request: Omit<ApiRequest, 'deadlineMs'>): Promise<unknown> {
    const { clock, log, random = Math.random, connection } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await connection.send({ ...request, deadlineMs: this.#deadlineMs });
      } catch (error) {
        const repeatable = isBusy(error) || (request.method === 'GET' && error instanceof ApiUnreachable);
        if (!repeatable || attempt >= attemptsMax || request.signal?.aborted === true) throw error;
        const asked = isBusy(error) ? error.retryAfterMs : undefined;
        const delayMs = Math.min(asked ?? backoffMs(attempt, retryLimits, random), 30_000);
        log.debug('request is repeated', { path: request.path, attempt, delayMs, error: error.message });
        await pause(clock, delayMs, request.signal ?? never);
      }
    }
  }
}

/** An object to apply: what is not in it is not ours. */
export type Applied<T extends KubernetesObject> = Pick<T, 'metadata'> & {
  [K in keyof T]?: T[K] extends infer V ? DeepPartial<V> : never;
};
type DeepPartial<V> = V extends readonly unknown[]
  ? V
  : V extends object
    ? { [K in keyof V]?: DeepPartial<V[K]> }
    : V;

const withType = <T extends object>(resource: Resource, object: T) => ({
  ...object,
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
});

/** For logs: kind and name of an object. */
export const nameOf = (resource: Resource, key: ObjectKey): string => `${resource.kind} ${keyText(key)}`;
