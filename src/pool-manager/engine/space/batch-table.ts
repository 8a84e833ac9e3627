/**
 * Where each batch lies that has units in use, and what is left of it. The cleaner may move a batch in several pieces,
 * each into a segment; what is known of the pieces of a segment stands together.
 *
 * Two words per piece, in the order of their bases: number, low 32 bits · number, high 8 bits, units 8, base 15, whether
 * it was moved 1. Behind them, for those that were moved, what is present of the batch (presence.ts). The base is the
 * unit of the segment where the piece begins. With its share of the index a piece takes about 14 bytes, and 1 to 32 more
 * once it was moved.
 */
import { assert } from '../../../shared/assert.ts';
import { BatchIndex, hashOf } from './batch-index.ts';
import { putPresence, rankOf, readPresence, storedBytes } from './presence.ts';
import { WordHeap } from './word-heap.ts';

const two32 = 2 ** 32;
const movedBit = 0x8000_0000;
const segmentsMax = 2 ** 30;
/** Units of a segment end here. */
export const basesMax = 2 ** 15;

/** The second word of a piece. */
export const headOf = (high: number, base: number, units: number, wasMoved: boolean): number =>
  (high | (units << 8) | (base << 16) | (wasMoved ? movedBit : 0)) >>> 0;

const unitsIn = (word: number): number => (word >>> 8) & 0xff;
const baseIn = (word: number): number => (word >>> 16) & (basesMax - 1);
const presenceBytesIn = (word: number): number => ((word & movedBit) === 0 ? 0 : storedBytes(unitsIn(word)));

export class BatchTable {
  readonly #heap = new WordHeap();
  /** By segment. */
  #pieces = new Uint16Array(0);
  readonly #index = new BatchIndex((segment, visit) => {
    const words = this.#heap.words(segment);
    const at = this.#heap.wordAt(segment);
    const end = segment === this.#indexing ? this.#indexingPiece : this.pieces(segment);
    for (let i = 0; i < end; i++) visit(hashOf(words[at + 2 * i] ?? 0, (words[at + 2 * i + 1] ?? 0) & 0xff));
  });
  #count = 0;
  /** At import: what comes before is in the index. */
  #indexing = -1;
  #indexingPiece = 0;
  /** What is being located: `ask` answers for one segment. */
  #low = 0;
  #high = 0;
  #offset = 0;
  readonly #ask = (segment: number): number => this.#unitIn(segment, this.#low, this.#high, this.#offset);
  readonly #askOverlap = (segment: number): number => this.#overlapIn(segment);
  /** What `locate` has found. */
  foundSegment = -1;
  foundPiece = -1;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#heap.bytes + this.#index.bytes + this.#pieces.byteLength;
  }

  /** So many segments. */
  grow(segments: number): void {
    assert(segments < segmentsMax, 'segments of a pool are numbered in 30 bits');
    this.#index.segments = segments;
    const pieces = new Uint16Array(segments);
    pieces.set(this.#pieces);
    this.#pieces = pieces;
    this.#heap.grow(segments);
  }

  /** How many pieces the segment has; they are counted from 0 in the order of their bases. */
  pieces(segment: number): number {
    return this.#pieces[segment] ?? 0;
  }

  /** Unit `offset` of a batch as a unit of `foundSegment`, in `foundPiece`; -1 when it is nowhere. */
  locate(low: number, high: number, offset: number): number {
    this.#low = low;
    this.#high = high;
    this.#offset = offset;
    return this.#index.search(hashOf(low, high), this.#ask);
  }

  /** The same by number. */
  locateUnit(batch: number, offset: number): number {
    return this.locate(batch >>> 0, Math.floor(batch / two32), offset);
  }

  numberAt(segment: number, piece: number): number {
    return this.#word(segment, piece, 0) + (this.#word(segment, piece, 1) & 0xff) * two32;
  }

  /** Units that it occupies, from its base on. */
  unitsAt(segment: number, piece: number): number {
    return unitsIn(this.#word(segment, piece, 1));
  }

  baseAt(segment: number, piece: number): number {
    return baseIn(this.#word(segment, piece, 1));
  }

  wasMoved(segment: number, piece: number): boolean {
    return (this.#word(segment, piece, 1) & movedBit) !== 0;
  }

  /** The piece with this base; -1 when none has it. */
  pieceAt(segment: number, base: number): number {
    for (let piece = this.pieces(segment) - 1; piece >= 0; piece--)
      if (this.baseAt(segment, piece) === base) return piece;
    return -1;
  }

  /** Offsets in the batch of what is in a piece that was moved, to `to`. */
  listAt(segment: number, piece: number, to: Uint8Array): void {
    const found = readPresence(
      this.#heap.bytesOf(segment),
      this.#presenceAt(segment, piece),
      this.unitsAt(segment, piece),
      to,
    );
    assert(found === this.unitsAt(segment, piece), 'as many bits as units');
  }

  /** What is present of it, as on disk, to `to[at…]`; answers how many bytes. */
  copyPresence(segment: number, piece: number, to: Uint8Array, at: number): number {
    const from = this.#presenceAt(segment, piece);
    const length = storedBytes(this.unitsAt(segment, piece));
    const bytes = this.#heap.bytesOf(segment);
    for (let i = 0; i < length; i++) to[at + i] = bytes[from + i] ?? 0;
    return length;
  }

  /** A piece; `present`: its offsets in the batch, if it was moved. */
  add(segment: number, batch: number, base: number, units: number, present?: Uint8Array): void {
    this.#index.add(hashOf(batch >>> 0, Math.floor(batch / two32)), segment);
    this.load(segment, batch, base, units, present);
  }

  remove(segment: number, piece: number): void {
    const low = this.#word(segment, piece, 0);
    const high = this.#word(segment, piece, 1) & 0xff;
    this.unload(segment, piece);
    this.#index.remove(hashOf(low, high), segment);
  }

  setUnits(segment: number, piece: number, units: number): void {
    const words = this.#heap.words(segment);
    const at = this.#heap.wordAt(segment) + 2 * piece + 1;
    const word = words[at] ?? 0;
    assert((word & movedBit) === 0, 'what grows was never moved');
    words[at] = (word & 0xffff_00ff) | (units << 8);
  }

  /** The first `prefix` units of a piece are gone. */
  shrink(segment: number, piece: number, prefix: number): void {
    const batch = this.numberAt(segment, piece);
    const base = this.baseAt(segment, piece) + prefix;
    const units = this.unitsAt(segment, piece);
    const left = this.#list(segment, piece).subarray(prefix);
    this.unload(segment, piece);
    this.load(segment, batch, base, units - prefix, left);
  }

  /** At import: a piece that is in no index yet. */
  load(segment: number, batch: number, base: number, units: number, present?: Uint8Array): void {
    assert(base < basesMax && units <= 255, 'bases are 15 bits, units 8');
    let piece = this.pieces(segment);
    while (piece > 0 && this.baseAt(segment, piece - 1) > base) piece--;
    const word = headOf(Math.floor(batch / two32), base, units, present !== undefined);
    const at = this.#makeRoom(segment, piece, presenceBytesIn(word));
    const words = this.#heap.words(segment);
    const begin = this.#heap.wordAt(segment) + 2 * piece;
    words[begin] = batch;
    words[begin + 1] = word;
    if (present !== undefined) putPresence(present, units, this.#heap.bytesOf(segment), at);
    this.#count++;
  }

  /**
   * At import: all pieces of a segment that has none, in the order of their bases. `heads`: two words each, as in
   * memory; `presence`: what follows them.
   */
  loadAll(segment: number, heads: Uint32Array, presence: Uint8Array): void {
    assert(this.pieces(segment) === 0, 'a page is read once');
    this.#heap.resize(segment, heads.length + Math.ceil(presence.byteLength / 4));
    if (heads.length === 0) return;
    const at = this.#heap.wordAt(segment);
    this.#heap.words(segment).set(heads, at);
    this.#heap.bytesOf(segment).set(presence, (at + heads.length) * 4);
    this.#pieces[segment] = heads.length / 2;
    this.#count += heads.length / 2;
  }

  /** At import: takes out a piece that is in no index. */
  unload(segment: number, piece: number): void {
    const pieces = this.pieces(segment);
    const bytes = this.#heap.bytesOf(segment);
    const at = this.#presenceAt(segment, piece);
    const end = this.#presenceAt(segment, pieces);
    const length = presenceBytesIn(this.#word(segment, piece, 1));
    const begin = this.#heap.wordAt(segment);
    bytes.copyWithin((begin + 2 * piece) * 4, (begin + 2 * piece + 2) * 4, at);
    bytes.copyWithin(at - 8, at + length, end);
    this.#pieces[segment] = pieces - 1;
    this.#heap.resize(segment, Math.ceil((end - 8 - length - begin * 4) / 4));
    this.#count--;
  }

  /** At import, before `indexAll`: room for all. */
  beginIndex(): void {
    this.#index.reserve(this.#count);
  }

  /** At import: all pieces of the segment go into the index. Answers the first that has a unit of another one, or -1. */
  indexAll(segment: number): number {
    if (this.pieces(segment) === 0) return -1;
    const words = this.#heap.words(segment);
    const at = this.#heap.wordAt(segment);
    this.#indexing = segment;
    for (let i = 0; i < this.pieces(segment); i++) {
      this.#indexingPiece = i;
      const hash = hashOf(words[at + 2 * i] ?? 0, (words[at + 2 * i + 1] ?? 0) & 0xff);
      if (this.#isElsewhere(hash, segment, i)) return i;
      this.#index.add(hash, segment);
    }
    this.#indexing = -1;
    return -1;
  }

  /** Whether another piece that is in the index has a unit of this one. */
  #isElsewhere(hash: number, segment: number, piece: number): boolean {
    this.#low = this.#word(segment, piece, 0);
    this.#high = this.#word(segment, piece, 1) & 0xff;
    return this.#index.search(hash, this.#askOverlap) >= 0;
  }

  /** The first piece of the segment, before the one that is being indexed, that has a unit of that one; -1: none. */
  #overlapIn(segment: number): number {
    const words = this.#heap.words(segment);
    const begin = this.#heap.wordAt(segment);
    const pieces = segment === this.#indexing ? this.#indexingPiece : this.pieces(segment);
    for (let at = begin; at < begin + 2 * pieces; at += 2) {
      if (words[at] !== this.#low || ((words[at + 1] ?? 0) & 0xff) !== this.#high) continue;
      const piece = (at - begin) / 2;
      if (this.#overlap(this.#indexing, this.#indexingPiece, segment, piece)) return piece;
    }
    return -1;
  }

  #overlap(segment: number, piece: number, other: number, otherPiece: number): boolean {
    marks.fill(0);
    for (const unit of this.#list(segment, piece)) marks[unit] = 1;
    for (const unit of this.#list(other, otherPiece)) if (marks[unit] === 1) return true;
    return false;
  }

  /** Offsets in the batch of what is in a piece; good until the next call. */
  #list(segment: number, piece: number): Uint8Array {
    const units = this.unitsAt(segment, piece);
    if (this.wasMoved(segment, piece)) this.listAt(segment, piece, scratch);
    else for (let i = 0; i < units; i++) scratch[i] = i;
    return scratch.subarray(0, units);
  }

  /** Moves what is behind apart; answers where the presence of the new piece begins. */
  #makeRoom(segment: number, piece: number, length: number): number {
    const pieces = this.pieces(segment);
    const skip = pieces === 0 ? 0 : this.#presenceAt(segment, piece) - this.#presenceAt(segment, 0);
    const all = pieces === 0 ? 0 : this.#presenceAt(segment, pieces) - this.#presenceAt(segment, 0);
    this.#heap.resize(segment, 2 * pieces + 2 + Math.ceil((all + length) / 4));
    const bytes = this.#heap.bytesOf(segment);
    const begin = this.#heap.wordAt(segment) * 4;
    const old = begin + 8 * pieces;
    bytes.copyWithin(old + 8 + skip + length, old + skip, old + all);
    bytes.copyWithin(begin + 8 * piece + 8, begin + 8 * piece, old + skip);
    this.#pieces[segment] = pieces + 1;
    return old + 8 + skip;
  }

  /** Where in `bytesOf` the presence of a piece begins; that of the one behind the last: where all of them end. */
  #presenceAt(segment: number, piece: number): number {
    const words = this.#heap.words(segment);
    const begin = this.#heap.wordAt(segment);
    let at = (begin + 2 * this.pieces(segment)) * 4;
    for (let i = 0; i < piece; i++) at += presenceBytesIn(words[begin + 2 * i + 1] ?? 0);
    return at;
  }

  /** Unit of the segment where unit `offset` of the batch lies; -1 when it is not there. */
  #unitIn(segment: number, low: number, high: number, offset: number): number {
    const words = this.#heap.words(segment);
    const begin = this.#heap.wordAt(segment);
    const end = begin + 2 * this.pieces(segment);
    for (let at = begin; at < end; at += 2) {
      if (words[at] !== low) continue;
      const word = words[at + 1] ?? 0;
      if ((word & 0xff) !== high) continue;
      const rank = this.#rankIn(segment, (at - begin) / 2, word, offset);
      if (rank < 0) continue;
      this.foundSegment = segment;
      this.foundPiece = (at - begin) / 2;
      return baseIn(word) + rank;
    }
    return -1;
  }

  #rankIn(segment: number, piece: number, word: number, offset: number): number {
    const units = unitsIn(word);
    if ((word & movedBit) === 0) return offset < units ? offset : -1;
    return rankOf(this.#heap.bytesOf(segment), this.#presenceAt(segment, piece), units, offset);
  }

  #word(segment: number, piece: number, word: number): number {
    return this.#heap.words(segment)[this.#heap.wordAt(segment) + 2 * piece + word] ?? 0;
  }
}

const scratch = new Uint8Array(256);
const marks = new Uint8Array(256);
