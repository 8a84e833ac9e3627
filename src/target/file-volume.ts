/** A volume in one plain file, for trying a target and for comparing figures; the replicated volume is the real one. */
import { readSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { FileValues } from './file-values.ts';
import {
  VolumeError,
  type QuickAnswer,
  type QuickVolume,
  type Volume,
  type VolumeProblem,
  type WriteOptions,
} from './volume.ts';

/**
 * Opens or makes the file; it is sparse, and grown to `sizeBytes` where it is smaller. What may only be read is write
 * protected. A device has no place for what is to be remembered.
 */
export async function openFileVolume(path: string, sizeBytes: number): Promise<FileVolume> {
  const { file, readOnly } = await openForWriting(path);
  const stat = await file.stat();
  if (!stat.isFile()) return new FileVolume(file, sizeBytes, readOnly);
  if (stat.size < sizeBytes) await file.truncate(sizeBytes);
  return new KeptFileVolume(file, Math.max(stat.size, sizeBytes), readOnly, new FileValues(path));
}

const mayOnlyRead = new Set(['EACCES', 'EROFS', 'EPERM']);

async function openForWriting(path: string): Promise<{ file: FileHandle; readOnly: boolean }> {
  try {
    const made = await open(path, 'a+');
    await made.close();
    return { file: await open(path, 'r+'), readOnly: false };
  } catch (error) {
    if (error instanceof Error && 'code' in error && mayOnlyRead.has(String(error.code)))
      return { file: await open(path, 'r'), readOnly: true };
    throw error;
  }
}

/** Largest buffer of zeros that an unmap writes at a time: files have no portable way to punch a hole. */
const zeroBytesMax = 1 << 20;

/**
 * What the system has in memory is moved at once, without a thread that it would have to wake. A call that took longer than
 * this had to wait for a disk: for a while others are not made to wait for the next one.
 */
const quickMsMax = 1;
const slowForMs = 50;
/** Largest read and write that is tried so. */
const quickBytesMax = 1 << 20;

export class FileVolume implements Volume {
  readonly readOnly: boolean;
  readonly #file: FileHandle;
  readonly #scratch = Buffer.allocUnsafeSlow(quickBytesMax);
  #slowUntilMs = 0;
  readonly #quick: QuickVolume = {
    read: (offsetBytes, lengthBytes, answer) => this.#quickRead(offsetBytes, lengthBytes, answer),
    write: (offsetBytes, data, answer, fua) => this.#quickWrite(offsetBytes, data, answer, fua),
  };
  #sizeBytes: number;
  /** COMPARE AND WRITE must be one step against every other change: changes go one after the other behind it. */
  #exclusive: Promise<unknown> = Promise.resolve();
  #exclusiveWaiting = 0;
  readonly #changes = new Set<Promise<unknown>>();

  constructor(file: FileHandle, sizeBytes: number, readOnly: boolean) {
    this.readOnly = readOnly;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Changes that must be alone, and those under way, are waited for by the other way. */
  get quick(): QuickVolume | undefined {
    const isFree = this.#exclusiveWaiting === 0 && this.#changes.size === 0;
    return isFree && performance.now() >= this.#slowUntilMs ? this.#quick : undefined;
  }

  async grow(sizeBytes: number): Promise<void> {
    await this.#file.truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const data = new Uint8Array(lengthBytes);
    await problemOf('unreadable', this.#readWhole(data, offsetBytes));
    return data;
  }

  async write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    await this.#change(() => this.#writeWhole(data, offsetBytes));
    if (options?.fua === true) await this.flush();
  }

  unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#change(async () => {
      for (let at = 0; at < lengthBytes; at += zeroBytesMax) {
        const zeros = new Uint8Array(Math.min(zeroBytesMax, lengthBytes - at));
        await this.#writeWhole(zeros, offsetBytes + at);
      }
    });
  }

  flush(): Promise<void> {
    return problemOf('unflushedWritesLost', this.#file.datasync());
  }

  compareAndWrite(offsetBytes: number, expected: Uint8Array, data: Uint8Array): Promise<number | undefined> {
    return this.#alone(async () => {
      const stored = new Uint8Array(expected.byteLength);
      await problemOf('unreadable', this.#readWhole(stored, offsetBytes));
      const differs = expected.findIndex((byte, index) => byte !== stored[index]);
      if (differs !== -1) return differs;
      await problemOf('noSpace', this.#writeWhole(data, offsetBytes));
      return undefined;
    });
  }

  #change(change: () => Promise<void>): Promise<void> {
    const run = this.#exclusiveWaiting === 0 ? change() : this.#exclusive.then(change);
    const tracked = problemOf('noSpace', run);
    const end: Promise<unknown> = tracked.then(
      () => this.#changes.delete(end),
      () => this.#changes.delete(end),
    );
    this.#changes.add(end);
    return tracked;
  }

  /** Runs `step` after all changes before it; changes after it wait for its end. */
  #alone<T>(step: () => Promise<T>): Promise<T> {
    this.#exclusiveWaiting += 1;
    const result = Promise.all([this.#exclusive, ...this.#changes]).then(step);
    const end = () => {
      this.#exclusiveWaiting -= 1;
    };
    this.#exclusive = result.then(end, end);
    return result;
  }

  #quickRead(offsetBytes: number, lengthBytes: number, answer: QuickAnswer): void {
    const data = lengthBytes <= quickBytesMax ? this.#scratch : Buffer.allocUnsafeSlow(lengthBytes);
    const problem = this.#quickly('unreadable', () => {
      let at = 0;
      for (let bytes = 1; at < lengthBytes && bytes > 0; at += bytes)
        bytes = readSync(this.#file.fd, data, at, lengthBytes - at, offsetBytes + at);
      data.fill(0, at, lengthBytes); // past what was ever written
    });
    answer.quickDone(problem, problem === undefined ? data.subarray(0, lengthBytes) : undefined);
  }

  #quickWrite(offsetBytes: number, data: Uint8Array, answer: QuickAnswer, fua: string | undefined): void {
    if (fua !== undefined) {
      this.write(offsetBytes, new Uint8Array(data), { fua: true }).then(
        () => answer.quickDone(undefined, undefined),
        (error: unknown) => answer.quickDone(problemFrom('unflushedWritesLost', error), undefined),
      );
      return;
    }
    const problem = this.#quickly('noSpace', () => {
      for (let at = 0; at < data.byteLength;)
        at += writeSync(this.#file.fd, data, at, data.byteLength - at, offsetBytes + at);
    });
    answer.quickDone(problem, undefined);
  }

  #quickly(problem: VolumeProblem, move: () => void): VolumeError | undefined {
    const beganMs = performance.now();
    try {
      move();
    } catch (error) {
      return problemFrom(problem, error);
    }
    const nowMs = performance.now();
    if (nowMs - beganMs > quickMsMax) this.#slowUntilMs = nowMs + slowForMs;
    return undefined;
  }

  async #readWhole(data: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < data.byteLength;) {
      const { bytesRead } = await this.#file.read(data, at, data.byteLength - at, position + at);
      if (bytesRead === 0) return; // past what was ever written: zeros
      at += bytesRead;
    }
  }

  async #writeWhole(data: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < data.byteLength;) {
      const { bytesWritten } = await this.#file.write(data, at, data.byteLength - at, position + at);
      at += bytesWritten;
    }
  }
}

class KeptFileVolume extends FileVolume {
  readonly #values: FileValues;

  constructor(file: FileHandle, sizeBytes: number, readOnly: boolean, values: FileValues) {
    super(file, sizeBytes, readOnly);
    this.#values = values;
  }

  recall(key: string): string | undefined {
    return this.#values.recall(key);
  }

  remember(key: string, value: string): Promise<void> {
    return this.#values.remember(key, value);
  }
}

/** An error of the file system is a problem of the volume, reported to the initiator as such. */
async function problemOf<T>(problem: VolumeProblem, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw problemFrom(problem, error);
  }
}

const problemFrom = (problem: VolumeProblem, error: unknown): VolumeError =>
  error instanceof VolumeError
    ? error
    : new VolumeError(problem, error instanceof Error ? error.message : String(error));
