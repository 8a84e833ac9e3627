/** How much room targets are told of: they stop accepting data while there is still some for what they have accepted. */
import type { PoolRoom } from '../replication/messages.ts';
import type { PoolStatus } from './engine/pool.ts';

const everyMs = 250;
/** What targets may have accepted and not sent yet, and some. */
const lowBytesMax = 128 * 2 ** 20;
/** A device may take more in 250 ms than is kept for what is on its way: the part of that after which is looked again. */
const looksPerMargin = 8;

interface Watched {
  status(): Pick<PoolStatus, 'totalBytes' | 'writableBytes'>;
}

/** A replica, which tells its target. */
interface Told {
  setSpace(low: boolean, room: PoolRoom): void;
}

export class SpaceWatch {
  readonly #pool: Watched;
  #low = false;
  #lookedAtMs = -Infinity;
  /** Taken in since that look, and after how much more there is another one. */
  #takenBytes = 0;
  #lookAfterBytes = 0;

  constructor(pool: Watched) {
    this.#pool = pool;
  }

  /** Tells the hosts, four times a second at most. */
  look(nowMs: number, hosts: Iterable<Told>): void {
    if (nowMs - this.#lookedAtMs < everyMs) return;
    this.#look(nowMs, hosts);
  }

  /** So much data was taken in: tells the hosts as often as that takes. */
  took(bytes: number, nowMs: number, hosts: () => Iterable<Told>): void {
    this.#takenBytes += bytes;
    if (this.#takenBytes >= this.#lookAfterBytes) this.#look(nowMs, hosts());
  }

  #look(nowMs: number, hosts: Iterable<Told>): void {
    this.#lookedAtMs = nowMs;
    this.#takenBytes = 0;
    const { writableBytes: freeBytes, totalBytes } = this.#pool.status();
    const marginBytes = Math.min(lowBytesMax, totalBytes / 8);
    this.#lookAfterBytes = marginBytes / looksPerMargin;
    this.#low = freeBytes < (this.#low ? marginBytes * 1.25 : marginBytes);
    const lowBytes = Math.ceil(marginBytes / 2 ** 20) * 2 ** 20;
    for (const host of hosts) host.setSpace(this.#low, { freeBytes, lowBytes });
  }
}
