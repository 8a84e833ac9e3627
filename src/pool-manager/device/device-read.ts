/** A read of a device into lent memory, as an operation of its queue. */
import { type Lent, lendBuffer } from '../engine/group/read-buffers.ts';
import type { FileOperations } from './file-operations.ts';
import type { Done, Operation } from './operation-queue.ts';

export class DeviceRead implements Operation {
  readonly what = 'read';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly #operations: FileOperations;
  readonly #descriptor: number;
  readonly #settle: (error: Error | undefined, lent: Lent | undefined) => void;
  #lent: Lent | undefined;
  /** The kernel does not use the memory any more. */
  #isBack = false;
  #isSettled = false;

  /** `settle` is called once, with an error or with the memory. */
  constructor(
    operations: FileOperations,
    descriptor: number,
    offsetBytes: number,
    lengthBytes: number,
    settle: (error: Error | undefined, lent: Lent | undefined) => void,
  ) {
    this.#operations = operations;
    this.#descriptor = descriptor;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
    this.#settle = settle;
  }

  start(done: Done): void {
    const lent = lendBuffer(this.lengthBytes);
    this.#lent = lent;
    this.#operations.read(
      this.#descriptor,
      lent.bytes,
      this.lengthBytes,
      this.offsetBytes,
      (error, bytes) => {
        this.#isBack = true;
        const isLate = this.#isSettled;
        done(error, bytes);
        if (isLate) lent.give(); // only now: until then the kernel may use it, whatever the deadline says
      },
    );
  }

  settle(error: Error | undefined): void {
    this.#isSettled = true;
    if (error === undefined) return this.#settle(undefined, this.#lent);
    if (this.#isBack) this.#lent?.give();
    this.#settle(error, undefined);
  }
}
