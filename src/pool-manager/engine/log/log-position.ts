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

/** From this group on the log was written by a later import, which found it whole up to there and went on behind it. */
export interface LogTurn {
  readonly group: number;
  readonly incarnation: number;
}

/** Who wrote a group, of a log that begins with `incarnation`. */
export const incarnationOf = (group: number, incarnation: number, turns: readonly LogTurn[]): number =>
  turns.findLast((turn) => turn.group <= group)?.incarnation ?? incarnation;

export const firstPosition = (incarnation: number): LogPosition => ({
  offsetBytes: 0,
  sequence: 1,
  group: 1,
  previous: new Uint8Array(16),
  incarnation,
});
