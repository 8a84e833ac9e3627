/** Bounds the data of commands that run at a time, over all sessions. */
export class Admission {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Those who were refused; called once when something has left. */
  readonly #waiting = new Set<() => void>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** True: `bytes` are taken until `leave`. Else `retry` is called when there may be room. */
  enter(bytes: number, mustEnter: boolean, retry: () => void): boolean {
    if (!mustEnter && this.#bytes + bytes > this.#bytesMax) {
      this.#waiting.add(retry);
      return false;
    }
    this.#bytes += bytes;
    return true;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#bytesMax;
  }

  /** Takes `bytes` for which there is room, until `leave`. */
  take(bytes: number): void {
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const retry of waiting) retry();
  }
}
