/** Sorts entries by block number: radix, eleven bits a pass, with the event loop's turn between passes. */
import type { EngineHost } from '../host.ts';

const radixBits = 11;
const buckets = 2 ** radixBits;

const sliceLength = 8_192;
/** Up to here the passes cost more than they save. */
const fewPoints = 256;

/** Entries and their blocks, side by side, in the order of blocks. */
export interface SortedPoints {
  readonly blocks: Float64Array;
  readonly entries: Uint32Array;
}

/** Place of the first of `blocks`, in order, that is not below `block`; from `low` to `high`. */
export function lowerBound(blocks: Float64Array, block: number, low = 0, high = blocks.length): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((blocks[middle] ?? 0) < block) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `blocks` and `entries` are taken over: the result may be in them. */
export async function sortPoints(
  host: EngineHost,
  blocks: Float64Array,
  entries: Uint32Array,
): Promise<SortedPoints> {
  const highest = await highestOf(host, blocks);
  if (highest < 0) return { blocks, entries };
  if (blocks.length <= fewPoints) return sortFew(blocks, entries);
  let from: SortedPoints = { blocks, entries };
  let to: SortedPoints = {
    blocks: new Float64Array(blocks.length),
    entries: new Uint32Array(entries.length),
  };
  for (let scale = 1; scale <= highest; scale *= buckets) {
    await distribute(host, from, to, scale);
    [from, to] = [to, from];
  }
  return from;
}

function sortFew(blocks: Float64Array, entries: Uint32Array): SortedPoints {
  const order = Array.from(blocks.keys()).sort((a, b) => (blocks[a] ?? 0) - (blocks[b] ?? 0));
  return {
    blocks: Float64Array.from(order, (index) => blocks[index] ?? 0),
    entries: Uint32Array.from(order, (index) => entries[index] ?? 0),
  };
}

/** The highest block; −1 when they are in order already. */
async function highestOf(host: EngineHost, blocks: Float64Array): Promise<number> {
  let highest = 0;
  let isSorted = true;
  await inSlices(host, blocks.length, (begin, end) => {
    for (let i = begin; i < end; i++) {
      const block = blocks[i] ?? 0;
      if (block < highest) isSorted = false;
      else highest = block;
    }
  });
  return isSorted ? -1 : highest;
}

/** One stable pass: by the eleven bits from `scale` on. */
async function distribute(
  host: EngineHost,
  from: SortedPoints,
  to: SortedPoints,
  scale: number,
): Promise<void> {
  const starts = new Uint32Array(buckets + 1);
  await inSlices(host, from.blocks.length, (begin, end) => {
    for (let i = begin; i < end; i++) {
      const digit = Math.floor((from.blocks[i] ?? 0) / scale) & (buckets - 1);
      starts[digit + 1] = (starts[digit + 1] ?? 0) + 1;
    }
  });
  for (let digit = 1; digit <= buckets; digit++)
    starts[digit] = (starts[digit] ?? 0) + (starts[digit - 1] ?? 0);
  await inSlices(host, from.blocks.length, (begin, end) => {
    for (let i = begin; i < end; i++) {
      const block = from.blocks[i] ?? 0;
      const digit = Math.floor(block / scale) & (buckets - 1);
      const place = starts[digit] ?? 0;
      starts[digit] = place + 1;
      to.blocks[place] = block;
      to.entries[place] = from.entries[i] ?? 0;
    }
  });
}

/** Calls `run` for [0, length) in pieces of about a millisecond, with the event loop's turn between them. */
export async function inSlices(
  host: EngineHost,
  length: number,
  run: (begin: number, end: number) => void,
): Promise<void> {
  for (let begin = 0; begin < length; begin += sliceLength) {
    if (begin > 0) await host.pause();
    run(begin, Math.min(length, begin + sliceLength));
  }
}
