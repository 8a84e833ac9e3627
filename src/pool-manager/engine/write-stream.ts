/**
 * What is on its way to the devices. Units are appended when their place is known, leave in runs of up to 1 MiB while
 * the transaction group is still open, and can be read from here until they are written.
 */
import { blockBytes } from '../../shared/block-size.ts';
import type { DeviceArray } from './device-array.ts';

const runUnitsMax = 256;
const inFlightMax = 8;

/** Contiguous units in one buffer, as they were handed in. */
interface Part {
  readonly unit: number;
  readonly data: Uint8Array;
}

export class WriteStream {
  readonly #devices: DeviceArray;
  readonly #onProgress: () => void;
  readonly #parts = new Map<number, Part>();
  #tail: Part[] = [];
  #tailNext = 0;
  #tailUnits = 0;
  readonly #waiting: { readonly ticket: number; readonly parts: readonly Part[] }[] = [];
  /** Tickets of runs that are sealed and not written, lowest first. */
  readonly #outstanding = new Set<number>();
  #ticket = 0;
  #inFlight = 0;
  #failure: Error | undefined;
  #idle: (() => void)[] = [];

  /** `onProgress`: some writes have finished, or failed. */
  constructor(devices: DeviceArray, onProgress: () => void) {
    this.#devices = devices;
    this.#onProgress = onProgress;
  }

  get unwrittenBytes(): number {
    return this.#parts.size * blockBytes;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** `data` is whole units for contiguous places from `unit`; nobody changes it any more. */
  append(unit: number, data: Uint8Array): void {
    const part = { unit, data };
    const units = data.byteLength / blockBytes;
    if (unit !== this.#tailNext || this.#tailUnits >= runUnitsMax) this.#seal();
    this.#tail.push(part);
    this.#tailNext = unit + units;
    this.#tailUnits += units;
    for (let i = 0; i < units; i++) this.#parts.set(unit + i, part);
  }

  /** The unit, if it is not written yet. */
  find(unit: number): Uint8Array | undefined {
    const part = this.#parts.get(unit);
    const at = part === undefined ? 0 : (unit - part.unit) * blockBytes;
    return part?.data.subarray(at, at + blockBytes);
  }

  has(unit: number): boolean {
    return this.#parts.has(unit);
  }

  /** Resolves when everything appended so far is written; rejects when the pool can not be written to. */
  async drain(): Promise<void> {
    this.#seal();
    const last = this.#ticket;
    while (this.#failure === undefined && this.#oldest() <= last)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  #oldest(): number {
    for (const ticket of this.#outstanding) return ticket;
    return Infinity;
  }

  #seal(): void {
    if (this.#tail.length === 0) return;
    const ticket = ++this.#ticket;
    this.#outstanding.add(ticket);
    this.#waiting.push({ ticket, parts: this.#tail });
    this.#tail = [];
    this.#tailUnits = 0;
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < inFlightMax && this.#failure === undefined) {
      const run = this.#waiting.shift();
      if (run === undefined) break;
      this.#inFlight++;
      void this.#send(run.ticket, run.parts);
    }
  }

  async #send(ticket: number, run: readonly Part[]): Promise<void> {
    try {
      await this.#devices.write(run[0]?.unit ?? 0, gather(run));
      for (const part of run) this.#forget(part);
      this.#outstanding.delete(ticket);
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#inFlight--;
    this.#pump();
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
    this.#onProgress();
  }

  #forget(part: Part): void {
    for (let at = 0; at < part.data.byteLength; at += blockBytes)
      this.#parts.delete(part.unit + at / blockBytes);
  }
}

function gather(run: readonly Part[]): Uint8Array {
  const [only] = run;
  if (only !== undefined && run.length === 1) return only.data;
  const bytes = new Uint8Array(run.reduce((sum, part) => sum + part.data.byteLength, 0));
  let at = 0;
  for (const part of run) {
    bytes.set(part.data, at);
    at += part.data.byteLength;
  }
  return bytes;
}
