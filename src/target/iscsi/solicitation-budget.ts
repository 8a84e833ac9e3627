/** Bounds the data that is asked for at a time, over all writes of a session: first come, first served. */
import type { Task } from './task.ts';

export class SolicitationBudget {
  readonly #bytesMax: number;
  /** Writes that ask for data now, with what they take of the budget. */
  readonly #asking = new Map<Task, number>();
  readonly #waiting = new Map<Task, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether this write may ask for its data. */
  has(task: Task): boolean {
    return this.#asking.has(task);
  }

  /** Queues a write that collects `bytes` in all. */
  want(task: Task, bytes: number): void {
    this.#waiting.set(task, bytes);
  }

  /** The writes for which there is room now; one may always go on, however large. */
  admit(): readonly Task[] {
    const admitted: Task[] = [];
    for (const [task, bytes] of this.#waiting) {
      if (this.#asking.size > 0 && this.#bytes + bytes > this.#bytesMax) break;
      this.#waiting.delete(task);
      this.#asking.set(task, bytes);
      this.#bytes += bytes;
      admitted.push(task);
    }
    return admitted;
  }

  /** The write has its data, or is given up. */
  leave(task: Task): void {
    this.#waiting.delete(task);
    this.#bytes -= this.#asking.get(task) ?? 0;
    this.#asking.delete(task);
  }
}
