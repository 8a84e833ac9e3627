/** Commands that have begun and have no outcome yet. */
import type { Nexus } from '../../target/scsi/nexus.ts';
import type { SimProcess } from './sim-process.ts';
import { hold } from './sim-truth.ts';

/** Reads and flushes. */
const lockless: ReadonlySet<number> = new Set([0x28, 0x88, 0x35, 0x91]);

export interface Running {
  readonly nexus: Nexus;
  readonly what: string;
  readonly startedMs: number;
  readonly isOrdered: boolean;
  /** It may wait for blocks that others have to themselves. */
  readonly waits: boolean;
  isAborted: boolean;
  end: Promise<unknown>;
}

export class RunningCommands {
  readonly #process: SimProcess;
  readonly #running = new Set<Running>();
  /** When an ordered command was last seen. */
  #orderedMs = -Infinity;

  constructor(process: SimProcess) {
    this.#process = process;
  }

  get nowMs(): number {
    return this.#process.nowMs;
  }

  /** The oldest one. */
  get first(): Running | undefined {
    const [first] = this.#running;
    return first;
  }

  begin(nexus: Nexus, cdb: readonly number[], isOrdered: boolean, end: Promise<unknown>): Running {
    const one: Running = {
      isOrdered,
      waits: !lockless.has(cdb[0] ?? 0),
      nexus,
      what: `command ${cdb.join(' ')}`,
      startedMs: this.#process.nowMs,
      isAborted: false,
      end,
    };
    this.#running.add(one);
    return one;
  }

  done(one: Running): void {
    this.#running.delete(one);
  }

  /** Settles when none of them touches the volume any more; nobody is answered. */
  async end(which: (one: Running) => boolean): Promise<void> {
    const ending = [...this.#running].filter(which);
    for (const one of ending) one.isAborted = true;
    await Promise.all(ending.map(({ end }) => end));
  }

  /** Throws Violation when a command has had no outcome for too long. */
  check(quorumWaitMs: number): void {
    if (this.#process.paused || !this.#process.alive) return;
    const patienceMs = 2 * quorumWaitMs;
    // Who waits for others (an ordered command, blocks that are compared and written) has their patience besides its own.
    const simple = [...this.#running].filter(({ waits }) => !waits);
    if ([...this.#running].some(({ isOrdered }) => isOrdered)) this.#orderedMs = this.#process.nowMs;
    for (const { startedMs, what } of simple) {
      const waitedMs = this.#process.nowMs - Math.max(startedMs, this.#orderedMs);
      hold(waitedMs < patienceMs, `R16: ${what} has had no outcome for ${Math.round(waitedMs)} ms`);
    }
  }
}
