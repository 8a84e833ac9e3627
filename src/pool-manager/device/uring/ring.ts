/**
 * The two queues of an io_uring in memory that is shared with the kernel (io_uring(7)): entries go in at the tail of the
 * one, answers come out at the head of the other. One thread uses it, and the kernel looks at what was put in only when
 * it is called, so only the tail of the answers is written behind our back.
 */
import { getSystemErrorName } from 'node:util';
import { assert } from '../../../shared/assert.ts';
import type { Kernel } from './kernel.ts';

/** struct io_uring_params. */
const paramsBytes = 120;
const entryBytes = 64;
const answerBytes = 16;
const entriesOffset = 0x1000_0000;
const high = 2 ** 32;
/** IORING_FEAT_SINGLE_MMAP (5.4), NODROP (5.5), RW_CUR_POS (5.6: it has plain reads and writes, too). */
const neededFeatures = 0b1011;

export const opcodes = { sync: 3, read: 22, write: 23 } as const;
/** IORING_FSYNC_DATASYNC. */
const dataOnly = 1;

export interface Entry {
  readonly opcode: number;
  readonly descriptor: number;
  readonly offsetBytes: number;
  readonly address: number;
  readonly lengthBytes: number;
}

interface Memory {
  readonly queues: ArrayBuffer;
  readonly table: ArrayBuffer;
}

/** What struct io_uring_params says when it comes back: how many of each, and where they are in the memory, in bytes. */
const shapeOf = (params: DataView) => {
  const at = (offset: number) => params.getUint32(offset, true);
  return {
    entries: at(0),
    answers: at(4),
    tail: at(44),
    array: at(64),
    answersHead: at(80),
    answersTail: at(84),
    answersAt: at(100),
  };
};
type Shape = ReturnType<typeof shapeOf>;

export const failed = (call: string, errno: number) => ({ why: `${call}: ${getSystemErrorName(errno)}` });

export class Ring {
  readonly descriptor: number;
  readonly entries: number;
  readonly #kernel: Kernel;
  readonly #words: Int32Array;
  readonly #table: DataView;
  readonly #tail: number;
  readonly #answersHead: number;
  readonly #answersTail: number;
  readonly #answersAt: number;
  readonly #answers: number;
  /** Put in, and not taken by the kernel yet. */
  waiting = 0;

  private constructor(kernel: Kernel, descriptor: number, shape: Shape, memory: Memory) {
    this.#kernel = kernel;
    this.descriptor = descriptor;
    this.entries = shape.entries;
    this.#answers = shape.answers;
    this.#words = new Int32Array(memory.queues);
    this.#table = new DataView(memory.table);
    this.#tail = shape.tail / 4;
    this.#answersHead = shape.answersHead / 4;
    this.#answersTail = shape.answersTail / 4;
    this.#answersAt = shape.answersAt / 4;
    for (let slot = 0; slot < this.entries; slot++) this.#words[shape.array / 4 + slot] = slot;
  }

  /** Says why not where the kernel gives none. */
  static open(kernel: Kernel, entries: number): Ring | { readonly why: string } {
    const params = new DataView(new ArrayBuffer(paramsBytes));
    const descriptor = kernel.setup(entries, params.buffer);
    if (descriptor < 0) return failed('io_uring_setup', descriptor);
    if ((params.getUint32(20, true) & neededFeatures) !== neededFeatures)
      return { why: 'io_uring of a kernel before 5.6' };
    const shape = shapeOf(params);
    const { array, answersAt, answers } = shape;
    const bytes = Math.max(array + 4 * shape.entries, answersAt + answerBytes * answers);
    const queues = kernel.map(descriptor, bytes, 0);
    if (typeof queues === 'number') return failed('mmap', queues);
    const table = kernel.map(descriptor, shape.entries * entryBytes, entriesOffset);
    if (typeof table === 'number') return failed('mmap', table);
    return new Ring(kernel, descriptor, shape, { queues, table });
  }

  /** `slot` comes back with the answer. There is room: whoever puts in has no more under way than there are entries. */
  put(slot: number, { opcode, descriptor, offsetBytes, address, lengthBytes }: Entry): void {
    assert(this.waiting < this.entries, 'an io_uring takes as many as it has entries');
    const tail = this.#words[this.#tail] ?? 0;
    const at = (tail & (this.entries - 1)) * entryBytes;
    const table = this.#table;
    table.setUint32(at, opcode, true); // and no flags
    table.setInt32(at + 4, descriptor, true);
    putNumber(table, at + 8, offsetBytes);
    putNumber(table, at + 16, address);
    table.setUint32(at + 24, lengthBytes, true);
    table.setUint32(at + 28, opcode === opcodes.sync ? dataOnly : 0, true);
    putNumber(table, at + 32, slot);
    for (let rest = 40; rest < entryBytes; rest += 8) putNumber(table, at + rest, 0);
    Atomics.store(this.#words, this.#tail, (tail + 1) | 0);
    this.waiting += 1;
  }

  /** Gives the kernel what was put in. −errno: it takes nothing now. */
  enter(): number {
    const taken = this.#kernel.enter(this.descriptor, this.waiting);
    if (taken > 0) this.waiting -= taken;
    return taken;
  }

  /** Calls `answer` with the slot of each operation that is done, and its bytes or −errno. It may put in others. */
  reap(answer: (slot: number, result: number) => void): void {
    const tail = Atomics.load(this.#words, this.#answersTail);
    for (let head = this.#words[this.#answersHead] ?? 0; head !== tail; head = (head + 1) | 0) {
      const at = this.#answersAt + (head & (this.#answers - 1)) * (answerBytes / 4);
      const [slot = 0, result = 0] = [this.#words[at], this.#words[at + 2]];
      Atomics.store(this.#words, this.#answersHead, (head + 1) | 0);
      answer(slot, result);
    }
  }
}

function putNumber(table: DataView, at: number, value: number): void {
  table.setUint32(at, value % high, true);
  table.setUint32(at + 4, Math.floor(value / high), true);
}
