/** Every duration and bound of replication, with its default. Tests and simulations give others; users do not. */
export interface Timing {
  /** D of R27: for so long a grant runs. Bounds the fail-over after a sudden death. */
  readonly leaseMs: number;
  readonly renewMs: number;
  /** By how much two monotonic clocks may run apart, as a part of elapsed time. */
  readonly driftBound: number;
  /** R5: how long a recovery waits for replicas that have not crashed. */
  readonly cleanWaitMs: number;
  /** How long a recovery that has enough replicas waits for those that are about to connect or to answer. */
  readonly settleMs: number;
  /** R16: how long a request waits for a quorum before the initiator hears BUSY. */
  readonly quorumWaitMs: number;
  /** A replica makes what it has received durable at least this often. */
  readonly commitMs: number;
  /** After so long without an entry, all being durable, a replica notes that it has nothing to lose in a crash. */
  readonly idleMs: number;
  /** A link on which nothing arrives for so long is dead. */
  readonly silenceMsMax: number;
  readonly pingMs: number;
  /** R17: a replica that has not received an entry after so long, while a quorum has, is detached. */
  readonly latencyMsMax: number;
  /** R17: a replica sent away for being slow is left out for twice this, then four times, at most `holdBackMsMax`. */
  readonly holdBackMs: number;
  readonly holdBackMsMax: number;
  /** R17: bytes of recent entries that the target keeps. */
  readonly windowBytesMax: number;
  /** Bytes of entries sent on one link and not yet received. */
  readonly linkBytesMax: number;
  /** R9: how far a new epoch begins above everything reported, and a target stays within of its last flush. */
  readonly numberJump: number;
  /** Bytes of block data in one answer to a copy request. */
  readonly copyBytesMax: number;
  /** Extents in one copy request or answer. */
  readonly extentsMax: number;
  /** Extents in a list of what was born, which a batch of copying is made of; 0: none are asked for. */
  readonly listMax: number;
  /** Extents in one answer of such a list: users' writes wait while either end works on one. */
  readonly listPartMax: number;
  /** Blocks whose content is compared as one in the proof of R25. */
  readonly groupBlocks: number;
  /** How often the rate of rebuilds is looked at, with which it begins, and its bounds, all rebuilds of the volume together. */
  readonly paceMs: number;
  readonly paceBytesFirst: number;
  readonly paceBytesMin: number;
  readonly paceBytesMax: number;
  /** How often a rebuilding replica notes its progress. */
  readonly progressMs: number;
  /** How soon something that was not ready is asked again. */
  readonly retryMs: number;
}

export const defaultTiming: Timing = {
  leaseMs: 3_000,
  renewMs: 500,
  driftBound: 0.01,
  cleanWaitMs: 30_000,
  settleMs: 300,
  quorumWaitMs: 20_000,
  commitMs: 2_000,
  idleMs: 5_000,
  silenceMsMax: 8_000,
  pingMs: 1_000,
  latencyMsMax: 15_000,
  holdBackMs: 1_000,
  holdBackMsMax: 60_000,
  windowBytesMax: 64 * 2 ** 20,
  linkBytesMax: 8 * 2 ** 20,
  numberJump: 2 ** 20,
  copyBytesMax: 2 ** 20,
  extentsMax: 1_024,
  listMax: 65_536,
  listPartMax: 4_096,
  groupBlocks: 1_024,
  paceMs: 250,
  paceBytesFirst: 4 * 2 ** 20,
  paceBytesMin: 8 * 2 ** 20,
  paceBytesMax: 4 * 2 ** 30,
  progressMs: 1_000,
  retryMs: 100,
};
