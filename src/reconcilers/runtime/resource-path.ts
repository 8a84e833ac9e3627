/** Paths of the API. Pure. */
import type { ObjectKey } from '../../api/object-meta.ts';
import type { Resource } from '../../api/resources.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const segment = (text: string): string => encodeURIComponent(text);

function query(values: Query): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${segment(name)}=${segment(String(value))}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** All objects of a kind, or those of one namespace. */
export function collectionPath(resource: Resource, namespace?: string, values: Query = {}): string {
  const group = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace)}` : '';
  return `${group}/${resource.version}${scope}/${resource.plural}${query(values)}`;
}

/** One object, or a subresource of it such as `status`. */
export function objectPath(
  resource: Resource,
  key: ObjectKey,
  subresource?: string,
  values: Query = {},
): string {
  const path = `${collectionPath(resource, key.namespace)}/${segment(key.name)}`;
  return `${path}${subresource === undefined ? '' : `/${subresource}`}${query(values)}`;
}
