/** A place in the log: what the next block must be, and where it stands. Kept in the root. */
export interface LogPosition {
  /** In the ring; a multiple of 4096. */
  readonly offsetBytes: number;
  readonly sequence: number;
  readonly group: number;
  /** Checksum of the block before; zeros in front of the first one. */
  readonly previous: Uint8Array;
  /** Counts the imports of the pool. */
  readonly incarnation: number;
}

export const firstPosition = (incarnation: number): LogPosition => ({
  offsetBytes: 0,
  sequence: 1,
  group: 1,
  previous: new Uint8Array(16),
  incarnation,
});
