/**
 * A block device or plain file below the engine (the port: engine/block-device.ts).
 *
 *  - O_DIRECT where it works, through page-aligned buffers; elsewhere through the page cache. `flush` is fdatasync,
 *    `writeThrough` goes by a second descriptor with O_DSYNC. Data in the engine's arena leaves from where it lies.
 *  - Every operation has a deadline. One that misses it, a failed flush or a short transfer is a DeviceError; after a
 *    missed deadline or a failed flush the device answers nothing any more, since nobody knows what it holds.
 *  - `discard` gives holes to a file and TRIM to a block device (discarder.ts).
 */
import { close, closeSync, fdatasync, read, write } from 'node:fs';
import { DeviceError, type BlockDevice } from '../engine/block-device.ts';
import { isPageAligned } from '../engine/group/arena.ts';
import { AlignedBuffers, alignedBufferBytes } from './aligned-buffers.ts';
import { Discarder } from './discarder.ts';
import { openPath, type OpenedPath, sizeOf } from './device-path.ts';

export interface FileDeviceOptions {
  /** Name of the BlockDevice, for messages; the path without it. */
  readonly name?: string;
  readonly deadlineMs?: number;
}

const deadlineMsDefault = 30_000;
/** Transfers of 1 MiB under way at once, reads and writes together. */
const buffersMax = 16;

/** Rejects with PoolRefusal: DeviceMissing, DeviceInUse. */
export async function openFileDevice(path: string, options: FileDeviceOptions = {}): Promise<FileDevice> {
  const name = options.name ?? path;
  return await Promise.resolve(
    new FileDevice(name, openPath(path, name), options.deadlineMs ?? deadlineMsDefault),
  );
}

export class FileDevice implements BlockDevice {
  readonly name: string;
  sizeBytes: number;
  /** False: through the page cache. */
  readonly isDirect: boolean;
  readonly #opened: OpenedPath;
  readonly #deadlineMs: number;
  readonly #buffers = new AlignedBuffers(buffersMax);
  readonly #discarder: Discarder;
  #failure: DeviceError | undefined;
  #closed = false;
  #pending = 0;
  #idle: (() => void)[] = [];

  constructor(name: string, opened: OpenedPath, deadlineMs: number) {
    this.name = name;
    this.sizeBytes = opened.sizeBytes;
    this.isDirect = opened.isDirect;
    this.#opened = opened;
    this.#deadlineMs = deadlineMs;
    this.#discarder = new Discarder(opened.descriptor, opened.isBlockDevice);
  }

  get discardUnsupported(): string | undefined {
    return this.#discarder.unsupported;
  }

  async measure(): Promise<void> {
    this.#alive('measuring');
    this.sizeBytes = Math.max(this.sizeBytes, sizeOf(this.#opened));
    await Promise.resolve();
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.#check('read', offsetBytes, lengthBytes);
    const result = new Uint8Array(lengthBytes);
    const { descriptor } = this.#opened;
    await this.#inPieces(lengthBytes, async (at, length) => {
      const place = `read of ${length} bytes at ${offsetBytes + at}`;
      await this.#transfer(
        place,
        length,
        (buffer, done) => read(descriptor, buffer, 0, length, offsetBytes + at, done),
        {
          after: (buffer) => result.set(buffer.subarray(0, length), at),
        },
      );
    });
    return result;
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#check('write', offsetBytes, data.byteLength);
    await this.#write(this.#opened.descriptor, 'write', offsetBytes, data);
  }

  async writeThrough(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#check('write', offsetBytes, data.byteLength);
    await this.#write(this.#opened.throughDescriptor, 'write through', offsetBytes, data);
  }

  async #write(descriptor: number, what: string, offsetBytes: number, data: Uint8Array): Promise<void> {
    if (isPageAligned(data)) {
      const length = data.byteLength;
      await this.#timed(
        `${what} of ${length} bytes at ${offsetBytes}`,
        (done) => write(descriptor, data, 0, length, offsetBytes, done),
        length,
      );
      return;
    }
    await this.#inPieces(data.byteLength, async (at, length) => {
      await this.#transfer(
        `${what} of ${length} bytes at ${offsetBytes + at}`,
        length,
        (buffer, done) => write(descriptor, buffer, 0, length, offsetBytes + at, done),
        { before: (buffer) => buffer.set(data.subarray(at, at + length)) },
      );
    });
  }

  async flush(): Promise<void> {
    this.#alive('flush');
    await this.#timed(
      'flush',
      (done) => fdatasync(this.#opened.descriptor, (error) => done(error, 0)),
      0,
    ).catch((error: unknown) => {
      this.#fail(new DeviceError(this.name, 'out of use after a failed flush', { cause: error }));
      throw error;
    });
  }

  async discard(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#check('discard', offsetBytes, lengthBytes);
    this.#pending++;
    await this.#discarder.discard(offsetBytes, lengthBytes);
    this.#pending--;
    this.#wake();
  }

  /** Waits for what is under way; an operation that hangs keeps the descriptor, lest it be given to another file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#pending > 0 && this.#failure === undefined)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#pending > 0) return;
    closeSync(this.#opened.throughDescriptor);
    await new Promise<void>((resolve, reject) =>
      close(this.#opened.descriptor, (error) =>
        error === null || error === undefined ? resolve() : reject(error),
      ),
    );
    if (this.#opened.lock !== undefined) closeSync(this.#opened.lock);
  }

  async #inPieces(lengthBytes: number, run: (at: number, length: number) => Promise<void>): Promise<void> {
    const pieces: Promise<void>[] = [];
    for (let at = 0; at < lengthBytes; at += alignedBufferBytes)
      pieces.push(run(at, Math.min(alignedBufferBytes, lengthBytes - at)));
    await Promise.all(pieces);
  }

  async #transfer(
    what: string,
    length: number,
    start: (buffer: Uint8Array, done: (error: Error | null, bytes: number) => void) => void,
    copy: { readonly before?: (buffer: Uint8Array) => void; readonly after?: (buffer: Uint8Array) => void },
  ): Promise<void> {
    const buffer = await this.#buffers.take();
    copy.before?.(buffer);
    const run = (done: (error: Error | null, bytes: number) => void) =>
      start(buffer, (error, bytes) => {
        if (error === null && bytes === length) copy.after?.(buffer);
        this.#buffers.give(buffer); // only now: until then the kernel may use it, whatever the deadline says
        done(error, bytes);
      });
    await this.#timed(what, run, length);
  }

  #timed(
    what: string,
    start: (done: (error: Error | null, bytes: number) => void) => void,
    length: number,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      const timer = setTimeout(() => {
        reject(
          this.#fail(new DeviceError(this.name, `${what} did not answer within ${this.#deadlineMs} ms`)),
        );
      }, this.#deadlineMs);
      this.#pending++;
      start((error, bytes) => {
        clearTimeout(timer);
        this.#pending--;
        if (error !== null) reject(new DeviceError(this.name, `${what}: ${error.message}`, { cause: error }));
        else if (bytes !== length) reject(new DeviceError(this.name, `${what}: only ${bytes} bytes`));
        else resolve();
        this.#wake();
      });
    });
  }

  #fail(error: DeviceError): DeviceError {
    this.#failure ??= error;
    this.#buffers.fail(this.#failure);
    this.#wake();
    return this.#failure;
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
  }

  #alive(what: string): void {
    if (this.#closed) throw new DeviceError(this.name, `${what} after close`);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #check(what: string, offsetBytes: number, lengthBytes: number): void {
    this.#alive(what);
    const whole = offsetBytes % 4096 === 0 && lengthBytes % 4096 === 0 && lengthBytes > 0;
    if (!whole || offsetBytes < 0 || offsetBytes + lengthBytes > this.sizeBytes)
      throw new DeviceError(
        this.name,
        `${what} of ${lengthBytes} bytes at ${offsetBytes} is not inside the device`,
      );
  }
}
