/** When to look again: regularly, soon after a device node came or went, soon after somebody changed a BlockDevice. */
import { watch, type FSWatcher } from 'node:fs';
import type { Log } from '../shared/log.ts';

export interface RescanOptions {
  readonly everyMs: number;
  /** Least time between two passes: a burst of changes is one. */
  readonly gapMs: number;
  /** `/dev`: the kernel makes and removes a node for each device (devtmpfs). */
  readonly folder: string;
  readonly pass: () => Promise<void>;
  readonly log: Log;
}

export class Rescan {
  readonly #options: RescanOptions;
  readonly #stopped = new AbortController();
  #wake: (() => void) | undefined;
  #asked = false;
  #watcher: FSWatcher | undefined;
  #running: Promise<void> | undefined;

  constructor(options: RescanOptions) {
    this.#options = options;
  }

  start(): void {
    try {
      this.#watcher = watch(this.#options.folder, (event) => {
        if (event === 'rename') this.ask();
      });
      this.#watcher.on('error', (error) => this.#noWatch(error));
    } catch (error) {
      this.#noWatch(error as Error);
    }
    this.#running = this.#run();
  }

  /** Asks for a pass soon. */
  ask(): void {
    this.#asked = true;
    this.#wake?.();
  }

  /** Resolves when no pass runs any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#watcher?.close();
    this.#wake?.();
    await this.#running;
  }

  /** Devices are then found by the regular pass alone. */
  #noWatch(error: Error): void {
    this.#options.log.info('changes of the device folder are not seen at once', { reason: error.message });
  }

  async #run(): Promise<void> {
    const { everyMs, gapMs, pass } = this.#options;
    while (!this.#stopped.signal.aborted) {
      this.#asked = false;
      await pass();
      await this.#sleep(gapMs, () => false);
      await this.#sleep(everyMs - gapMs, () => this.#asked);
    }
  }

  #sleep(ms: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      if (isOver() || this.#stopped.signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#wake = () => {
        if (isOver() || this.#stopped.signal.aborted) end();
      };
    });
  }
}
