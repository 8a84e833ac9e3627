/** What ended sessions still have running, by initiator: its next session waits for that before it runs anything. */
export class Leftovers {
  readonly #running = new Map<string, Set<Promise<unknown>>>();

  /** `idle` settles when nothing of the ended session runs any more. */
  add(initiator: string, idle: Promise<unknown>): void {
    const running = this.#running.get(initiator) ?? new Set();
    this.#running.set(initiator, running.add(idle));
    void idle.then(() => {
      running.delete(idle);
      if (running.size === 0 && this.#running.get(initiator) === running) this.#running.delete(initiator);
    });
  }

  /** Undefined: nothing runs. */
  of(initiator: string): Promise<unknown> | undefined {
    const running = this.#running.get(initiator);
    return running === undefined ? undefined : Promise.all(running);
  }
}
