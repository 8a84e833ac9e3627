import type { TurnLimits } from './fair-queue.ts';

/** Bounds of an open pool. Tests make them small. */
export interface EngineLimits {
  /** Changes that are in no tree yet before a checkpoint begins; `room` waits at twice as many. */
  readonly deltasMax: number;
  /** A checkpoint begins when something has changed for so long. */
  readonly checkpointEveryMs: number;
  readonly nodeCacheBytesMax: number;
  /** Blocks that are read again and again; 0: none. */
  readonly blockCacheBytesMax: number;
  /** Nodes of deleted snapshots and volumes that one checkpoint takes apart. */
  readonly freeingNodesPerCheckpoint: number;
  /** What reads of all volumes have under way for each device; more wait for their turn (fair-queue.ts). */
  readonly reading: TurnLimits;
}

export const defaultLimits: EngineLimits = {
  deltasMax: 512 * 1024,
  checkpointEveryMs: 5_000,
  nodeCacheBytesMax: 64 * 2 ** 20,
  blockCacheBytesMax: 32 * 2 ** 20,
  freeingNodesPerCheckpoint: 4_096,
  reading: { requests: 32, bytes: 8 * 2 ** 20, sharedBytes: 512 * 1024 },
};
