/** How much room targets are told of: they stop accepting data while there is still some for what they have accepted. */
import type { Pool } from './engine/pool.ts';
import type { ReplicaHost } from './replica-server-host.ts';

const everyMs = 250;
/** What targets may have accepted and not sent yet, and some. */
const lowBytesMax = 128 * 2 ** 20;

export class SpaceWatch {
  readonly #pool: Pool;
  #low = false;
  #lookedAtMs = -Infinity;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Tells the hosts, four times a second at most. */
  look(nowMs: number, hosts: Iterable<ReplicaHost>): void {
    if (nowMs - this.#lookedAtMs < everyMs) return;
    this.#lookedAtMs = nowMs;
    const { freeBytes, totalBytes } = this.#pool.status();
    const marginBytes = Math.min(lowBytesMax, totalBytes / 8);
    this.#low = freeBytes < (this.#low ? marginBytes * 1.25 : marginBytes);
    const lowBytes = Math.ceil(marginBytes / 2 ** 20) * 2 ** 20;
    for (const host of hosts) host.setSpace(this.#low, { freeBytes, lowBytes });
  }
}
