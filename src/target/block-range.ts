/** Ranges of bytes as ranges of blocks, and those as pieces of which each is one entry or one read. */
import type { BlockRange } from '../replication/copy.ts';
import { assert } from '../shared/assert.ts';
import { blockBytes } from '../shared/block-size.ts';

/** Blocks of one entry or one read: bounds what a frame carries. */
export const requestBlocksMax = 256;

/** Whole blocks, no more than one entry or one read. */
export const isOneRequest = (offsetBytes: number, lengthBytes: number): boolean =>
  offsetBytes % blockBytes === 0 &&
  lengthBytes % blockBytes === 0 &&
  lengthBytes <= requestBlocksMax * blockBytes;

/** The whole blocks around a range of bytes. */
export function outerBlocks(offsetBytes: number, lengthBytes: number): BlockRange {
  assert(offsetBytes >= 0 && lengthBytes > 0, 'a range of bytes');
  const block = Math.floor(offsetBytes / blockBytes);
  return { block, count: Math.ceil((offsetBytes + lengthBytes) / blockBytes) - block };
}

export function split({ block, count }: BlockRange): BlockRange[] {
  return Array.from({ length: Math.ceil(count / requestBlocksMax) }, (_, i) => ({
    block: block + i * requestBlocksMax,
    count: Math.min(requestBlocksMax, count - i * requestBlocksMax),
  }));
}
