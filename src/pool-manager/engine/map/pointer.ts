/**
 * A pointer: 32 bytes, eight 32-bit words in little-endian order, 128 of them in a node (docs/disk-format.md).
 *
 *   word 0   batch, low 32 bits
 *   word 1   batch, high 8 | offset 11 | length 8 | kind 2 | compression 3      (lowest bits first)
 *   word 2   birth, low 32 bits
 *   word 3   birth, high 21 | flags 11
 *   words 4…7   checksum of the plain content, salted with what that is (checksum.ts)
 *
 *  - The **name** is (batch, offset), with a length: never changed, never given twice. Offset and length are in sectors of
 *    512 bytes; a table says where a batch lies now. Batch numbers only grow, so a name also tells when it was given.
 *  - `birth`: number of the entry that wrote or unmapped it; in a node's pointer the highest birth below.
 *  - A hole has kind 0, a birth, and nothing else; all zeros is "never touched".
 *  - Kind 2 is **lost**: like a hole, but nobody knows what was there, since the node that said so was unreadable when it
 *    had to be written anew. Reading there is an error until it is overwritten. Kind 3 is not given yet.
 *  - Flags are zero: kept for encryption.
 */
import { assert } from '../../../shared/assert.ts';

export const pointerWords = 8;
export const pointerBytes = 32;
export const pointersPerNode = 128;
export const nodeWords = pointerWords * pointersPerNode;
/** Where in a pointer the checksum begins, in words. */
export const checksumWord = 4;
/** Batch numbers end below. */
export const batchMax = 2 ** 40;
/** Sectors of a block that is stored as it is. */
export const plainSectors = 8;
/** Offsets in a batch end below: 255 units of data are 2040 sectors. */
export const offsetMax = 2 ** 11;
export const sectorsMax = 2 ** 8 - 1;
export const birthMax = 2 ** 53 - 1;

/** How the content is stored; the numbers are those on disk. */
export const compressionCode = { off: 0, lz4: 1, zstd: 2 } as const;

const two32 = 2 ** 32;
const offsetShift = 8;
const lengthShift = 19;
const kindShift = 27;
const compressionShift = 29;
const mappedBits = 1 << kindShift;
const lostBits = 2 << kindShift;
const kindMask = 3 << kindShift;

assert(new Uint8Array(Uint32Array.of(1).buffer)[0] === 1, 'the disk format needs a little-endian machine');

/** Whether it points to something; else it is a hole, lost, or was never touched. */
export const isMapped = (words: Uint32Array, at: number): boolean =>
  ((words[at + 1] ?? 0) & kindMask) === mappedBits;

/** Whether what was there can not be known. */
export const isLost = (words: Uint32Array, at: number): boolean =>
  ((words[at + 1] ?? 0) & kindMask) === lostBits;

export const batchOf = (words: Uint32Array, at: number): number =>
  (words[at] ?? 0) + ((words[at + 1] ?? 0) & 0xff) * two32;

/** Where in the batch it begins, in sectors. */
export const offsetOf = (words: Uint32Array, at: number): number =>
  ((words[at + 1] ?? 0) >>> offsetShift) & 0x7ff;

/** Length as it is stored, in sectors. */
export const sectorsOf = (words: Uint32Array, at: number): number =>
  ((words[at + 1] ?? 0) >>> lengthShift) & 0xff;

export const compressionOf = (words: Uint32Array, at: number): number =>
  (words[at + 1] ?? 0) >>> compressionShift;

export const birthOf = (words: Uint32Array, at: number): number =>
  (words[at + 2] ?? 0) + ((words[at + 3] ?? 0) & 0x1f_ffff) * two32;

/** The name as one number, for maps: batch and offset, below 2^51. */
export const nameOf = (words: Uint32Array, at: number): number =>
  batchOf(words, at) * offsetMax + offsetOf(words, at);

/** Whether two pointers have the same name. */
export const sameName = (a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): boolean =>
  a[aAt] === b[bAt] && (((a[aAt + 1] ?? 0) ^ (b[bAt + 1] ?? 0)) & 0x7_ffff) === 0;

/** Sets words 0 and 1: name, length, and kind 1. */
export function setName(
  words: Uint32Array,
  at: number,
  batch: number,
  offset: number,
  sectors: number,
  compression: number,
): void {
  words[at] = batch;
  words[at + 1] =
    Math.floor(batch / two32) |
    (offset << offsetShift) |
    (sectors << lengthShift) |
    mappedBits |
    (compression << compressionShift);
}

/** Sets how the content is stored; the rest of word 1 stays. */
export function setCompression(words: Uint32Array, at: number, compression: number): void {
  words[at + 1] = ((words[at + 1] ?? 0) & ~(7 << compressionShift)) | (compression << compressionShift);
}

/** Sets words 2 and 3; flags become zero. */
export function setBirth(words: Uint32Array, at: number, birth: number): void {
  words[at + 2] = birth;
  words[at + 3] = Math.floor(birth / two32);
}

export function setHole(words: Uint32Array, at: number, birth: number): void {
  words.fill(0, at, at + pointerWords);
  setBirth(words, at, birth);
}

export function setLost(words: Uint32Array, at: number, birth: number): void {
  setHole(words, at, birth);
  words[at + 1] = lostBits;
}

export function copyPointer(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number): void {
  for (let i = 0; i < pointerWords; i++) to[toAt + i] = from[fromAt + i] ?? 0;
}
