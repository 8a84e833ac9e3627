/**
 * Memory whose bytes XXH64 reads where they are, in regions that are taken and given back. What lies elsewhere is copied to
 * be hashed. All of it is there from the beginning as addresses; the machine gives memory where it is touched.
 */
import { assert } from './assert.ts';
import { copyBytes } from './copy-bytes.ts';
import { openKernels, reserved } from './kernels.ts';

/** What is hashed at once, of bytes that lie elsewhere. */
export const copiedBytesMax = 2 * 2 ** 20 + 4096;
const pageBytes = 65_536;
const regionsBytesMax = 128 * 2 ** 20;
/** Where a hash is written, and where bytes are copied to. */
const sumAt = reserved;
const copyAt = reserved + 64;
const regionsAt = Math.ceil((copyAt + copiedBytesMax) / pageBytes) * pageBytes;
const endAt = regionsAt + regionsBytesMax;

const memory = new WebAssembly.Memory({ initial: endAt / pageBytes, maximum: endAt / pageBytes });
const kernels = openKernels(memory);
const all = new Uint8Array(memory.buffer);
const sums = new DataView(memory.buffer, sumAt, 8);
/** Given back, by their size. */
const spare = new Map<number, number[]>();
let takenTo = regionsAt;

/** A region of so many bytes, whatever is in it; undefined when all is in use. */
export function takeHashed(bytes: number): Uint8Array | undefined {
  const known = spare.get(bytes)?.pop();
  const at = known ?? takenTo;
  if (at + bytes > endAt) return undefined;
  if (known === undefined) takenTo += Math.ceil(bytes / pageBytes) * pageBytes;
  return new Uint8Array(memory.buffer, at, bytes);
}

/** Nobody refers to the region, which `takeHashed` answered, any more. */
export function giveHashed({ byteOffset, byteLength }: Uint8Array): void {
  const known = spare.get(byteLength);
  if (known === undefined) spare.set(byteLength, [byteOffset]);
  else known.push(byteOffset);
}

/** Where in the memory the bytes begin; −1: they lie elsewhere. */
export const hashedAt = (bytes: Uint8Array): number =>
  bytes.buffer === memory.buffer ? bytes.byteOffset : -1;

/** The lower half of XXH64 over what lies at `at` of the memory. */
export function lowerSumAt(at: number, length: number): number {
  kernels.xxh64(sumAt, at, length);
  return sums.getUint32(0, true);
}

/** The same over two pieces, one after the other, wherever they lie; `length` bytes at `at` of the first. */
export function lowerSumOf(first: Uint8Array, at: number, length: number, second: Uint8Array): number {
  const whole = length + second.byteLength;
  assert(whole <= copiedBytesMax, 'what is hashed has its bounds');
  copyBytes(first, at, length, all, copyAt);
  copyBytes(second, 0, second.byteLength, all, copyAt + length);
  return lowerSumAt(copyAt, whole);
}
