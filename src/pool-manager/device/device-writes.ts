/** Writes of a device as operations of its queue: from where the data lies where that may be, else through aligned copies. */
import { isPageAligned } from '../engine/group/arena.ts';
import { AlignedBuffers } from './aligned-buffers.ts';
import type { FileOperations } from './file-operations.ts';
import type { Done, Operation, OperationQueue } from './operation-queue.ts';

const smallBytes = 64 * 1024;
/** The longest single transfer through a copy; longer ones go in pieces. */
const largeBytes = 1024 * 1024;

/** One write: which kind, through which descriptor, where to. */
export interface WriteTo {
  readonly what: 'write' | 'write through';
  readonly descriptor: number;
  readonly offsetBytes: number;
}

export class DeviceWrites {
  readonly #operations: FileOperations;
  readonly #queue: OperationQueue;
  /** O_DIRECT: memory has to begin at a page. */
  readonly #isDirect: boolean;
  readonly #small = new AlignedBuffers(smallBytes, 64);
  readonly #large = new AlignedBuffers(largeBytes, 8);

  constructor(operations: FileOperations, queue: OperationQueue, isDirect: boolean) {
    this.#operations = operations;
    this.#queue = queue;
    this.#isDirect = isDirect;
  }

  /** Rejects with the system's error, or with what the device has failed with. */
  async write(to: WriteTo, data: Uint8Array): Promise<void> {
    const length = data.byteLength;
    if (isPageAligned(data) || !this.#isDirect)
      await run(this.#queue, to.what, to.offsetBytes, length, (done) =>
        this.#operations.write(to.descriptor, data, length, to.offsetBytes, done),
      );
    else
      await Promise.all(
        piecesOf(length, largeBytes).map(([from, end]) =>
          this.#writeCopy({ ...to, offsetBytes: to.offsetBytes + from }, data.subarray(from, end)),
        ),
      );
  }

  /** Who waits for a buffer gets none any more. */
  fail(error: Error): void {
    this.#small.fail(error);
    this.#large.fail(error);
  }

  /** At most `largeBytes`. */
  #writeCopy({ what, descriptor, offsetBytes }: WriteTo, data: Uint8Array): Promise<void> {
    const length = data.byteLength;
    const buffers = length <= smallBytes ? this.#small : this.#large;
    return new Promise((resolve, reject) =>
      buffers.take((buffer) => {
        buffer.set(data);
        this.#queue.add({
          what,
          offsetBytes,
          lengthBytes: length,
          start: (done) =>
            this.#operations.write(descriptor, buffer, length, offsetBytes, (error, bytes) => {
              buffers.give(buffer);
              done(error, bytes);
            }),
          settle: (error) => (error === undefined ? resolve() : reject(error)),
        });
      }, reject),
    );
  }
}

/** An operation of the queue as a promise. */
export const run = (
  queue: OperationQueue,
  what: Operation['what'],
  offsetBytes: number,
  lengthBytes: number,
  start: (done: Done) => void,
): Promise<void> =>
  new Promise((resolve, reject) =>
    queue.add({
      what,
      offsetBytes,
      lengthBytes,
      start,
      settle: (error) => (error === undefined ? resolve() : reject(error)),
    }),
  );

/** A transfer in parts of at most `each`. */
export const piecesOf = (
  lengthBytes: number,
  each: number,
): readonly (readonly [from: number, to: number])[] =>
  Array.from({ length: Math.ceil(lengthBytes / each) }, (_, i) => [
    i * each,
    Math.min(lengthBytes, (i + 1) * each),
  ]);
