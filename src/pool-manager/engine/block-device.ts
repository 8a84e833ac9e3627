import type { Lent } from './group/read-buffers.ts';

/** Called once: with what was read, or with why not. */
export type LentDone = (error: DeviceError | undefined, lent: Lent | undefined) => void;

/**
 * The port below the engine: one raw device or file.
 *
 *  - Offsets and lengths are multiples of 4096 bytes and inside the device.
 *  - A write may be torn or lost by a crash until a flush that was issued after it completed has itself completed.
 *    Writes between two flushes may reach the medium in any order.
 *  - After a failed or timed-out flush nothing may be believed about unflushed writes: the device is retired, the
 *    flush is never tried again.
 */
export interface BlockDevice {
  /** For messages: the path or the name of the block device. */
  readonly name: string;
  /** As of opening, or of the last `measure`. */
  readonly sizeBytes: number;
  /** Looks again: a device may have grown. Never shrinks what is in use: a smaller size is an error of the next transfer. */
  measure?(): Promise<void>;
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** The same into lent memory, at most `lentBytesMax`; whoever gets it gives it back. `done` may be called at once. */
  lend(offsetBytes: number, lengthBytes: number, done: LentDone): void;
  /** `data` stays as it is until this is answered: it may go to the device from where it lies. */
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  /** A write that is durable when answered (O_DSYNC). Says nothing about writes before it. */
  writeThrough(offsetBytes: number, data: Uint8Array): Promise<void>;
  flush(): Promise<void>;
  /** Tells the device that the range is not needed; it may read back anything afterwards. */
  discard(offsetBytes: number, lengthBytes: number): Promise<void>;
  /** Why `discard` does nothing here, once that is known. */
  readonly discardUnsupported?: string | undefined;
  close(): Promise<void>;
}

/** The device failed: I/O error, deadline, short transfer, vanished. `message` names the device and the operation. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly device: string;
  constructor(device: string, message: string, options?: ErrorOptions) {
    super(`${device}: ${message}`, options);
    this.device = device;
  }
}
