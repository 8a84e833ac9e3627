/**
 * A block device or plain file below the engine (the port: engine/block-device.ts).
 *
 *  - O_DIRECT where it works, through page-aligned memory; elsewhere through the page cache. `flush` is fdatasync,
 *    `writeThrough` goes by a second descriptor with O_DSYNC. Data in the engine's arena leaves from where it lies.
 *  - Every operation has a deadline. One that misses it, a failed flush or a short transfer is a DeviceError; after a
 *    missed deadline or a failed flush the device answers nothing any more, since nobody knows what it holds.
 *  - `discard` gives holes to a file and TRIM to a block device (discarder.ts).
 */
import { close, closeSync, fdatasync, write } from 'node:fs';
import { DeviceError, type BlockDevice, type LentDone } from '../engine/block-device.ts';
import { isPageAligned } from '../engine/group/arena.ts';
import { type Lent, lentBytesMax } from '../engine/group/read-buffers.ts';
import { AlignedBuffers } from './aligned-buffers.ts';
import { DeviceRead } from './device-read.ts';
import { ResultBuffers } from './result-buffers.ts';
import { copyBytes } from '../../shared/copy-bytes.ts';
import { openPath, type OpenedPath, sizeOf } from './device-path.ts';
import { Discarder } from './discarder.ts';
import { type Done, type Operation, OperationQueue } from './operation-queue.ts';

export interface FileDeviceOptions {
  /** Name of the BlockDevice, for messages; the path without it. */
  readonly name?: string;
  readonly deadlineMs?: number;
  /** At a time; see io-threads.ts. */
  readonly operationsMax?: number;
}

const deadlineMsDefault = 30_000;
const operationsMaxDefault = 32;
const smallBytes = 64 * 1024;
/** The longest single transfer through a buffer; longer ones go in pieces. */
const largeBytes = 1024 * 1024;

/** Rejects with PoolRefusal: DeviceMissing, DeviceInUse. */
export async function openFileDevice(path: string, options: FileDeviceOptions = {}): Promise<FileDevice> {
  const name = options.name ?? path;
  return await Promise.resolve(new FileDevice(name, openPath(path, name), options));
}

export class FileDevice implements BlockDevice {
  readonly name: string;
  sizeBytes: number;
  /** False: through the page cache. */
  readonly isDirect: boolean;
  readonly #opened: OpenedPath;
  readonly #queue: OperationQueue;
  readonly #small = new AlignedBuffers(smallBytes, 64);
  readonly #large = new AlignedBuffers(largeBytes, 8);
  readonly #discarder: Discarder;
  readonly #results = new ResultBuffers();
  #failure: DeviceError | undefined;
  #closed = false;

  constructor(name: string, opened: OpenedPath, options: FileDeviceOptions) {
    const { deadlineMs = deadlineMsDefault, operationsMax = operationsMaxDefault } = options;
    this.name = name;
    this.sizeBytes = opened.sizeBytes;
    this.isDirect = opened.isDirect;
    this.#opened = opened;
    this.#discarder = new Discarder(opened.descriptor, opened.isBlockDevice);
    const onLate = (operation: Operation) =>
      this.#fail(new DeviceError(name, `${textOf(operation)} did not answer within ${deadlineMs} ms`));
    this.#queue = new OperationQueue({ operationsMax, deadlineMs, onLate });
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
    if (lengthBytes <= lentBytesMax) await this.#readInto(result, offsetBytes);
    else
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
    this.#check('write', offsetBytes, data.byteLength);
    await this.#write('write', offsetBytes, data);
  }

  async writeThrough(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#check('write', offsetBytes, data.byteLength);
    await this.#write('write through', offsetBytes, data);
  }

  async flush(): Promise<void> {
    this.#alive('flush');
    const { descriptor } = this.#opened;
    try {
      await this.#run('flush', 0, 0, (done) => fdatasync(descriptor, (error) => done(error, 0)));
    } catch (error) {
      this.#fail(new DeviceError(this.name, 'out of use after a failed flush', { cause: error }));
      throw error;
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
    closeSync(this.#opened.throughDescriptor);
    await new Promise<void>((resolve, reject) =>
      close(this.#opened.descriptor, (error) =>
        error === null || error === undefined ? resolve() : reject(error),
      ),
    );
    if (this.#opened.lock !== undefined) closeSync(this.#opened.lock);
  }

  #lend(offsetBytes: number, lengthBytes: number, done: LentDone): void {
    const settle = (error: Error | undefined, lent: Lent | undefined) =>
      done(
        error === undefined ? undefined : this.#asDeviceError('read', offsetBytes, lengthBytes, error),
        lent,
      );
    this.#queue.add(new DeviceRead(this.#opened.descriptor, offsetBytes, lengthBytes, settle));
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
    const { descriptor, throughDescriptor } = this.#opened;
    const to = what === 'write' ? descriptor : throughDescriptor;
    if (isPageAligned(data) || !this.isDirect) {
      const length = data.byteLength;
      await this.#run(what, offsetBytes, length, (done) => write(to, data, 0, length, offsetBytes, done));
      return;
    }
    if (data.byteLength <= largeBytes) await this.#writeCopy(what, to, offsetBytes, data);
    else
      await Promise.all(
        piecesOf(data.byteLength, largeBytes).map(([from, end]) =>
          this.#writeCopy(what, to, offsetBytes + from, data.subarray(from, end)),
        ),
      );
  }

  /** At most `largeBytes`. */
  #writeCopy(
    what: 'write' | 'write through',
    descriptor: number,
    offsetBytes: number,
    data: Uint8Array,
  ): Promise<void> {
    const length = data.byteLength;
    return this.#buffered(length, (buffer, give, resolve, reject) => {
      buffer.set(data);
      this.#queue.add({
        what,
        offsetBytes,
        lengthBytes: length,
        start: (done) =>
          write(descriptor, buffer, 0, length, offsetBytes, (error, bytes) => {
            give();
            done(error, bytes);
          }),
        settle: (error) =>
          error === undefined ? resolve() : reject(this.#asDeviceError(what, offsetBytes, length, error)),
      });
    });
  }

  #buffered(
    length: number,
    use: (buffer: Uint8Array, give: () => void, resolve: () => void, reject: (error: Error) => void) => void,
  ): Promise<void> {
    const buffers = length <= smallBytes ? this.#small : this.#large;
    return new Promise((resolve, reject) =>
      buffers.take((buffer) => use(buffer, () => buffers.give(buffer), resolve, reject), reject),
    );
  }

  #run(
    what: Operation['what'],
    offsetBytes: number,
    lengthBytes: number,
    start: (done: Done) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#queue.add({
        what,
        offsetBytes,
        lengthBytes,
        start,
        settle: (error) =>
          error === undefined
            ? resolve()
            : reject(this.#asDeviceError(what, offsetBytes, lengthBytes, error)),
      }),
    );
  }

  #asDeviceError(what: string, offsetBytes: number, lengthBytes: number, error: Error): DeviceError {
    if (error instanceof DeviceError) return error;
    const text = textOf({ what, offsetBytes, lengthBytes });
    return new DeviceError(this.name, `${text}: ${error.message}`, { cause: error });
  }

  #fail(error: DeviceError): DeviceError {
    this.#failure ??= error;
    this.#small.fail(this.#failure);
    this.#large.fail(this.#failure);
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

const piecesOf = (lengthBytes: number, each: number): readonly (readonly [from: number, to: number])[] =>
  Array.from({ length: Math.ceil(lengthBytes / each) }, (_, i) => [
    i * each,
    Math.min(lengthBytes, (i + 1) * each),
  ]);
