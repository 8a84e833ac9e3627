/**
 * The order in which commands of a task set may run (SAM-5 §8.2): simple ones side by side; an ordered one waits for all
 * before it and holds back all after it; head of queue waits for nobody.
 */
export const taskAttribute = { untagged: 0, simple: 1, ordered: 2, headOfQueue: 3 } as const;

export class TaskOrder {
  /** Ends of the commands that run or wait now. */
  readonly #open = new Set<Promise<unknown>>();
  /** The end of the newest ordered command that is not over. */
  #barrier: Promise<unknown> | undefined;

  /** Runs `start` when its turn comes: at once, within this call, unless an ordered command is concerned. */
  run<T>(attribute: number, start: () => Promise<T>): Promise<T> {
    const ordered = attribute === taskAttribute.ordered;
    const before = this.#waitFor(attribute);
    const result = before === undefined ? start() : before.then(start);
    // Only the end matters here; the failure belongs to whoever awaits `result`.
    const end: Promise<void> = result.then(
      () => this.#ended(end),
      () => this.#ended(end),
    );
    this.#open.add(end);
    if (ordered) this.#barrier = end;
    return result;
  }

  #waitFor(attribute: number): Promise<unknown> | undefined {
    if (attribute === taskAttribute.headOfQueue) return undefined;
    if (attribute !== taskAttribute.ordered) return this.#barrier;
    return this.#open.size === 0 ? undefined : Promise.all(this.#open);
  }

  #ended(end: Promise<unknown>): void {
    this.#open.delete(end);
    if (this.#barrier === end) this.#barrier = undefined;
  }
}
