/** Compares the replicas of a volume, when asked and every so often, and writes anew what differs. */
import type { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { BlockRange } from '../replication/copy.ts';
import type { Log } from '../shared/log.ts';
import type { CoordinatedVolume } from './coordinated-volume.ts';
import { VolumeError } from './volume.ts';

interface VolumeScrubOptions {
  readonly coordinator: Pick<Coordinator, 'scrub'>;
  readonly volume: Pick<CoordinatedVolume, 'mend'>;
  readonly log: Log;
  /** The volume was opened then. */
  readonly nowMs: number;
}

export class VolumeScrub {
  /** One begins by itself so long after the one before, or after the start; undefined: never. */
  intervalMs: number | undefined;
  readonly #o: VolumeScrubOptions;
  #begunAtMs: number;

  constructor(options: VolumeScrubOptions) {
    this.#o = options;
    this.#begunAtMs = options.nowMs;
  }

  /** One that runs goes on. */
  start(nowMs: number): void {
    this.#begunAtMs = nowMs;
    this.#o.log.info('the replicas are compared');
    this.#o.coordinator.scrub((range, from, done) => void this.#mend(range, from, done));
  }

  tick(nowMs: number): void {
    if (nowMs - this.#begunAtMs >= (this.intervalMs ?? Infinity)) this.start(nowMs);
  }

  async #mend(range: BlockRange, from: string, done: (mended: boolean) => void): Promise<void> {
    const { log, volume } = this.#o;
    log.error('replicas differ: blocks are written anew', { ...range, from });
    try {
      await volume.mend(range, from);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      log.error('blocks could not be written anew', { ...range, from, reason: error.message });
      return done(false);
    }
    return done(true);
  }
}
