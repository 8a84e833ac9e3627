/** What a rebuild may copy: so many bytes a second, given out as time goes by, and not saved up. */
export class Budget {
  /** 0: without bound. */
  #bytesPerSecond = 0;
  #bytes = 0;
  #atMs: number | undefined;
  /** What may be copied at once after a pause. */
  readonly #burstMs: number;

  constructor(options: { readonly burstMs: number }) {
    this.#burstMs = options.burstMs;
  }

  set(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** What the rate gives in so long. */
  within(ms: number): number {
    return this.#bytesPerSecond === 0 ? Infinity : (this.#bytesPerSecond * ms) / 1_000;
  }

  /** Whether more may be copied now. What is spent may be more than there was: then the next one waits longer. */
  allows(nowMs: number): boolean {
    if (this.#bytesPerSecond === 0) return true;
    const passedMs = Math.min(nowMs - (this.#atMs ?? nowMs - this.#burstMs), this.#burstMs);
    this.#atMs = nowMs;
    const burst = (this.#bytesPerSecond * this.#burstMs) / 1_000;
    this.#bytes = Math.min(this.#bytes + (this.#bytesPerSecond * passedMs) / 1_000, burst);
    return this.#bytes > 0;
  }

  /** Negative: what was spent in advance and not needed. Answers what it was charged with. */
  spend(bytes: number): number {
    if (this.#bytesPerSecond === 0) return 0;
    this.#bytes -= bytes;
    return bytes;
  }
}
