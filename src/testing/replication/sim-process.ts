/** A simulated process: it has a clock of its own, may stand still, and dies for good. */
import type { Scheduler } from './sim-scheduler.ts';

export class SimProcess {
  alive = true;
  /** Milliseconds of its clock per millisecond of the world. */
  readonly #rate: number;
  readonly #scheduler: Scheduler;
  #pausedUntilMs = 0;
  /** For so long its clock stood still, too. */
  #frozenMs = 0;
  #queue: (() => void)[] = [];

  constructor(scheduler: Scheduler, rate: number) {
    this.#scheduler = scheduler;
    this.#rate = rate;
  }

  get nowMs(): number {
    return (this.#scheduler.nowMs - this.#frozenMs) * this.#rate;
  }

  get paused(): boolean {
    return this.#scheduler.nowMs < this.#pausedUntilMs;
  }

  pause(forMs: number): void {
    const { nowMs } = this.#scheduler;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + forMs);
    this.#scheduler.after(forMs, () => this.#resume());
  }

  /** The whole machine stands still, its clock with it. */
  freeze(forMs: number): void {
    if (this.paused) return;
    this.pause(forMs);
    this.#frozenMs += forMs;
  }

  wake(): void {
    this.#pausedUntilMs = 0;
    this.#resume();
  }

  /** Runs `task` now, or in its turn when the process goes on; never after its death. */
  run(task: () => void): void {
    if (!this.alive) return;
    if (this.paused || this.#queue.length > 0) this.#queue.push(task);
    else task();
  }

  /** Calls `task` every so often; while the process stands still that is one call late. */
  every(periodMs: number, firstMs: number, task: () => void): void {
    let due = false;
    const tick = (): void => {
      if (!this.alive) return;
      if (!due) {
        due = true;
        this.run(() => {
          due = false;
          task();
        });
      }
      this.#scheduler.after(periodMs, tick);
    };
    this.#scheduler.after(firstMs, tick);
  }

  #resume(): void {
    if (this.paused) return;
    const queue = this.#queue;
    this.#queue = [];
    for (const task of queue) this.run(task);
  }
}
