/**
 * A block device or plain file below the engine (the port: engine/block-device.ts).
 *
 *  - O_DIRECT where it works, through page-aligned memory; elsewhere through the page cache. `flush` is fdatasync,
 *    `writeThrough` goes by a second descriptor with O_DSYNC. Data in the engine's arena leaves from where it lies.
 *  - Every operation has a deadline. One that misses it, a failed flush or a short transfer is a DeviceError; after a
 *    missed deadline or a failed flush the device answers nothing any more, since nobody knows what it holds.
 *  - `discard`: discarder.ts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DeviceError, type BlockDevice, type LentDone } from '../engine/block-device.ts';
import { type Lent, lentBytesMax } from '../engine/group/read-buffers.ts';
import { DeviceRead } from './device-read.ts';
import { DeviceWrites, piecesOf, run } from './device-writes.ts';
import { ResultBuffers } from './result-buffers.ts';
import { copyBytes } from '../../shared/copy-bytes.ts';
import { deviceIo } from './device-io.ts';
import type { FileOperations } from './file-operations.ts';
import { closePath, isHeld, openPath, type OpenedPath, sizeOf } from './device-path.ts';
import { Discarder } from './discarder.ts';
import { type Operation, OperationQueue } from './operation-queue.ts';

export interface FileDeviceOptions {
  /** Name of the BlockDevice, for messages; the path without it. */
  readonly name?: string;
  readonly deadlineMs?: number;
  /** At a time; see io-threads.ts. */
  readonly operationsMax?: number;
  /** By default those of the process (device-io.ts). */
  readonly operations?: FileOperations;
}

const deadlineMsDefault = 30_000;
const operationsMaxDefault = 32;

/**
 * The kernel lets go of a device some milliseconds after a process that was killed amid transfers by io_uring is gone (5 to
 * 14 were seen), and has done what was under way by then. Longer than that it is somebody else's.
 */
const busyTriesMax = 25;
const busyMs = 20;

/** Rejects with PoolRefusal: DeviceMissing, DeviceInUse. */
export async function openFileDevice(path: string, options: FileDeviceOptions = {}): Promise<FileDevice> {
  const name = options.name ?? path;
  for (let tries = 1; ; tries++)
    try {
      return new FileDevice(name, openPath(path, name), options);
    } catch (error) {
      if (!isHeld(error) || tries === busyTriesMax) throw error;
      await delay(busyMs);
    }
}

export class FileDevice implements BlockDevice {
  readonly name: string;
  sizeBytes: number;
  /** False: through the page cache. */
  readonly isDirect: boolean;
  readonly #opened: OpenedPath;
  readonly #operations: FileOperations;
  readonly #queue: OperationQueue;
  readonly #writes: DeviceWrites;
  readonly #discarder: Discarder;
  readonly #results = new ResultBuffers();
  #failure: DeviceError | undefined;
  #closed = false;

  constructor(name: string, opened: OpenedPath, options: FileDeviceOptions) {
    const { deadlineMs = deadlineMsDefault, operationsMax = operationsMaxDefault } = options;
    this.#operations = options.operations ?? deviceIo().operations;
    this.name = name;
    this.sizeBytes = opened.sizeBytes;
    this.isDirect = opened.isDirect;
    this.#opened = opened;
    this.#discarder = new Discarder(opened.descriptor, opened.isBlockDevice);
    const onLate = (operation: Operation) =>
      this.#fail(new DeviceError(name, `${textOf(operation)} did not answer within ${deadlineMs} ms`));
    this.#queue = new OperationQueue({ operationsMax, deadlineMs, onLate });
    this.#writes = new DeviceWrites(this.#operations, this.#queue, opened.isDirect);
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
    const result = this.#results.take(lengthBytes);
    await Promise.all(
      piecesOf(lengthBytes, lentBytesMax).map(([from, to]) =>
        this.#readInto(result.subarray(from, to), offsetBytes + from),
      ),
    );
    return result;
  }

  lend(offsetBytes: number, lengthBytes: number, done: LentDone): void {
    const refusal = this.#refusal('read', offsetBytes, lengthBytes);
    if (refusal !== undefined) return done(refusal, undefined);
    this.#lend(offsetBytes, lengthBytes, done);
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.#write('write', offsetBytes, data);
  }

  async writeThrough(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.#write('write through', offsetBytes, data);
  }

  async flush(): Promise<void> {
    this.#alive('flush');
    try {
      await run(this.#queue, 'flush', 0, 0, (done) => this.#operations.sync(this.#opened.descriptor, done));
    } catch (error) {
      const cause = this.#asDeviceError('flush', 0, 0, error);
      this.#fail(new DeviceError(this.name, 'out of use after a failed flush', { cause }));
      throw cause;
    }
  }

  async discard(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#check('discard', offsetBytes, lengthBytes);
    await this.#discarder.discard(offsetBytes, lengthBytes);
  }

  /** Waits for what is under way; an operation that hangs keeps the descriptor, lest it be given to another file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#queue.drained(), this.#discarder.close()]);
    if (this.#queue.running > 0) return;
    await closePath(this.#opened);
  }

  #lend(offsetBytes: number, lengthBytes: number, done: LentDone): void {
    const settle = (error: Error | undefined, lent: Lent | undefined) =>
      done(
        error === undefined ? undefined : this.#asDeviceError('read', offsetBytes, lengthBytes, error),
        lent,
      );
    this.#queue.add(
      new DeviceRead(this.#operations, this.#opened.descriptor, offsetBytes, lengthBytes, settle),
    );
  }

  /** At most `lentBytesMax`. */
  #readInto(result: Uint8Array, offsetBytes: number): Promise<void> {
    const length = result.byteLength;
    return new Promise((resolve, reject) =>
      this.#lend(offsetBytes, length, (error, lent) => {
        if (lent === undefined) return reject(error);
        copyBytes(lent.bytes, 0, length, result, 0);
        lent.give();
        resolve();
      }),
    );
  }

  async #write(what: 'write' | 'write through', offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#check('write', offsetBytes, data.byteLength);
    const { descriptor: plain, throughDescriptor } = this.#opened;
    const descriptor = what === 'write' ? plain : throughDescriptor;
    try {
      await this.#writes.write({ what, descriptor, offsetBytes }, data);
    } catch (error) {
      throw this.#asDeviceError(what, offsetBytes, data.byteLength, error);
    }
  }

  #asDeviceError(what: string, offsetBytes: number, lengthBytes: number, error: unknown): DeviceError {
    if (error instanceof DeviceError) return error;
    const text = textOf({ what, offsetBytes, lengthBytes });
    if (!(error instanceof Error)) throw error;
    return new DeviceError(this.name, `${text}: ${error.message}`, { cause: error });
  }

  #fail(error: DeviceError): DeviceError {
    this.#failure ??= error;
    this.#writes.fail(this.#failure);
    this.#queue.fail(this.#failure);
    return this.#failure;
  }

  #alive(what: string): void {
    const failure = this.#gone(what);
    if (failure !== undefined) throw failure;
  }

  #gone(what: string): DeviceError | undefined {
    return this.#closed ? new DeviceError(this.name, `${what} after close`) : this.#failure;
  }

  #check(what: string, offsetBytes: number, lengthBytes: number): void {
    const refusal = this.#refusal(what, offsetBytes, lengthBytes);
    if (refusal !== undefined) throw refusal;
  }

  #refusal(what: string, offsetBytes: number, lengthBytes: number): DeviceError | undefined {
    const whole = offsetBytes % 4096 === 0 && lengthBytes % 4096 === 0 && lengthBytes > 0;
    if (whole && offsetBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes) return this.#gone(what);
    const text = `${what} of ${lengthBytes} bytes at ${offsetBytes} is not inside the device`;
    return this.#gone(what) ?? new DeviceError(this.name, text);
  }
}

const textOf = ({
  what,
  offsetBytes,
  lengthBytes,
}: Pick<Operation, 'offsetBytes' | 'lengthBytes'> & { readonly what: string }): string =>
  lengthBytes === 0 ? what : `${what} of ${lengthBytes} bytes at ${offsetBytes}`;
