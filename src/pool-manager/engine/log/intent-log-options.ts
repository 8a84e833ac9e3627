/** What the intent log asks of the pool that it is of. */
import type { BatchPlace } from '../space/block-space.ts';
import type { LogRing } from './log-ring.ts';

export interface IntentLogOptions {
  readonly ring: LogRing;
  /** Where an open batch begins. */
  batchPlace(batch: number): BatchPlace;
  /** Stored bytes that are still in memory. */
  readonly peek: (words: Uint32Array, at: number) => Uint8Array | undefined;
  /** Sends all open rows now; resolves when everything that was appended so far is durable. */
  readonly flushData: () => Promise<void>;
  /** Notes how far these volumes are; what it answers is called when that is durable. */
  capture(slots: ReadonlySet<number>): () => void;
  /** The root that the log follows. */
  readonly durableTxg: () => number;
  /** The ring took a group no more: another one for the log; undefined: there is none. */
  elsewhere(): LogRing | undefined;
  /** The ring fills up, or the log moves: a checkpoint should begin soon. */
  wantCheckpoint(): void;
  /** Nothing more becomes durable. Called once. */
  onFailure(error: Error): void;
}
