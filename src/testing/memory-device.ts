/**
 * A sparse device in memory that keeps a log of what was done to it and does wrong on demand.
 *
 * Writes are visible to reads when they are answered. What a power cut leaves is made from the log (crash-images.ts).
 * What was discarded reads as rubbish until it is written again.
 */
import { assert } from '../shared/assert.ts';
import { type BlockDevice, DeviceError, type LentDone } from '../pool-manager/engine/block-device.ts';
import { lendBuffer } from '../pool-manager/engine/group/read-buffers.ts';

const unitBytes = 4096;
const zeros = new Uint8Array(unitBytes);
/** What memory holds that was lent and given back. */
const givenBack = 0xdb;

/**
 * Moments in the order of all that begins and ends on all devices of the process; `at` is when it was answered,
 * Infinity while it is under way. What failed may be on the medium or not, and nothing makes it sure.
 */
interface Span {
  readonly begunAt: number;
  readonly at: number;
  readonly hasFailed: boolean;
}
export interface DeviceWrite extends Span {
  readonly do: 'write';
  readonly offsetBytes: number;
  readonly data: Uint8Array;
  /** Durable when answered. */
  readonly through: boolean;
}
export interface DeviceDiscard extends Span {
  readonly do: 'discard';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}
export interface DeviceFlush extends Span {
  readonly do: 'flush';
}
export type DeviceOp = DeviceWrite | DeviceDiscard | DeviceFlush;
/** What a device can be made to fail. */
export type DeviceAction = 'read' | 'write' | 'flush' | 'discard';

let operations = 0;
/** How many beginnings and ends there were so far: a moment that can be cut at. */
export const operationsSoFar = (): number => operations;

/** Units by number; what is missing reads as zeros. */
export type Image = ReadonlyMap<number, Uint8Array>;
/** An image, and what lies over it: many that differ little share the one below. Neither is changed by a device. */
export interface LayeredImage {
  readonly image: Image;
  readonly over?: Image;
}

/** Memory as it comes: whoever asks writes all of it. */
const uncleared = (lengthBytes: number): Uint8Array =>
  new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer);

export function wholeImage({ image, over }: LayeredImage): Image {
  if (over === undefined || over.size === 0) return image;
  const whole = new Map(image);
  for (const [unit, bytes] of over) whole.set(unit, bytes);
  return whole;
}

/** What a discarded unit reads as. */
const rubbish = new Uint8Array(unitBytes).fill(0xd5);

export class MemoryDevice implements BlockDevice {
  readonly name: string;
  /** A test may make it larger. */
  sizeBytes: number;
  /** Never changed; what was written since lies over it. */
  #below: Image;
  #over: Map<number, Uint8Array>;
  /** All writes, discards and flushes since `record()`, in the order in which they began. */
  log: DeviceOp[] | undefined;
  #start: LayeredImage = { image: new Map() };
  /** What operations do; `offsetBytes` is 0 for flushes. Return an error to fail, a promise to be slow. */
  fault: (op: DeviceAction, offsetBytes: number) => DeviceError | Promise<void> | undefined = () => undefined;
  /** Where a write lands; undefined: nowhere, though it is answered. */
  landing: (offsetBytes: number, lengthBytes: number) => number | undefined = (offsetBytes) => offsetBytes;
  /** Units that were read, while this is set. */
  unitsRead: Set<number> | undefined;
  reads = 0;
  writes = 0;
  flushes = 0;
  closed = false;

  constructor(options: { readonly name: string; readonly sizeBytes: number } & Partial<LayeredImage>) {
    this.name = options.name;
    this.sizeBytes = options.sizeBytes;
    this.#below = options.image ?? new Map();
    this.#over = new Map(options.over);
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    await this.#begin(offsetBytes, lengthBytes);
    const bytes = uncleared(lengthBytes);
    this.#copy(offsetBytes, lengthBytes, bytes);
    return bytes;
  }

  async #begin(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#check(offsetBytes, lengthBytes);
    this.reads++;
    const outcome = this.fault('read', offsetBytes);
    if (outcome !== undefined) await failed(outcome);
  }

  #copy(offsetBytes: number, lengthBytes: number, bytes: Uint8Array): void {
    let zerosFrom = 0;
    for (let at = 0; at < lengthBytes; at += unitBytes) {
      const unit = this.#unit((offsetBytes + at) / unitBytes);
      if (unit === undefined) continue;
      if (zerosFrom < at) bytes.fill(0, zerosFrom, at);
      bytes.set(unit, at);
      zerosFrom = at + unitBytes;
    }
    if (zerosFrom < lengthBytes) bytes.fill(0, zerosFrom, lengthBytes);
  }

  lend(offsetBytes: number, lengthBytes: number, done: LentDone): void {
    void this.#lend(offsetBytes, lengthBytes, done);
  }

  /** What is no DeviceError is a broken invariant: nobody catches it. */
  async #lend(offsetBytes: number, lengthBytes: number, done: LentDone): Promise<void> {
    const failure = await this.#begin(offsetBytes, lengthBytes).catch((error: unknown) => {
      if (error instanceof DeviceError) return error;
      throw error;
    });
    if (failure instanceof DeviceError) return done(failure, undefined);
    const lent = lendBuffer(lengthBytes);
    this.#copy(offsetBytes, lengthBytes, lent.bytes);
    // Whoever has kept any of it sees at once that it is used again.
    const give = (): void => {
      lent.bytes.fill(givenBack);
      lent.give();
    };
    done(undefined, { bytes: lent.bytes, give });
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.#write(offsetBytes, data, false);
  }

  /** Durable when answered; says nothing about other writes. */
  async writeThrough(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.#write(offsetBytes, data, true);
  }

  async #write(offsetBytes: number, data: Uint8Array, through: boolean): Promise<void> {
    this.#check(offsetBytes, data.byteLength);
    this.writes++;
    const copy = data.slice();
    const answered = this.#note({ do: 'write', offsetBytes, data: copy, through });
    const outcome = this.fault('write', offsetBytes);
    if (outcome !== undefined) await failed(outcome, answered);
    const landing = this.landing(offsetBytes, copy.byteLength);
    if (landing !== undefined) applyWrite(this.#over, landing, copy);
    answered();
  }

  async flush(): Promise<void> {
    assert(!this.closed, `${this.name} is closed`);
    this.flushes++;
    const answered = this.#note({ do: 'flush' });
    const outcome = this.fault('flush', 0);
    if (outcome !== undefined) await failed(outcome, answered);
    answered();
  }

  async discard(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#check(offsetBytes, lengthBytes);
    const answered = this.#note({ do: 'discard', offsetBytes, lengthBytes });
    const outcome = this.fault('discard', offsetBytes);
    if (outcome !== undefined) await failed(outcome, answered);
    applyDiscard(this.#over, offsetBytes, lengthBytes);
    answered();
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.resolve();
  }

  /** Starts a log. */
  record(): void {
    this.log = [];
    this.#start = { image: this.#below, over: this.#over };
    this.#over = new Map(this.#over);
  }

  /** The image `record()` began with, and all that was done since. */
  history(): { readonly start: Image; readonly ops: readonly DeviceOp[] } {
    assert(this.log !== undefined, `${this.name} keeps a log`);
    return { start: wholeImage(this.#start), ops: this.log };
  }

  image(): Image {
    return wholeImage({ image: this.#below, over: this.#over });
  }

  /** Flips one bit of what is stored; the log has it as a durable write. */
  flipBit(offsetBytes: number, bit = 0): void {
    const unit = Math.floor(offsetBytes / unitBytes);
    const bytes = (this.#unit(unit) ?? zeros).slice();
    bytes[offsetBytes % unitBytes] = (bytes[offsetBytes % unitBytes] ?? 0) ^ (1 << bit);
    this.#over.set(unit, bytes);
    this.#note({ do: 'write', offsetBytes: unit * unitBytes, data: bytes, through: true })();
  }

  #unit(unit: number): Uint8Array | undefined {
    this.unitsRead?.add(unit);
    return this.#over.get(unit) ?? this.#below.get(unit);
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    assert(!this.closed, 'the device is open');
    assert(
      offsetBytes % unitBytes === 0 && lengthBytes % unitBytes === 0 && lengthBytes > 0,
      'transfers are whole units',
    );
    assert(
      offsetBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes,
      'transfers are inside the device',
    );
  }

  /** Begins an operation in the log; the answer ends it. */
  #note(
    op: Omit<DeviceWrite, keyof Span> | Omit<DeviceDiscard, keyof Span> | Omit<DeviceFlush, keyof Span>,
  ): (hasFailed?: boolean) => void {
    if (this.log === undefined) return () => undefined;
    const noted = { ...op, begunAt: operations++, at: Infinity, hasFailed: false };
    this.log.push(noted);
    return (hasFailed = false) => {
      noted.at = operations++;
      noted.hasFailed = hasFailed;
    };
  }
}

/** Waits for a slow outcome; throws what is an error. What has failed is over: it changes nothing later. */
async function failed(
  outcome: DeviceError | Promise<void>,
  answered?: (hasFailed: boolean) => void,
): Promise<void> {
  try {
    const error = await outcome;
    if (error !== undefined) throw error;
  } catch (error) {
    answered?.(true);
    throw error;
  }
}

/** Puts a write into a map of units; units are never changed in place. */
export function applyWrite(units: Map<number, Uint8Array>, offsetBytes: number, data: Uint8Array): void {
  const pieces = unitsOf(data);
  for (const [i, piece] of pieces.entries()) units.set(offsetBytes / unitBytes + i, piece);
}

/** The units of what was written once: the same objects in all images that have them. */
const written = new WeakMap<Uint8Array, readonly Uint8Array[]>();

function unitsOf(data: Uint8Array): readonly Uint8Array[] {
  let pieces = written.get(data);
  if (pieces === undefined) {
    pieces = Array.from({ length: data.byteLength / unitBytes }, (_, i) =>
      data.subarray(i * unitBytes, (i + 1) * unitBytes),
    );
    written.set(data, pieces);
  }
  return pieces;
}

export function applyDiscard(units: Map<number, Uint8Array>, offsetBytes: number, lengthBytes: number): void {
  for (let at = 0; at < lengthBytes; at += unitBytes) units.set((offsetBytes + at) / unitBytes, rubbish);
}
