/** Computes a column of a row range from d other columns. */
import { assert, must } from '../../../shared/assert.ts';
import { type Arena, stripBytes } from './arena.ts';
import { factorsFor } from './galois.ts';
import type { GroupShape } from './geometry.ts';

/** `pieces[i]` is what column `sources[i]` has in the range; all are of one length, a multiple of 16. */
export function reconstruct(
  arena: Arena,
  shape: GroupShape,
  target: number,
  sources: readonly number[],
  pieces: readonly Uint8Array[],
): Uint8Array {
  const factors = factorsFor(shape, target, sources);
  const lengthBytes = must(pieces[0], 'a source').byteLength;
  assert(
    pieces.every((piece) => piece.byteLength === lengthBytes),
    'pieces of one length',
  );
  const result = new Uint8Array(lengthBytes);
  const [sum, source] = [arena.take(), arena.take()];
  for (let at = 0; at < lengthBytes; at += stripBytes) {
    const length = Math.min(stripBytes, lengthBytes - at);
    arena.bytes.fill(0, sum, sum + length);
    for (const [i, piece] of pieces.entries()) {
      const factor = factors[i] ?? 0;
      if (factor === 0) continue;
      arena.bytes.set(piece.subarray(at, at + length), source);
      arena.kernels.multiplyInto(sum, source, length, factor);
    }
    result.set(arena.view(sum, length), at);
  }
  arena.give(source);
  arena.give(sum);
  return result;
}
