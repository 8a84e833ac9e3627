/** Pages of the table (docs/disk-format.md, "The table") with other segments and batches. */
import { storedBytes } from '../../../src/pool-manager/engine/space/presence.ts';
import { pageSegments } from '../../../src/pool-manager/engine/space/segments.ts';

const two32 = 2 ** 32;
const flags = { summary: 1, counts: 2, live: 4 } as const;
const headerBytes = 16;
const segmentBytes = 16;
const pieceBytes = 9;
/** 32 words, a bit per unit: what is live of a segment of 1020 units. */
const liveBytes = 128;

export interface SegmentRecord {
  readonly isSummarized: boolean;
  readonly clock: number;
  readonly firstTxg: number;
}

/** By segment of the page; undefined where it is free. */
export const segmentsOfPage = (bytes: Uint8Array): readonly (SegmentRecord | undefined)[] =>
  walk(bytes.slice(), 0);

/** The same page, from segment `first` on, with `shift` added to the numbers of batches. */
export function patchedPage(page: Uint8Array, first: number, shift: number): Uint8Array {
  const bytes = page.slice();
  new DataView(bytes.buffer).setUint32(4, first, true);
  walk(bytes, shift);
  return bytes;
}

function walk(bytes: Uint8Array, shift: number): (SegmentRecord | undefined)[] {
  const view = new DataView(bytes.buffer);
  const records: (SegmentRecord | undefined)[] = [];
  let at = headerBytes;
  while (records.length < pageSegments) {
    if (bytes[at++] === 0) {
      records.push(undefined);
      continue;
    }
    const bits = bytes[at + 1] ?? 0;
    if ((bits & flags.counts) !== 0) throw new Error('a tile has no compressed blocks');
    records.push({
      isSummarized: (bits & flags.summary) !== 0,
      clock: view.getUint32(at + 2, true),
      firstTxg: view.getUint32(at + 6, true),
    });
    let pieces = view.getUint16(at + 14, true);
    for (at += segmentBytes; pieces > 0; pieces--) {
      const batch = view.getUint32(at, true) + (bytes[at + 4] ?? 0) * two32 + shift;
      view.setUint32(at, batch >>> 0, true);
      bytes[at + 4] = Math.floor(batch / two32);
      at += pieceBytes + (bytes[at + 8] === 0 ? 0 : storedBytes(bytes[at + 7] ?? 0));
    }
    if ((bits & flags.live) !== 0) at += liveBytes;
  }
  return records;
}
