/**
 * Gives ranges back to what is below a device: holes in a file, TRIM on a block device. Node has no call for either, so
 * util-linux's `fallocate` and `blkdiscard` do it on a descriptor they inherit. Starting a process costs milliseconds of
 * ours: there are two in a second at most, and ranges that wait meanwhile and touch each other go together.
 *
 * It is a hint: what does not fit into the queue is not given back, and a device that can not do it is asked once.
 */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** Ranges that wait, and may not be written meanwhile. */
const queueMax = 8;
/** Between the beginnings of two processes. */
const paceMs = 500;
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
  #running: Promise<void> | undefined;
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
      this.#running ??= this.#run().finally(() => (this.#running = undefined));
    });
  }

  /** What waits is not given back any more; resolves when the descriptor is not used. */
  async close(): Promise<void> {
    this.unsupported ??= 'the device is closed';
    for (const { done } of this.#queue.splice(0)) done();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const ranges = this.#takeNeighbours();
      const first = ranges[0];
      const last = ranges.at(-1);
      const pace = delay(paceMs, undefined, { ref: false });
      if (first !== undefined && last !== undefined && this.unsupported === undefined)
        this.unsupported = await this.#giveBack(
          first.offsetBytes,
          last.offsetBytes + last.lengthBytes - first.offsetBytes,
        );
      for (const { done } of ranges) done();
      if (this.#queue.length > 0) await pace;
    }
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
