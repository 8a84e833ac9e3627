/** The room of a pool with a naive store: what is written takes some of it, and only who makes room gives any back. */

/** What its users may fill at all: targets are to stop an eighth of that before its end. */
const totalBytes = 8 * 2 ** 20;
/** More than any run can write. */
const plentyBytes = 2 ** 40;
/** Kept from users and from copies; what a target has numbered gets it. */
const lateBytes = 64 * 2 ** 10;

export class SimRoom {
  #leftBytes = plentyBytes;

  /** As the status of a pool has it. */
  status(): { readonly totalBytes: number; readonly writableBytes: number } {
    return { totalBytes, writableBytes: Math.max(0, this.#leftBytes - lateBytes) };
  }

  /** Throws NoSpaceError. */
  take(bytes: number, coming: 'numbered' | 'copied'): void {
    const mostBytes = coming === 'numbered' ? this.#leftBytes : this.status().writableBytes;
    if (bytes > mostBytes) throw Object.assign(new Error('full'), { name: 'NoSpaceError' });
    this.#leftBytes -= bytes;
  }

  /** Others fill it: no more than this is left for users. Answers how much they took. */
  leave(writableBytes: number): number {
    const before = this.#leftBytes;
    this.#leftBytes = Math.min(before, writableBytes + lateBytes);
    return before - this.#leftBytes;
  }

  /** Nothing fits any more, whatever has a number. */
  end(): void {
    this.#leftBytes = 0;
  }

  make(): void {
    this.#leftBytes = plentyBytes;
  }
}
