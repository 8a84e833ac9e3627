/** Memory that is not cleared first: for what is overwritten as a whole. No Buffer: its `slice` is a view. */
export const uncleared = (lengthBytes: number): Uint8Array =>
  new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer, 0, lengthBytes);
