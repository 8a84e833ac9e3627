/**
 * A long list of extents in a payload: the first block, then 16 bytes for each: where it begins behind the first, u32; its
 * length, u32, with the highest bit set where it holds data; its birth, u64.
 */
import { assert } from '../shared/assert.ts';
import type { Extent } from './copy.ts';
import { WireError } from './wire.ts';

const headBytes = 8;
const rowBytes = 16;
const two31 = 2 ** 31;

export function encodeExtents(extents: readonly Extent[]): Uint8Array {
  const bytes = new Uint8Array(headBytes + extents.length * rowBytes);
  const view = new DataView(bytes.buffer);
  const first = extents[0]?.block ?? 0;
  view.setBigUint64(0, BigInt(first), true);
  extents.forEach(({ block, count, birth, mapped }, index) => {
    const at = headBytes + index * rowBytes;
    assert(block - first < 2 ** 32 && count < two31, 'extents of one list are near');
    view.setUint32(at, block - first, true);
    view.setUint32(at + 4, mapped ? count + two31 : count, true);
    view.setUint32(at + 8, birth % 2 ** 32, true);
    view.setUint32(at + 12, Math.floor(birth / 2 ** 32), true);
  });
  return bytes;
}

/** Throws WireError. */
export function decodeExtents(bytes: Uint8Array): Extent[] {
  const rows = (bytes.byteLength - headBytes) / rowBytes;
  if (!Number.isInteger(rows) || rows < 0) throw new WireError('a list of extents is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = Number(view.getBigUint64(0, true));
  return Array.from({ length: rows }, (_, index) => {
    const at = headBytes + index * rowBytes;
    const length = view.getUint32(at + 4, true);
    const birth = view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32;
    const extent = {
      block: first + view.getUint32(at, true),
      count: length % two31,
      birth,
      mapped: length >= two31,
    };
    const isWhole = Number.isSafeInteger(extent.block) && Number.isSafeInteger(birth) && extent.count > 0;
    if (!isWhole) throw new WireError('a list of extents does not hold numbers');
    return extent;
  });
}
