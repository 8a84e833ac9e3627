/**
 * The whole vocabulary for broken invariants. A broken invariant is never caught: the process ends, the pod restarts,
 * the pool replays. What a peer or a user may cause is an operating error instead, with a class of its own.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Ends the process (by a throw nobody catches) unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** The value, which the caller knows to be there. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new InvariantError(`missing: ${what}`);
  return value;
}

/** For the default branch of a switch over a union: reached only when the types lie. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
