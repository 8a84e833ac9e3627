/**
 * 128-bit checksums: two XXH64 with different seeds, both functions of a salt that says what the bytes are.
 *
 *  - Data is salted with its block number alone, so that replicas of a volume have equal checksums for equal content and
 *    digests come from the map without reading data. Nodes are salted with their ids, which no block number reaches
 *    (map/owner.ts).
 *  - Labels, roots and items have salts of their own: one that is found in the place of another does not verify.
 */
import { blockBytes } from '../../shared/block-size.ts';
import { copyBytes } from '../../shared/copy-bytes.ts';
import { openKernels, reserved } from '../../shared/kernels.ts';
import { isInProcessArena, processArena } from './group/arena.ts';

const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
const kernels = openKernels(memory);
const bytes = new Uint8Array(memory.buffer);
const words = new Uint32Array(memory.buffer);
const at = reserved;
const sumAt = at + 16_384;
const sumWord = sumAt / 4;

/** Longest input: a label's header. */
export const checksummedBytesMax = 16_384;

/** The upper half of a salt: which kind of unit it is. */
export const saltKind = {
  root: 0x1000_0000,
  label: 0x0800_0000,
  item: 0x0400_0000,
} as const;

/** Where the last checksum stands. */
let sums: Uint32Array = words;
let sumsAt = sumWord;

/** What lies in the arena is not copied. */
function sum(source: Uint8Array, from: number, length: number, saltLow: number, saltHigh: number): void {
  if (isInProcessArena(source)) {
    const { kernels: near, table, tableAt } = processArena();
    near.checksum128(tableAt, source.byteOffset + from, length, saltLow, saltHigh);
    sums = table;
    sumsAt = 0;
    return;
  }
  sums = words;
  sumsAt = sumWord;
  copyBytes(source, from, length, bytes, at);
  kernels.checksum128(sumAt, at, length, saltLow, saltHigh);
}

/** Writes the four words of the checksum of the unit that begins at `from` to `to[toAt…]`. */
export function checksumUnit(
  source: Uint8Array,
  from: number,
  saltLow: number,
  saltHigh: number,
  to: Uint32Array,
  toAt: number,
): void {
  sum(source, from, blockBytes, saltLow, saltHigh);
  for (let i = 0; i < 4; i++) to[toAt + i] = sums[sumsAt + i] ?? 0;
}

/** Whether the unit at `from` has the checksum that stands in `of[ofAt…]`. */
export function verifyUnit(
  source: Uint8Array,
  from: number,
  saltLow: number,
  saltHigh: number,
  of: Uint32Array,
  ofAt: number,
): boolean {
  sum(source, from, blockBytes, saltLow, saltHigh);
  for (let i = 0; i < 4; i++) if (of[ofAt + i] !== sums[sumsAt + i]) return false;
  return true;
}

/**
 * What summaries of batches say of stored bytes: the first lane of their checksum, salted with whose they are (48 bits),
 * to `to[0]` and `to[1]`. For a unit that is stored as it is, these are words 4 and 5 of its pointer.
 */
export function storedSum(
  source: Uint8Array,
  from: number,
  lengthBytes: number,
  owner: number,
  to: Uint32Array,
): void {
  sum(source, from, lengthBytes, owner >>> 0, Math.floor(owner / 2 ** 32));
  to[0] = sums[sumsAt] ?? 0;
  to[1] = sums[sumsAt + 1] ?? 0;
}

/** 16 bytes over `source`, up to `checksummedBytesMax`; for labels and roots, which carry their checksum themselves. */
export function checksumBytes(source: Uint8Array, saltLow: number, saltHigh: number): Uint8Array {
  sum(source, 0, source.byteLength, saltLow, saltHigh);
  return new Uint8Array(sums.slice(sumsAt, sumsAt + 4).buffer);
}
