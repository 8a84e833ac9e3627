/**
 * A sparse device in memory that keeps a log of what was done to it and does wrong on demand.
 *
 * Writes are visible to reads at once. What a power cut leaves is made from the log (crash-images.ts).
 */
import { assert } from '../shared/assert.ts';
import type { BlockDevice, DeviceError } from '../pool-manager/engine/block-device.ts';

const unitBytes = 4096;
const zeros = new Uint8Array(unitBytes);

/** `at`: its place in the order of all operations on all devices of the process. */
export type DeviceOp =
  | { readonly do: 'write'; readonly at: number; readonly offsetBytes: number; readonly data: Uint8Array }
  | { readonly do: 'flush'; readonly at: number };

let operations = 0;
/** How many operations there were so far: a moment that can be cut at. */
export const operationsSoFar = (): number => operations;

/** Units by number; what is missing reads as zeros. */
export type Image = ReadonlyMap<number, Uint8Array>;

export class MemoryDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #units: Map<number, Uint8Array>;
  /** All writes and flushes since `record()`. */
  log: DeviceOp[] | undefined;
  #start: Image = new Map();
  /** What reads, writes and flushes do; `offsetBytes` is 0 for flushes. Return an error to fail, a promise to be slow. */
  fault: (op: 'read' | 'write' | 'flush', offsetBytes: number) => DeviceError | Promise<void> | undefined =
    () => undefined;
  reads = 0;
  writes = 0;
  flushes = 0;
  closed = false;

  constructor(options: { readonly name: string; readonly sizeBytes: number; readonly image?: Image }) {
    this.name = options.name;
    this.sizeBytes = options.sizeBytes;
    this.#units = new Map(options.image);
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.#check(offsetBytes, lengthBytes);
    this.reads++;
    await this.#fail('read', offsetBytes);
    const bytes = new Uint8Array(lengthBytes);
    for (let at = 0; at < lengthBytes; at += unitBytes) {
      const unit = this.#units.get((offsetBytes + at) / unitBytes);
      if (unit !== undefined) bytes.set(unit, at);
    }
    return bytes;
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#check(offsetBytes, data.byteLength);
    this.writes++;
    await this.#fail('write', offsetBytes);
    const copy = data.slice();
    this.log?.push({ do: 'write', at: operations++, offsetBytes, data: copy });
    applyWrite(this.#units, offsetBytes, copy);
  }

  async flush(): Promise<void> {
    assert(!this.closed, `${this.name} is closed`);
    this.flushes++;
    await this.#fail('flush', 0);
    this.log?.push({ do: 'flush', at: operations++ });
  }

  async discard(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#check(offsetBytes, lengthBytes);
    await Promise.resolve();
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.resolve();
  }

  /** Starts a log and answers the image it begins with. */
  record(): Image {
    this.log = [];
    this.#start = this.image();
    return this.#start;
  }

  /** The image `record()` began with, and all that was done since. */
  history(): { readonly start: Image; readonly ops: readonly DeviceOp[] } {
    assert(this.log !== undefined, `${this.name} keeps a log`);
    return { start: this.#start, ops: this.log };
  }

  image(): Image {
    return new Map(this.#units);
  }

  /** Flips one bit of what is stored. */
  flipBit(offsetBytes: number, bit = 0): void {
    const unit = Math.floor(offsetBytes / unitBytes);
    const bytes = (this.#units.get(unit) ?? zeros).slice();
    bytes[offsetBytes % unitBytes] = (bytes[offsetBytes % unitBytes] ?? 0) ^ (1 << bit);
    this.#units.set(unit, bytes);
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    assert(!this.closed, `${this.name} is closed`);
    assert(
      offsetBytes % unitBytes === 0 && lengthBytes % unitBytes === 0 && lengthBytes > 0,
      `${this.name}: whole units`,
    );
    assert(
      offsetBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes,
      `${this.name}: inside the device`,
    );
  }

  async #fail(op: 'read' | 'write' | 'flush', offsetBytes: number): Promise<void> {
    const outcome = await this.fault(op, offsetBytes);
    if (outcome !== undefined) throw outcome;
  }
}

/** Puts a write into a map of units; units are never changed in place. */
export function applyWrite(units: Map<number, Uint8Array>, offsetBytes: number, data: Uint8Array): void {
  for (let at = 0; at < data.byteLength; at += unitBytes)
    units.set((offsetBytes + at) / unitBytes, data.subarray(at, at + unitBytes));
}
