/**
 * When checkpoints are made: one at a time; whoever asks while one is under way gets the next one. Besides, one begins
 * by itself when something has changed for some seconds, and a few follow the last change, so that what is held for
 * older roots comes back.
 */
import { assert } from '../../../shared/assert.ts';
import type { Clock } from '../../../shared/clock.ts';

export interface CheckpointsOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /** Makes one. */
  run(clean: boolean): Promise<void>;
  /** Whether the next root would differ from the last one. */
  isDirty(): boolean;
  /** Nothing has changed for a while. */
  onIdle(): void;
  onFailure(error: Error): void;
}

interface Round {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** After the last change: what it freed is held for two roots. */
const idleRounds = 3;

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #next: Round | undefined;
  #isRunning = false;
  /** The last one is under way, or was made. */
  isFinishing = false;
  #failure: Error | undefined;
  #isAbandoned = false;
  #idleLeft = idleRounds;
  #cancelTimer: () => void = () => undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Starts the timer. */
  start(): void {
    this.#cancelTimer = this.#options.clock.after(this.#options.everyMs, () => {
      this.start();
      if (this.#options.isDirty()) this.#idleLeft = idleRounds;
      else this.#options.onIdle();
      if (this.#idleLeft-- <= 0) return;
      this.want();
    });
  }

  /** A checkpoint that cuts after now, or has been asked for already. */
  want(): void {
    if (this.isFinishing) return;
    this.after().catch(() => undefined); // whoever waits for it hears it; the failure is told besides
  }

  /** Resolves when a checkpoint is durable that was cut after now. */
  async after(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    assert(!this.isFinishing, 'nothing is asked of a pool that is being closed');
    this.#next ??= newRound();
    const { done } = this.#next;
    if (!this.#isRunning) void this.#run();
    await done;
  }

  /** Waits for what is under way and makes a last, clean one; none is made after that. */
  async finish(): Promise<void> {
    this.#cancelTimer();
    while (this.#isRunning) await this.after();
    if (this.#failure !== undefined) throw this.#failure;
    this.#isRunning = true; // nobody starts another one beside it, or later
    this.isFinishing = true;
    await this.#options.run(true);
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#cancelTimer();
    this.#next?.reject(error);
    this.#next = undefined;
  }

  /** None is made any more, and whoever waits is not answered. */
  abandon(error: Error): void {
    this.#failure = error;
    this.#isAbandoned = true;
    this.#cancelTimer();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let round = this.#next; round !== undefined && this.#failure === undefined; round = this.#next) {
      await Promise.resolve(); // who asks in the same run shares it
      this.#next = undefined;
      try {
        await this.#options.run(false);
        round.resolve();
      } catch (error) {
        if (this.#isAbandoned) return;
        const failure = error instanceof Error ? error : new Error(String(error));
        round.reject(failure);
        this.#options.onFailure(failure);
      }
    }
    this.#isRunning = false;
  }
}

function newRound(): Round {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  done.catch(() => undefined);
  return { done, resolve, reject };
}
