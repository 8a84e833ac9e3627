/**
 * Buffers parts of which were given to sockets of this process by reference, until the system has taken them: meanwhile they
 * must stay as they are.
 */
const lent = new Map<ArrayBufferLike, number>();

export function lend(buffer: ArrayBufferLike): void {
  lent.set(buffer, (lent.get(buffer) ?? 0) + 1);
}

/** Once for each `lend`. */
export function giveBack(buffer: ArrayBufferLike): void {
  const count = lent.get(buffer) ?? 0;
  if (count > 1) lent.set(buffer, count - 1);
  else lent.delete(buffer);
}

export const isLent = (buffer: ArrayBufferLike): boolean => lent.has(buffer);
