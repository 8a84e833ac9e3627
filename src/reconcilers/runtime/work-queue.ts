/**
 * Names of objects that wait for a reconciler. Pure over a Clock.
 *
 *  - A name is in the queue once, however often it is added: only that something changed counts, never what.
 *  - A name that is being worked on is not handed out again; added meanwhile, it comes again afterwards.
 *  - A name may wait for a time (`addAfter`, `retry`); work on it, whatever the cause, ends the waiting.
 *
 * It is bounded by the number of objects there are.
 */
import type { Clock } from '../../shared/clock.ts';
import { backoffMs, type BackoffLimits, type Random } from './backoff.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: BackoffLimits;
  /** Called when there may be something to take. */
  readonly onReady: () => void;
}

export class WorkQueue {
  /** In the order of arrival. */
  readonly #ready = new Set<string>();
  readonly #working = new Set<string>();
  /** Added while it was worked on. */
  readonly #again = new Set<string>();
  readonly #waiting = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #options: WorkQueueOptions;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Names that could be taken now. */
  get depth(): number {
    return this.#ready.size;
  }
  get working(): number {
    return this.#working.size;
  }

  add(name: string): void {
    if (this.#closed) return;
    if (this.#working.has(name)) {
      this.#again.add(name);
      return;
    }
    this.#ready.add(name);
    this.#options.onReady();
  }

  /** Adds the name after a delay, unless it is to come earlier anyway. */
  addAfter(name: string, delayMs: number): void {
    if (this.#closed) return;
    const atMs = this.#options.clock.nowMs() + delayMs;
    const before = this.#waiting.get(name);
    if (before !== undefined && before.atMs <= atMs) return;
    before?.cancel();
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#waiting.delete(name);
      this.add(name);
    });
    this.#waiting.set(name, { atMs, cancel });
  }

  /** Adds the name after a delay that grows with each failure in a row; answers the delay. */
  retry(name: string): number {
    const failures = (this.#failures.get(name) ?? 0) + 1;
    this.#failures.set(name, failures);
    const delayMs = backoffMs(failures, this.#options.backoff, this.#options.random);
    this.addAfter(name, delayMs);
    return delayMs;
  }

  /** The work succeeded: the next failure is the first one. */
  forget(name: string): void {
    this.#failures.delete(name);
  }
  failures(name: string): number {
    return this.#failures.get(name) ?? 0;
  }

  /** The next name to work on; `done` must follow. Undefined: there is none now. */
  take(): string | undefined {
    if (this.#closed) return undefined;
    const [name] = this.#ready;
    if (name === undefined) return undefined;
    this.#ready.delete(name);
    this.#working.add(name);
    this.#waiting.get(name)?.cancel();
    this.#waiting.delete(name);
    return name;
  }

  done(name: string): void {
    this.#working.delete(name);
    if (this.#again.delete(name)) this.add(name);
  }

  /** Nothing is handed out any more. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#ready.clear();
    this.#again.clear();
  }
}
