/**
 * What a reflector knows of one kind, by name, label and owner. Pure. Objects are shared by all readers: nobody changes
 * them. A change that brings nothing new (the same resourceVersion) is none.
 */
import { keyOf, keyText, type KubernetesObject, type ObjectKey } from '../../api/object-meta.ts';

export type Change<T> =
  | { readonly type: 'added'; readonly object: T; readonly before?: undefined }
  | { readonly type: 'changed'; readonly object: T; readonly before: T }
  | { readonly type: 'deleted'; readonly object: T; readonly before?: undefined };

export interface ReadonlyStore<T extends KubernetesObject> {
  get(key: ObjectKey): T | undefined;
  /** In the order of their names; of one namespace, or all. */
  list(namespace?: string): T[];
  byLabel(label: string, value: string): T[];
  /** Objects that have an ownerReference with this UID. */
  byOwner(uid: string): T[];
  readonly size: number;
}

/** Keys of objects by a property that an object may have several values of. */
class Index {
  readonly #keys = new Map<string, Set<string>>();

  add(values: readonly string[], key: string): void {
    for (const value of values) {
      const keys = this.#keys.get(value);
      if (keys === undefined) this.#keys.set(value, new Set([key]));
      else keys.add(key);
    }
  }
  remove(values: readonly string[], key: string): void {
    for (const value of values) {
      const keys = this.#keys.get(value);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(value);
    }
  }
  keys(value: string): string[] {
    return [...(this.#keys.get(value) ?? [])].toSorted();
  }
}

const labelsOf = ({ metadata }: KubernetesObject): string[] =>
  Object.entries(metadata.labels ?? {}).map(([label, value]) => `${label}=${value}`);
const ownersOf = ({ metadata }: KubernetesObject): string[] =>
  (metadata.ownerReferences ?? []).map(({ uid }) => uid);

export class Store<T extends KubernetesObject> implements ReadonlyStore<T> {
  readonly #objects = new Map<string, T>();
  readonly #labels = new Index();
  readonly #owners = new Index();

  get size(): number {
    return this.#objects.size;
  }
  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyText(key));
  }
  list(namespace?: string): T[] {
    const keys = [...this.#objects.keys()].toSorted();
    return this.#pick(keys).filter(
      ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
    );
  }
  byLabel(label: string, value: string): T[] {
    return this.#pick(this.#labels.keys(`${label}=${value}`));
  }
  byOwner(uid: string): T[] {
    return this.#pick(this.#owners.keys(uid));
  }

  /** One object as it is now. */
  set(object: T): Change<T> | undefined {
    const key = keyText(keyOf(object));
    const before = this.#objects.get(key);
    if (before !== undefined && before.metadata.resourceVersion === object.metadata.resourceVersion)
      return undefined;
    if (before !== undefined) this.#unindex(key, before);
    this.#objects.set(key, object);
    this.#labels.add(labelsOf(object), key);
    this.#owners.add(ownersOf(object), key);
    return before === undefined ? { type: 'added', object } : { type: 'changed', object, before };
  }

  /** One object is gone; `object` is its last state. */
  remove(object: T): Change<T> | undefined {
    const key = keyText(keyOf(object));
    const before = this.#objects.get(key);
    if (before === undefined) return undefined;
    this.#objects.delete(key);
    this.#unindex(key, before);
    return { type: 'deleted', object };
  }

  /**
   * All objects as they are now: what is not among them went while nobody watched. An object that was deleted and made
   * again under the same name is both, since its readers may hold things that belong to the old one.
   */
  replace(objects: readonly T[]): Change<T>[] {
    const present = new Map(objects.map((object) => [keyText(keyOf(object)), object]));
    const gone = [...this.#objects.entries()].filter(([key, before]) => {
      const now = present.get(key);
      return now === undefined || now.metadata.uid !== before.metadata.uid;
    });
    return [
      ...gone.map(([, before]) => this.remove(before)),
      ...objects.map((object) => this.set(object)),
    ].filter((change) => change !== undefined);
  }

  #pick(keys: readonly string[]): T[] {
    return keys.flatMap((key) => this.#objects.get(key) ?? []);
  }
  #unindex(key: string, object: T): void {
    this.#labels.remove(labelsOf(object), key);
    this.#owners.remove(ownersOf(object), key);
  }
}
