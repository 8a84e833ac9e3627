/** Answers that may not be given yet: they are offered again until the target may. */

/** How often. */
const pollMs = 10;

interface Held {
  flush(): void;
}

export class HeldAnswers {
  #held = new Set<Held>();
  #timer: NodeJS.Timeout | undefined;

  /** It is flushed until it is not added again. */
  add(outbox: Held): void {
    this.#held.add(outbox);
    this.#timer ??= setInterval(() => this.#offer(), pollMs);
  }

  delete(outbox: Held): void {
    this.#held.delete(outbox);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #offer(): void {
    const held = this.#held;
    this.#held = new Set();
    for (const outbox of held) outbox.flush();
    if (this.#held.size === 0) this.stop();
  }
}
