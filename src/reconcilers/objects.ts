/**
 * Objects that are ours alone (Deployments, Services, …): applied when they are not there, not as they should be, or
 * were made by another version of us; never otherwise, so that a steady cluster sees no write.
 */
import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../api/object-meta.ts';
import { parseQuantity } from '../api/quantity.ts';
import type { Resource } from '../api/resources.ts';
import { isAlreadyExists, isNotFound } from './runtime/api-error.ts';
import type { Applied, KubernetesClient } from './runtime/client.ts';

/** Hash of what we applied: it tells of fields that we no longer want, which looking at the rest does not. */
export const appliedAnnotation = 'cstor.openebs.io/applied';

/** Applies `wanted` unless `present` is it already; answers whether it did. */
export async function ensure<T extends KubernetesObject>(
  client: KubernetesClient,
  resource: Resource<T>,
  wanted: Applied<T>,
  present: T | undefined,
): Promise<boolean> {
  const stamped = {
    ...wanted,
    metadata: {
      ...wanted.metadata,
      annotations: { ...wanted.metadata.annotations, [appliedAnnotation]: hashOf(wanted) },
    },
  };
  if (present !== undefined && covers(present, stamped)) return false;
  await client.apply<T>(resource, stamped);
  return true;
}

/** For objects that never change once they are there: a creation that comes second is no error. */
export async function unlessThere(created: Promise<unknown>): Promise<void> {
  try {
    await created;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Writes a status that differs. An object that has just gone needs none, and its going calls everybody who cares. */
export async function writeStatus<T extends KubernetesObject & { status?: unknown }>(
  client: KubernetesClient,
  resource: Resource<T>,
  object: T,
  status: T['status'],
): Promise<void> {
  try {
    await client.patchStatus(resource, object, status);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

export const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** True when everything in `wanted` is in `present`, whatever the API server has added to it. */
export function covers(present: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(present) &&
      present.length === wanted.length &&
      wanted.every((item, index) => covers(present[index], item))
    );
  if (typeof wanted === 'object' && wanted !== null)
    return (
      typeof present === 'object' &&
      present !== null &&
      Object.entries(wanted).every(([field, value]) =>
        covers((present as Record<string, unknown>)[field], value),
      )
    );
  return present === wanted || sameQuantity(present, wanted);
}

/** The API server prints amounts in its own way: 1024Mi comes back as 1Gi. */
function sameQuantity(a: unknown, b: unknown): boolean {
  const isAmount = (value: unknown): value is string | number =>
    typeof value === 'string' || typeof value === 'number';
  if (!isAmount(a) || !isAmount(b)) return false;
  try {
    return parseQuantity(a) === parseQuantity(b);
  } catch {
    return false; // plain text that differs
  }
}
