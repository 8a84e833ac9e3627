/**
 * Memory parts of which were given to sockets of this process by reference, until the system has taken them: meanwhile it
 * must stay as it is. It is known by the array that all its parts were passed with.
 */
const lent = new Map<Uint8Array, number>();

export function lend(bytes: Uint8Array): void {
  lent.set(bytes, (lent.get(bytes) ?? 0) + 1);
}

/** Once for each `lend`. */
export function giveBack(bytes: Uint8Array): void {
  const count = lent.get(bytes) ?? 0;
  if (count > 1) lent.set(bytes, count - 1);
  else lent.delete(bytes);
}

export const isLent = (bytes: Uint8Array): boolean => lent.has(bytes);
