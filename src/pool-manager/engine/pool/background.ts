/**
 * Work on devices that goes on beside users: a device is copied to, everything is scrubbed. One segment at a time, the
 * resilver first; after each piece it rests, so that users have their share of the time.
 */
import type { Clock } from '../../../shared/clock.ts';

/** Segments between two roots that keep how far it got. */
const rootEvery = 64;

export interface BackgroundTask {
  readonly isNeeded: boolean;
  /** Part of the time that it may take, in per cent, 1 to 100. */
  readonly sharePercent: number;
  /** A piece; answers whether there is more. */
  step(): Promise<boolean>;
}

export interface BackgroundOptions {
  /** In the order of their importance. */
  readonly tasks: readonly BackgroundTask[];
  readonly clock: Clock;
  pause(): Promise<void>;
  /** How far it got should be kept. */
  wantCheckpoint(): void;
  onFailure(error: Error): void;
}

export class Background {
  readonly #options: BackgroundOptions;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #cancelRest: () => void = () => undefined;

  constructor(options: BackgroundOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Something may have to be done. */
  kick(): void {
    if (this.#isStopped || this.#running !== undefined) return;
    this.#running = this.#run().catch((error: unknown) => {
      this.#isStopped = true;
      this.#options.onFailure(error instanceof Error ? error : new Error(String(error)));
    });
    void this.#running.then(() => (this.#running = undefined));
  }

  /** Resolves when the piece under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRest();
    await this.#running;
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    const { tasks, clock } = this.#options;
    for (let pieces = 1; !this.#isStopped; pieces++) {
      const task = tasks.find(({ isNeeded }) => isNeeded);
      if (task === undefined) return;
      const begunMs = clock.nowMs();
      const hasMore = await task.step();
      if (!hasMore || pieces % rootEvery === 0) this.#options.wantCheckpoint();
      await this.#rest((clock.nowMs() - begunMs) * (100 / task.sharePercent - 1));
    }
  }

  async #rest(ms: number): Promise<void> {
    if (ms <= 0 || this.#isStopped) {
      await this.#options.pause();
      return;
    }
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#cancelRest = () => {
        cancel();
        resolve();
      };
    });
  }
}
