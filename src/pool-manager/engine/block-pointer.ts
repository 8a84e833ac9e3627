/**
 * A block pointer: 32 bytes, eight 32-bit words in little-endian order, 128 of them in a node (docs/disk-format.md).
 *
 *   word 0   unit, low 32 bits                word 2   birth, low 32 bits
 *   word 1   unit, high 8 | era, low 24       word 3   birth, high 21 | era, high 8 | kind 2 | 0
 *   words 4…7   checksum of what it points to, salted with what that is
 *
 *  - `unit`: where it lies, counted in 4 KiB over all groups of the pool (40 bits: 4 PiB).
 *  - `birth`: number of the entry that wrote or unmapped it; in a node's pointer the highest birth below.
 *  - `era`: the pool's count of snapshots when it was written. Older than a snapshot's era = in that snapshot's reach.
 *  - A hole has kind 0, a birth, and nothing else; all zeros is "never touched".
 */
import { assert } from '../../shared/assert.ts';

export const pointerWords = 8;
export const pointersPerNode = 128;
export const nodeWords = pointerWords * pointersPerNode;
/** Where in a pointer the checksum begins, in words. */
export const checksumWord = 4;
export const unitsMax = 2 ** 40;
export const eraMax = 2 ** 32 - 1;

const mappedBit = 1 << 29;
const two32 = 2 ** 32;

assert(new Uint8Array(Uint32Array.of(1).buffer)[0] === 1, 'the disk format needs a little-endian machine');

export const isMapped = (words: Uint32Array, at: number): boolean => ((words[at + 3] ?? 0) & mappedBit) !== 0;

export const unitOf = (words: Uint32Array, at: number): number =>
  (words[at] ?? 0) + ((words[at + 1] ?? 0) & 0xff) * two32;

export const eraOf = (words: Uint32Array, at: number): number =>
  ((words[at + 1] ?? 0) >>> 8) + (((words[at + 3] ?? 0) >>> 21) & 0xff) * 2 ** 24;

export const birthOf = (words: Uint32Array, at: number): number =>
  (words[at + 2] ?? 0) + ((words[at + 3] ?? 0) & 0x1f_ffff) * two32;

export function setHole(words: Uint32Array, at: number, birth: number): void {
  words.fill(0, at, at + pointerWords);
  words[at + 2] = birth;
  words[at + 3] = Math.floor(birth / two32);
}

/** Sets all but the checksum. */
export function setMapped(words: Uint32Array, at: number, unit: number, birth: number, era: number): void {
  words[at] = unit;
  words[at + 1] = Math.floor(unit / two32) | (era << 8);
  words[at + 2] = birth;
  words[at + 3] = Math.floor(birth / two32) | (Math.floor(era / 2 ** 24) << 21) | mappedBit;
}

export function copyPointer(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number): void {
  for (let i = 0; i < pointerWords; i++) to[toAt + i] = from[fromAt + i] ?? 0;
}

export const equalPointers = (a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): boolean => {
  for (let i = 0; i < pointerWords; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
};
