/**
 * Gives ranges back to what is below a device: holes in a file, TRIM on a block device. Node has no call for either, so
 * util-linux's `fallocate` and `blkdiscard` do it on a descriptor they inherit, one process at a time; ranges that wait meanwhile
 * and touch each other go together.
 *
 * It is a hint: what does not fit into the queue is not given back, and a device that can not do it is asked once.
 */
import { spawn } from 'node:child_process';

/** Ranges that wait. */
const queueMax = 1_024;
const timeoutMs = 10_000;

interface Range {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly done: () => void;
}

export class Discarder {
  readonly #descriptor: number;
  readonly #isBlockDevice: boolean;
  #queue: Range[] = [];
  #isRunning = false;
  readonly #idle: (() => void)[] = [];
  /** Why the device takes none, once that is known. */
  unsupported: string | undefined;

  constructor(descriptor: number, isBlockDevice: boolean) {
    this.#descriptor = descriptor;
    this.#isBlockDevice = isBlockDevice;
  }

  /** Resolves when the range may be written again: it was given back, or will not be. */
  async discard(offsetBytes: number, lengthBytes: number): Promise<void> {
    if (this.unsupported !== undefined || this.#queue.length >= queueMax) return;
    await new Promise<void>((done) => {
      this.#queue.push({ offsetBytes, lengthBytes, done });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Resolves when no range waits any more. */
  async drained(): Promise<void> {
    while (this.#isRunning) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      const ranges = this.#takeNeighbours();
      const first = ranges[0];
      const last = ranges.at(-1);
      if (first !== undefined && last !== undefined && this.unsupported === undefined)
        this.unsupported = await this.#giveBack(
          first.offsetBytes,
          last.offsetBytes + last.lengthBytes - first.offsetBytes,
        );
      for (const { done } of ranges) done();
    }
    this.#isRunning = false;
    for (const wake of this.#idle.splice(0)) wake();
  }

  /** The first range by place, and those that follow it without a gap. */
  #takeNeighbours(): readonly Range[] {
    const sorted = this.#queue.toSorted((a, b) => a.offsetBytes - b.offsetBytes);
    let count = 1;
    for (; count < sorted.length; count++) {
      const before = sorted[count - 1];
      if (before === undefined || before.offsetBytes + before.lengthBytes !== sorted[count]?.offsetBytes)
        break;
    }
    this.#queue = sorted.slice(count);
    return sorted.slice(0, count);
  }

  /** Answers why it can not be done. */
  #giveBack(offsetBytes: number, lengthBytes: number): Promise<string | undefined> {
    const range = ['--offset', `${offsetBytes}`, '--length', `${lengthBytes}`, '/proc/self/fd/3'];
    const [program, args] = this.#isBlockDevice
      ? ['blkdiscard', ['--force', ...range]] // we hold it exclusively ourselves
      : ['fallocate', ['--punch-hole', ...range]];
    return new Promise((resolve) => {
      const child = spawn(program, args, {
        stdio: ['ignore', 'ignore', 'pipe', this.#descriptor],
        timeout: timeoutMs,
      });
      let message = '';
      child.stderr
        ?.setEncoding('utf8')
        .on('data', (text: string) => (message = (message + text).slice(0, 500)));
      child.on('error', (error) => resolve(`${program}: ${error.message}`));
      child.on('close', (status, signal) =>
        resolve(status === 0 ? undefined : message.trim() || `${program} ended with ${status ?? signal}`),
      );
    });
  }
}
