/** Which blocks take space, as the answer to a read that asks for that instead of data: the first stretch of its range. */
import type { BlockRange, Extent } from './copy.ts';

export interface Stretch {
  readonly mapped: boolean;
  /** Blocks from the beginning of the range, at least one. */
  readonly count: number;
}

/** `extents`: births of the range up to `next`, in order; what is not among them was never written. */
export function firstStretch({ block }: BlockRange, extents: readonly Extent[], next: number): Stretch {
  const mapped = extents.filter((extent) => extent.mapped);
  const [first] = mapped;
  if (first === undefined || first.block > block)
    return { mapped: false, count: (first?.block ?? next) - block };
  let end = block;
  for (const extent of mapped) {
    if (extent.block > end) break;
    end = extent.block + extent.count;
  }
  return { mapped: true, count: end - block };
}

const stretchBytes = 9;

export function encodeStretch({ mapped, count }: Stretch): Uint8Array {
  const bytes = Buffer.alloc(stretchBytes);
  bytes.writeUInt8(mapped ? 1 : 0);
  bytes.writeBigUInt64LE(BigInt(count), 1);
  return bytes;
}

/** Undefined when it is none. */
export function decodeStretch(bytes: Uint8Array): Stretch | undefined {
  if (bytes.byteLength !== stretchBytes) return undefined;
  const buffer = Buffer.from(bytes);
  const count = Number(buffer.readBigUInt64LE(1));
  return count < 1 ? undefined : { mapped: buffer[0] === 1, count };
}
