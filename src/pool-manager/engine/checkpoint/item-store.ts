/**
 * Items: all that a checkpoint keeps besides trees, as key → bytes (docs/disk-format.md, "Items").
 *
 *  - An item is a run of whole units in *system segments*: written in place, found by place, never moved, never in the
 *    table of batches. Each unit carries its own checksum, salted with its place and its checkpoint.
 *  - The directory of all items is written last; the root names it with its place.
 *  - An item is written anew when it changed, or when it is older than 16 checkpoints: so old segments empty by themselves.
 */

/** What import reads. */
export interface ItemReader {
  keys(prefix: string): readonly string[];
  /** Rejects with DamagedItemError. The key must be there. */
  get(key: string): Promise<Uint8Array>;
}

/** What the parts of a checkpoint write to, between its cut and its root. */
export interface ItemWriter {
  /** `bytes` is not changed afterwards. Any length, 0 too. */
  put(key: string, bytes: Uint8Array): void;
  /** Unknown keys are no error. */
  delete(key: string): void;
}

/** An item that the root names is unreadable: the pool can not be imported from this root. */
export class DamagedItemError extends Error {
  override readonly name = 'DamagedItemError';
}
