/**
 * Gives ranges back to what is below a device: holes in a file, TRIM on a block device. Node has no call for either, so
 * util-linux's `fallocate` and `blkdiscard` do it on a descriptor they inherit. Starting a process costs a large one
 * milliseconds: so one small shell per device starts them, two in a second at most, and ranges that wait meanwhile and
 * touch each other go together.
 *
 * It is a hint: what does not fit into the queue is not given back, and a device that can not do it is asked once.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
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
  #shell: ChildProcess | undefined;
  #answered: (line: string) => void = () => undefined;
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
    const shell = this.#shell;
    if (shell === undefined) return;
    shell.ref(); // its pipes may end before the process is known to have ended, and nothing else keeps ours
    const ended = new Promise<void>((resolve) => void shell.once('close', () => resolve()));
    shell.stdin?.end();
    await ended;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const ranges = this.#takeNeighbours();
      const first = ranges[0];
      const last = ranges.at(-1);
      const nextMs = performance.now() + paceMs;
      if (first !== undefined && last !== undefined && this.unsupported === undefined)
        this.unsupported = await this.#giveBack(
          first.offsetBytes,
          last.offsetBytes + last.lengthBytes - first.offsetBytes,
        );
      for (const { done } of ranges) done();
      if (this.#queue.length > 0) await delay(Math.max(0, nextMs - performance.now())); // somebody waits: the process stays
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
  async #giveBack(offsetBytes: number, lengthBytes: number): Promise<string | undefined> {
    const shell = (this.#shell ??= this.#start());
    const answer = new Promise<string>((resolve) => {
      this.#answered = resolve;
    });
    const timer = setTimeout(() => shell.kill('SIGKILL'), timeoutMs);
    shell.stdin?.write(`${offsetBytes} ${lengthBytes}\n`);
    const text = await answer;
    clearTimeout(timer);
    return text === 'ok' ? undefined : text;
  }

  /** One line with offset and length in, one line with `ok` or the reason out. */
  #start(): ChildProcess {
    const tool = this.#isBlockDevice
      ? ['blkdiscard', '--force'] // we hold it exclusively ourselves
      : ['fallocate', '--punch-hole'];
    const shell = spawn('sh', ['-c', script, ...tool], {
      stdio: ['pipe', 'pipe', 'ignore', this.#descriptor],
    });
    let line = '';
    shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      line += text;
      if (line.endsWith('\n')) this.#answered(line.trim());
      if (line.endsWith('\n')) line = '';
    });
    shell.stdin?.on('error', () => undefined); // its end says it
    shell.on('error', (error) => this.#answered(error.message));
    shell.on('close', (status, signal) => {
      this.#shell = undefined;
      this.#answered(`${tool[0]} ended with ${status ?? signal}`);
    });
    shell.unref();
    return shell;
  }
}

/** $0 is the program, $1 its option. */
const script = `while read -r offset length; do
  if why=$("$0" "$1" --offset "$offset" --length "$length" /proc/self/fd/3 2>&1); then echo ok
  else echo "\${why:-$0 failed}" | tr '\\n' ' '; echo; fi
done`;
