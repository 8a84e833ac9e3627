/**
 * File operations by io_uring: all of a turn of the loop are given to the kernel in one call, and no thread is woken for
 * any: a third of the processor time of Node's threads, which is what a pool has least of.
 */
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { assert } from '../../../shared/assert.ts';
import type { FileOperations } from '../file-operations.ts';
import type { Done } from '../operation-queue.ts';
import { type Kernel, openKernel, type Watch } from './kernel.ts';
import { failed, opcodes, Ring } from './ring.ts';

/** Under way at a time in a process; others wait here in order. */
const entriesMax = 512;
/** errno: the kernel is short of memory, or wants answers to be taken first. */
const [eagain, ebusy, eintr] = [11, 16, 4];
/** It is asked again so often in a row, and so much later each time: half a minute, as long as a device may be silent. */
const refusalsMax = 30_000;
const refusedMs = 1;
/** An operation that was interrupted, or for which there was no memory, is begun again so often. */
const triesMax = 8;

interface Waiting {
  readonly opcode: number;
  readonly descriptor: number;
  readonly memory: Uint8Array | undefined;
  readonly lengthBytes: number;
  readonly offsetBytes: number;
  readonly done: Done;
  triesLeft: number;
}

const names: Readonly<Record<number, string>> = {
  [opcodes.read]: 'read',
  [opcodes.write]: 'write',
  [opcodes.sync]: 'fdatasync',
};

/** Says why not where it can not be. */
export function openUring(kernel = openKernel()): FileOperations | { readonly why: string } {
  if ('why' in kernel) return kernel;
  const ring = Ring.open(kernel, entriesMax);
  if ('why' in ring) return ring;
  let wake = (): void => undefined;
  const watch = kernel.watch(ring.descriptor, () => wake());
  if (typeof watch === 'number') return failed('io_uring_register', watch);
  const operations = new UringOperations(kernel, ring, watch);
  wake = () => operations.reap();
  return operations;
}

class UringOperations implements FileOperations {
  readonly #kernel: Kernel;
  readonly #ring: Ring;
  readonly #watch: Watch;
  /** Under way, by slot: they keep their memory, too. */
  readonly #operations: (Waiting | undefined)[];
  readonly #free: number[];
  readonly #waiting: Waiting[] = [];
  readonly #addresses = new WeakMap<ArrayBufferLike, number>();
  #isEntering = false;
  #refusals = 0;

  constructor(kernel: Kernel, ring: Ring, watch: Watch) {
    this.#kernel = kernel;
    this.#ring = ring;
    this.#operations = Array.from({ length: ring.entries });
    this.#free = Array.from({ length: ring.entries }, (_, slot) => slot);
    this.#watch = watch;
  }

  read(descriptor: number, memory: Uint8Array, lengthBytes: number, offsetBytes: number, done: Done): void {
    this.#add({ opcode: opcodes.read, descriptor, memory, lengthBytes, offsetBytes, done });
  }

  write(descriptor: number, memory: Uint8Array, lengthBytes: number, offsetBytes: number, done: Done): void {
    this.#add({ opcode: opcodes.write, descriptor, memory, lengthBytes, offsetBytes, done });
  }

  sync(descriptor: number, done: Done): void {
    const none = { memory: undefined, lengthBytes: 0, offsetBytes: 0 };
    this.#add({ opcode: opcodes.sync, descriptor, ...none, done });
  }

  #add(asked: Omit<Waiting, 'triesLeft'>): void {
    const operation = { ...asked, triesLeft: triesMax };
    const { memory, lengthBytes } = operation;
    assert(lengthBytes <= (memory?.byteLength ?? 0), 'a transfer lies within its memory');
    if (this.#free.length === 0) this.#waiting.push(operation);
    else this.#begin(operation);
  }

  #begin(operation: Waiting): void {
    const slot = this.#free.pop();
    assert(slot !== undefined, 'a slot is free');
    if (this.#free.length === this.#ring.entries - 1) this.#watch.hold();
    this.#operations[slot] = operation;
    const { opcode, descriptor, lengthBytes, offsetBytes, memory } = operation;
    const address = memory === undefined ? 0 : this.#addressOf(memory.buffer) + memory.byteOffset;
    this.#ring.put(slot, { opcode, descriptor, offsetBytes, address, lengthBytes });
    if (this.#isEntering) return;
    this.#isEntering = true;
    queueMicrotask(() => this.#enter());
  }

  /** Memory does not move while somebody has it. */
  #addressOf(buffer: ArrayBufferLike): number {
    const known = this.#addresses.get(buffer);
    if (known !== undefined) return known;
    const address = this.#kernel.addressOf(buffer);
    this.#addresses.set(buffer, address);
    return address;
  }

  #enter(): void {
    this.#isEntering = false;
    const taken = this.#ring.enter();
    assert(taken >= 0 || [eagain, ebusy, eintr].includes(-taken), `io_uring_enter: errno ${-taken}`);
    this.#refusals = taken > 0 ? 0 : this.#refusals + 1;
    assert(this.#refusals < refusalsMax, 'the kernel takes what it is given some time');
    if (this.#ring.waiting === 0) return;
    this.#isEntering = true;
    setTimeout(() => this.#enter(), refusedMs);
  }

  /** Takes what is done. */
  reap(): void {
    this.#ring.reap((slot, result) => {
      const operation = this.#operations[slot];
      assert(operation !== undefined, 'an answer is to something that was asked');
      this.#operations[slot] = undefined;
      this.#free.push(slot);
      const isAgain = (result === -eagain || result === -eintr) && operation.triesLeft-- > 0;
      const next = isAgain ? operation : this.#waiting.shift();
      if (next !== undefined) this.#begin(next);
      else if (this.#free.length === this.#ring.entries) this.#watch.release();
      if (isAgain) return;
      if (result >= 0) operation.done(null, result);
      else operation.done(errorOf(result, names[operation.opcode] ?? ''), 0);
    });
  }
}

/** As those of node:fs. */
function errorOf(errno: number, syscall: string): Error {
  const code = getSystemErrorName(errno);
  const message = `${code}: ${getSystemErrorMessage(errno) ?? ''}, ${syscall}`;
  return Object.assign(new Error(message), { errno, code, syscall });
}
