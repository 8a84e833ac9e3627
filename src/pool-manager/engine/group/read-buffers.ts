/**
 * Memory that devices read into: pieces of the arena in three sizes. A piece is lent to one reader at a time; the kernels
 * can check what is in it where it lies, and nothing is left for the collector.
 */
import { assert } from '../../../shared/assert.ts';
import { processArena, stripBytes } from './arena.ts';

/** The longest read in one piece. */
export const lentBytesMax = stripBytes;

/** What was read, from the beginning of `bytes` on, until it is given back. */
export interface Lent {
  /** May be longer than what was asked for; page-aligned. */
  readonly bytes: Uint8Array;
  give(): void;
}

class Piece implements Lent {
  readonly bytes: Uint8Array;
  isOut = false;
  readonly #free: Piece[];

  constructor(bytes: Uint8Array, free: Piece[]) {
    this.bytes = bytes;
    this.#free = free;
  }

  give(): void {
    assert(this.isOut, 'a piece is given back once');
    this.isOut = false;
    this.#free.push(this);
  }
}

const sizes = [4096, 32 * 1024, stripBytes].map((bytes) => ({ bytes, free: new Array<Piece>() }));

/** At most `lentBytesMax`. How many are out is bounded by the operations that may be under way. */
export function lendBuffer(lengthBytes: number): Lent {
  const size = sizes.find(({ bytes }) => lengthBytes <= bytes);
  assert(size !== undefined, 'longer reads go in pieces');
  let piece = size.free.pop();
  if (piece === undefined) {
    const arena = processArena();
    const strip = arena.take();
    for (let at = 0; at < stripBytes; at += size.bytes)
      size.free.push(new Piece(arena.view(strip + at, size.bytes), size.free));
    piece = size.free.pop();
  }
  assert(piece !== undefined, 'a strip has pieces');
  piece.isOut = true;
  return piece;
}
