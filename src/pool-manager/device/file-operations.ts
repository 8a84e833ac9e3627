/**
 * Transfers between memory and a file, which the queue of a device begins: by Node's threads, or by
 * io_uring (uring/); device-io.ts chooses. `done` is called once, and never from within the call; until then the memory is the kernel's.
 */
import { fdatasync, read, write } from 'node:fs';
import type { Done } from './operation-queue.ts';

export interface FileOperations {
  read(descriptor: number, into: Uint8Array, lengthBytes: number, offsetBytes: number, done: Done): void;
  write(descriptor: number, from: Uint8Array, lengthBytes: number, offsetBytes: number, done: Done): void;
  /** fdatasync: `done` hears 0 bytes. */
  sync(descriptor: number, done: Done): void;
}

export const threadOperations: FileOperations = {
  read: (descriptor, into, lengthBytes, offsetBytes, done) =>
    read(descriptor, into, 0, lengthBytes, offsetBytes, done),
  write: (descriptor, from, lengthBytes, offsetBytes, done) =>
    write(descriptor, from, 0, lengthBytes, offsetBytes, done),
  sync: (descriptor, done) => fdatasync(descriptor, (error) => done(error, 0)),
};
