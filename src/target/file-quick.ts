/**
 * Reads and writes of a file within the call: what the system has in memory is moved at once, without a thread that it would
 * have to wake. One that took long had to wait for a disk: for a while others are not made to wait for the next one.
 */
import { readSync, writeSync } from 'node:fs';
import { problemFrom } from './file-io.ts';
import type { QuickAnswer, QuickVolume, VolumeError, VolumeProblem } from './volume.ts';

const quickMsMax = 1;
const slowForMs = 50;
/** Up to here reads share one buffer. */
const scratchBytes = 1 << 20;

export class FileQuick implements QuickVolume {
  readonly #fd: number;
  readonly #writeDurably: (offsetBytes: number, data: Uint8Array) => Promise<void>;
  readonly #scratch = new Uint8Array(new ArrayBuffer(scratchBytes));
  /** Where the last read went: one of the same length goes there too. */
  #room = this.#scratch;
  #beganMs = 0;
  #slowUntilMs = 0;

  constructor(fd: number, writeDurably: (offsetBytes: number, data: Uint8Array) => Promise<void>) {
    this.#fd = fd;
    this.#writeDurably = writeDurably;
  }

  /** To be asked immediately before each read and write. */
  mayBegin(): boolean {
    this.#beganMs = performance.now();
    return this.#beganMs >= this.#slowUntilMs;
  }

  read(offsetBytes: number, lengthBytes: number, answer: QuickAnswer): void {
    if (this.#room.byteLength !== lengthBytes) this.#room = this.#roomFor(lengthBytes);
    const data = this.#room;
    let problem: VolumeError | undefined;
    try {
      let at = 0;
      for (let bytes = 1; at < lengthBytes && bytes > 0; at += bytes)
        bytes = readSync(this.#fd, data, at, lengthBytes - at, offsetBytes + at);
      if (at < lengthBytes) data.fill(0, at); // past what was ever written
    } catch (error) {
      problem = problemFrom('unreadable', error);
    }
    this.#ended();
    answer.quickDone(problem, problem === undefined ? data : undefined);
  }

  write(offsetBytes: number, data: Uint8Array, answer: QuickAnswer, fua?: string): void {
    if (fua !== undefined) return this.#writeThrough(offsetBytes, new Uint8Array(data), answer);
    let problem: VolumeError | undefined;
    try {
      for (let at = 0; at < data.byteLength;)
        at += writeSync(this.#fd, data, at, data.byteLength - at, offsetBytes + at);
    } catch (error) {
      problem = problemFrom('noSpace', error);
    }
    this.#ended();
    answer.quickDone(problem, undefined);
  }

  #roomFor(bytes: number): Uint8Array<ArrayBuffer> {
    return bytes <= scratchBytes ? this.#scratch.subarray(0, bytes) : new Uint8Array(bytes);
  }

  #writeThrough(offsetBytes: number, data: Uint8Array, answer: QuickAnswer): void {
    const failed: VolumeProblem = 'unflushedWritesLost';
    this.#writeDurably(offsetBytes, data).then(
      () => answer.quickDone(undefined, undefined),
      (error: unknown) => answer.quickDone(problemFrom(failed, error), undefined),
    );
  }

  #ended(): void {
    const nowMs = performance.now();
    if (nowMs - this.#beganMs > quickMsMax) this.#slowUntilMs = nowMs + slowForMs;
  }
}
