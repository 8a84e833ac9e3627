/**
 * Changes of the table since the checkpoint before: one item per checkpoint.
 *
 * An entry is two words or more: operation 4 bits, argument 28 bits · group 8 bits, segment 24 bits · operands. Each
 * concerns one segment, so that segment's page decides whether it is applied.
 *
 * Three parts, one behind the other: what became of segments and new batches; what became live; what moved and what died,
 * in the order in which it did. Within one checkpoint no segment dies and begins anew, and no unit becomes live after it
 * was moved, so the parts may be told apart; then what became live is a bit per unit.
 */
import { assert } from '../../../shared/assert.ts';

/** The numbers are those on disk. */
export const tableOp = {
  /** The segment begins anew; argument: heat. */
  open: 1,
  /** It is closed; argument: 1 if it has a summary; operand: clock. */
  close: 2,
  /** It may be opened again. */
  free: 3,
  /** Operands: checkpoints that wrote to it, first and last. */
  txgs: 4,
  /** A batch that was never moved; argument: base 16, units 8; operands: its number. */
  batch: 5,
  /** Units became live; argument: words of bits that follow. */
  live: 6,
  /** One more block of a unit became live; argument: unit. */
  liveToo: 7,
  /** A batch and its units came here; argument: base 16, units 8; operands: its number, 256 bits of presence. */
  moveIn: 8,
  /** A batch and its units left; argument: base 16, units 8; operands: its number. */
  moveOut: 9,
  /** One block of a unit died; argument: unit. */
  dead: 10,
} as const;

const operands: readonly number[] = [0, 0, 1, 0, 2, 2, 0, 0, 10, 2, 0];
const headerWords = 4;
const formatVersion = 1;
const two32 = 2 ** 32;
const segmentBits = 24;
const segmentMask = 2 ** segmentBits - 1;

/** The table on disk contradicts itself: the pool can not be imported from this root. */
export class TableError extends Error {
  override readonly name = 'TableError';
}

export const whereOf = (group: number, segment: number): number => {
  assert(group < 256 && segment <= segmentMask, 'groups are numbered in 8 bits, segments in 24');
  return ((group << segmentBits) | segment) >>> 0;
};

export const groupOfWhere = (where: number): number => where >>> segmentBits;
export const segmentOfWhere = (where: number): number => where & segmentMask;

const chunkLog2 = 14;
const chunkWords = 2 ** chunkLog2;

/** Grows by pieces: nothing that stands in it is copied. */
class WordList {
  readonly #chunks: Uint32Array[] = [new Uint32Array(64)];
  #last: Uint32Array = this.#chunks[0] ?? new Uint32Array(64);
  length = 0;

  get bytes(): number {
    return this.#chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  push(word: number): void {
    const at = this.length++ & (chunkWords - 1);
    if (at === this.#last.length || (at === 0 && this.length > 1)) this.#grow(at);
    this.#last[at] = word;
  }

  /** Sets bits of a word that was pushed before. */
  set(at: number, bits: number): void {
    const chunk = this.#chunks[at >>> chunkLog2];
    if (chunk !== undefined) chunk[at & (chunkWords - 1)] = (chunk[at & (chunkWords - 1)] ?? 0) | bits;
  }

  copyTo(to: Uint32Array, at: number): void {
    for (const [index, chunk] of this.#chunks.entries()) {
      const from = index * chunkWords;
      to.set(chunk.subarray(0, Math.min(chunkWords, this.length - from)), at + from);
    }
  }

  clear(): void {
    this.length = 0;
    this.#chunks.length = 1;
    this.#last = this.#chunks[0] ?? this.#last;
  }

  /** The first piece begins small. */
  #grow(at: number): void {
    const grown = new Uint32Array(this.length > chunkWords ? chunkWords : Math.min(chunkWords, at * 4));
    if (at > 0) {
      grown.set(this.#last);
      this.#chunks[0] = grown;
    } else this.#chunks.push(grown);
    this.#last = grown;
  }
}

export class TableLog {
  readonly #segments = new WordList();
  readonly #live = new WordList();
  readonly #moves = new WordList();

  get bytes(): number {
    return this.#segments.bytes + this.#live.bytes + this.#moves.bytes;
  }

  open(where: number, heat: number): void {
    entry(this.#segments, tableOp.open, where, heat);
  }

  close(where: number, hasSummary: boolean, clock: number): void {
    entry(this.#segments, tableOp.close, where, hasSummary ? 1 : 0);
    this.#segments.push(clock);
  }

  free(where: number): void {
    entry(this.#segments, tableOp.free, where, 0);
  }

  txgs(where: number, first: number, last: number): void {
    entry(this.#segments, tableOp.txgs, where, 0);
    this.#segments.push(first);
    this.#segments.push(last);
  }

  batch(where: number, base: number, units: number, batch: number): void {
    entry(this.#segments, tableOp.batch, where, (base << 8) | units);
    pushNumber(this.#segments, batch);
  }

  live(where: number, bits: Uint32Array): void {
    entry(this.#live, tableOp.live, where, bits.length);
    for (const word of bits) this.#live.push(word);
  }

  liveToo(where: number, unit: number): void {
    entry(this.#live, tableOp.liveToo, where, unit);
  }

  /** `units[0…count)`: what is present, as offsets in the batch. */
  moveIn(where: number, base: number, count: number, batch: number, units: Uint8Array): void {
    entry(this.#moves, tableOp.moveIn, where, (base << 8) | count);
    pushNumber(this.#moves, batch);
    const from = this.#moves.length;
    for (let i = 0; i < 8; i++) this.#moves.push(0);
    for (let i = 0; i < count; i++) {
      const unit = units[i] ?? 0;
      this.#moves.set(from + (unit >>> 5), 1 << (unit & 31));
    }
  }

  /** One more block in a unit that came by `moveIn`. */
  moveInToo(where: number, unit: number): void {
    entry(this.#moves, tableOp.liveToo, where, unit);
  }

  moveOut(where: number, base: number, count: number, batch: number): void {
    entry(this.#moves, tableOp.moveOut, where, (base << 8) | count);
    pushNumber(this.#moves, batch);
  }

  dead(where: number, unit: number): void {
    entry(this.#moves, tableOp.dead, where, unit);
  }

  /** The item, and an empty log. */
  take(clock: number): Uint8Array {
    const parts = [this.#segments, this.#live, this.#moves];
    const length = parts.reduce((sum, part) => sum + part.length, headerWords);
    const words = new Uint32Array(length);
    words.set([formatVersion, length, clock, 0]);
    let at = headerWords;
    for (const part of parts) {
      part.copyTo(words, at);
      at += part.length;
      part.clear();
    }
    return new Uint8Array(words.buffer);
  }
}

function entry(list: WordList, op: number, where: number, argument: number): void {
  list.push(((op << 28) | argument) >>> 0);
  list.push(where);
}

function pushNumber(list: WordList, value: number): void {
  list.push(value >>> 0);
  list.push(Math.floor(value / two32));
}

/** `words[at…]`: the operands. */
export type TableEntry = (
  op: number,
  group: number,
  segment: number,
  argument: number,
  words: Uint32Array,
  at: number,
) => void;

/** Calls `apply` for each entry, in order; answers the clock. Throws TableError. */
export function readTableLog(bytes: Uint8Array, apply: TableEntry): number {
  const words = new Uint32Array(bytes.slice().buffer, 0, bytes.byteLength >>> 2);
  if (words[0] !== formatVersion || words[1] !== words.length)
    throw new TableError('a log of the table begins with its version and its length');
  for (let at = headerWords; at < words.length;) {
    const first = words[at] ?? 0;
    const where = words[at + 1] ?? 0;
    const op = first >>> 28;
    const argument = first & 0xfff_ffff;
    const length = op === tableOp.live ? argument : operands[op];
    if (op === 0 || length === undefined || at + 2 + length > words.length)
      throw new TableError(`the log of the table has no entry at word ${at}`);
    apply(op, where >>> segmentBits, where & segmentMask, argument, words, at + 2);
    at += 2 + length;
  }
  return words[2] ?? 0;
}

/** A number of two words. */
export const numberAt = (words: Uint32Array, at: number): number =>
  (words[at] ?? 0) + (words[at + 1] ?? 0) * two32;
