/**
 * Virtual time: what is to happen, in the order of its time; equal times in the order of asking. Where promises are part
 * of the world, whatever they do without waiting for virtual time belongs to the event that settled the first of them.
 */
export class Scheduler {
  nowMs = 0;
  readonly #hasPromises: boolean;
  #failure: { readonly error: unknown } | undefined;
  /** A binary heap by (time, order). */
  readonly #heap: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;

  constructor(options: { readonly hasPromises: boolean }) {
    this.#hasPromises = options.hasPromises;
  }

  /** What went wrong where nobody waits: the run ends with it. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** For promises that only the run as a whole waits for. */
  watch(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => this.fail(error));
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  /** At exactly this time: now and what is left until then, added up, may come to a little more or less. */
  at(atMs: number, run: () => void): void {
    this.#order += 1;
    this.#heap.push({ atMs, order: this.#order, run });
    this.#up(this.#heap.length - 1);
  }

  /** Runs what is due until `untilMs`. */
  async run(untilMs: number): Promise<void> {
    for (let first = this.#heap[0]; first && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#pop();
      this.nowMs = first.atMs;
      first.run();
      if (this.#hasPromises) await turn();
      if (this.#failure) throw this.#failure.error;
    }
    this.nowMs = untilMs;
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (!x || !y) return false;
    return x.atMs < y.atMs || (x.atMs === y.atMs && x.order < y.order);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x && y) [this.#heap[a], this.#heap[b]] = [y, x];
  }

  #up(start: number): void {
    for (let i = start; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (this.#heap.length === 0 || !last) return;
    this.#heap[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (this.#before(child, least)) least = child;
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }
}

/** Resolves when promises that need no outside event are settled. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
