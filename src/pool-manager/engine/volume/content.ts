/**
 * Blocks of data on their way in and out: zero test, checksum and compression, all in one arena, one copy each way.
 *
 * Compressed bytes are stored behind their length (two bytes, little-endian) and padded with zeros to whole sectors. The
 * checksum is always that of the plain content, salted with the block's number.
 */
import { assert } from '../../../shared/assert.ts';
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import { copyBytes } from '../../../shared/copy-bytes.ts';
import { openKernels, reserved } from '../../../shared/kernels.ts';
import { verifyUnit } from '../checksum.ts';
import { saltHigh, saltLow } from '../map/owner.ts';
import {
  checksumWord,
  compressionCode,
  compressionOf,
  isMapped,
  plainSectors,
  sectorsOf,
} from '../map/pointer.ts';
import type { VolumeProperties } from '../volume-store.ts';
import type { Zstd } from './volume-core.ts';

/** Blocks that are taken in at once. */
export const pieceBlocks = 32;
const lengthBytes = 2;
/** Longest compressed form that saves a sector. */
const packedMax = (plainSectors - 1) * sectorBytes - lengthBytes;

const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 });
const kernels = openKernels(memory);
/** Where the piece is, from `pieceAt(0)` on. */
export const arena = new Uint8Array(memory.buffer);
const arenaWords = new Uint32Array(memory.buffer);
const packedAt = reserved + pieceBlocks * blockBytes;
const plainAt = packedAt + blockBytes;
const sumAt = plainAt + blockBytes;

export const pieceAt = (index: number): number => reserved + index * blockBytes;

/** Copies up to `pieceBlocks` whole blocks into the arena. */
export function takePiece(data: Uint8Array, from: number, length: number): void {
  assert(length <= pieceBlocks * blockBytes, 'a piece fits the arena');
  arena.set(length === data.byteLength ? data : data.subarray(from, from + length), reserved);
}

export const isZero = (index: number): boolean => kernels.isZero(pieceAt(index), blockBytes) === 1;

/** The checksum of a block of the piece to `to[at…]`. */
export function sumOf(index: number, block: number, to: Uint32Array, at: number): void {
  kernels.checksum128(sumAt, pieceAt(index), blockBytes, saltLow(block), saltHigh(block));
  for (let i = 0; i < 4; i++) to[at + i] = arenaWords[sumAt / 4 + i] ?? 0;
}

/** Compresses a block of the piece to `packedBytes`; answers its sectors, or 0 when it saves none. */
export function pack(index: number, properties: VolumeProperties, zstd: Zstd | undefined): number {
  const at = pieceAt(index);
  let length = 0;
  if (properties.compression === 'lz4')
    length = kernels.lz4Compress(at, blockBytes, packedAt + lengthBytes, packedMax);
  else if (zstd !== undefined) {
    const packed = zstd.compress(arena.slice(at, at + blockBytes), properties.zstdLevel, packedMax);
    if (packed !== undefined) arena.set(packed, packedAt + lengthBytes);
    length = packed?.byteLength ?? 0;
  }
  if (length === 0) return 0;
  arena[packedAt] = length & 0xff;
  arena[packedAt + 1] = length >>> 8;
  const sectors = Math.ceil((lengthBytes + length) / sectorBytes);
  arena.fill(0, packedAt + lengthBytes + length, packedAt + sectors * sectorBytes);
  return sectors;
}

/** Where `pack` leaves its result in the arena. */
export const packed = packedAt;

/** 64 bits over stored bytes of the arena, as summaries have them, to `to[0]` and `to[1]`. */
export function sumStored(at: number, length: number, block: number, to: Uint32Array): void {
  kernels.checksum128(sumAt, at, length, saltLow(block), saltHigh(block));
  to[0] = arenaWords[sumAt / 4] ?? 0;
  to[1] = arenaWords[sumAt / 4 + 1] ?? 0;
}

/** Whether the stored bytes at `from` are what the pointer at `words[at…]` promises of this block. */
export function isStoredGood(
  stored: Uint8Array,
  from: number,
  block: number,
  words: Uint32Array,
  at: number,
  zstd?: Zstd,
): boolean {
  if (compressionOf(words, at) === compressionCode.off)
    return verifyUnit(stored, from, saltLow(block), saltHigh(block), words, at + checksumWord);
  if (!unpack(stored, from, words, at, zstd)) return false;
  kernels.checksum128(sumAt, plainAt, blockBytes, saltLow(block), saltHigh(block));
  for (let i = 0; i < 4; i++) if (words[at + checksumWord + i] !== arenaWords[sumAt / 4 + i]) return false;
  return true;
}

/** Whether `data`, one block, is the content that the pointer promises. */
export const hasContent = (words: Uint32Array, block: number, data: Uint8Array): boolean =>
  isMapped(words, 0) && verifyUnit(data, 0, saltLow(block), saltHigh(block), words, checksumWord);

/**
 * What is stored of a block that the pointer promises, byte for byte; undefined where it can not be made again (zstd may
 * have had another level, or release).
 */
export function storedAgain(words: Uint32Array, data: Uint8Array): Uint8Array | undefined {
  const compression = compressionOf(words, 0);
  if (compression === compressionCode.off) return data;
  if (compression !== compressionCode.lz4) return undefined;
  takePiece(data, 0, blockBytes);
  const sectors = pack(0, { compression: 'lz4', zstdLevel: 1 }, undefined);
  return sectors === sectorsOf(words, 0) ? arena.slice(packed, packed + sectors * sectorBytes) : undefined;
}

/** Both at once: the plain content of a block to `into[intoAt…]`, if the stored bytes are what the pointer promises. */
export function takePlain(
  stored: Uint8Array,
  from: number,
  block: number,
  words: Uint32Array,
  at: number,
  zstd: Zstd | undefined,
  into: Uint8Array,
  intoAt: number,
): boolean {
  if (!isStoredGood(stored, from, block, words, at, zstd)) return false;
  if (compressionOf(words, at) === compressionCode.off) copyBytes(stored, from, blockBytes, into, intoAt);
  else copyBytes(arena, plainAt, blockBytes, into, intoAt); // where it was decompressed to
  return true;
}

/** Decompresses into the arena. */
function unpack(stored: Uint8Array, from: number, words: Uint32Array, at: number, zstd?: Zstd): boolean {
  const length = (stored[from] ?? 0) + (stored[from + 1] ?? 0) * 256;
  if (length > packedMax || lengthBytes + length > sectorsOf(words, at) * sectorBytes) return false;
  const bytes = stored.subarray(from + lengthBytes, from + lengthBytes + length);
  if (compressionOf(words, at) === compressionCode.lz4) {
    arena.set(bytes, packedAt);
    return kernels.lz4Decompress(packedAt, length, plainAt, blockBytes) === blockBytes;
  }
  const plain = zstd?.decompress(bytes, blockBytes);
  if (plain === undefined) return false;
  arena.set(plain, plainAt);
  return true;
}
