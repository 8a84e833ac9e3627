const { copy } = Buffer.prototype;

/** Copies `length` bytes at `from[fromAt…]` to `to[toAt…]`, without a view of them. */
export function copyBytes(
  from: Uint8Array,
  fromAt: number,
  length: number,
  to: Uint8Array,
  toAt: number,
): void {
  copy.call(from, to, toAt, fromAt, fromAt + length);
}
