/**
 * Back-pressure: whoever wants to write waits here while the pool has more than it can take, one queue per volume,
 * served in turn. A write may follow each answer, so after one the state is looked at anew.
 */
import type { Clock } from '../../../shared/clock.ts';

export interface WriteRoomOptions {
  /** Whether more can be taken in, or why not: `soon` will end by itself and calls `changed`. */
  state(): 'open' | 'soon';
  /** Lets the event loop turn; whoever was answered writes meanwhile. */
  pause(): Promise<void>;
  readonly clock: Clock;
}

/** Whoever asks again within this time is on a run of writes, and a run lets the event loop turn after a while. */
const runGapMs = 1;
const runMs = 2;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class WriteRoom {
  readonly #options: WriteRoomOptions;
  /** In the order in which they are served. */
  readonly #queues = new Map<number, Waiting[]>();
  #isServing = false;
  #askedMs = -Infinity;
  #runBeganMs = -Infinity;
  #failure: Error | undefined;

  constructor(options: WriteRoomOptions) {
    this.#options = options;
  }

  /** Nobody waits, and who asks now need not. */
  get isOpen(): boolean {
    return this.#queues.size === 0 && this.#options.state() === 'open';
  }

  /** Resolves when volume `slot` may write; rejects once the pool has failed. */
  async wait(slot: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.isOpen) {
      const hasPaused = await this.#turn();
      if (!hasPaused || this.#options.state() === 'open') return; // the cleaner may have taken what there was
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const queue = this.#queues.get(slot) ?? [];
    this.#queues.set(slot, queue);
    queue.push({ resolve, reject });
    this.changed();
    await promise;
  }

  /** The state may have become another. */
  changed(): void {
    if (this.#isServing || this.#queues.size === 0) return;
    this.#isServing = true;
    void this.#serve();
  }

  fail(error: Error): void {
    this.#failure = error;
    for (const queue of this.#queues.values()) for (const { reject } of queue) reject(error);
    this.#queues.clear();
  }

  /** Whether others had their turn. */
  async #turn(): Promise<boolean> {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#askedMs > runGapMs) this.#runBeganMs = nowMs;
    this.#askedMs = nowMs;
    if (nowMs - this.#runBeganMs < runMs) return false;
    await this.#options.pause();
    this.#askedMs = this.#runBeganMs = this.#options.clock.nowMs();
    if (this.#failure !== undefined) throw this.#failure;
    return true;
  }

  async #serve(): Promise<void> {
    while (this.#queues.size > 0 && this.#options.state() === 'open') {
      const [first] = this.#queues;
      if (first === undefined) break;
      const [slot, queue] = first;
      this.#queues.delete(slot);
      queue.shift()?.resolve();
      if (queue.length > 0) this.#queues.set(slot, queue);
      await this.#options.pause();
    }
    this.#isServing = false;
  }
}
