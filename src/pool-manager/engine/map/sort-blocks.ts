/** Sorts entries by block number: radix, eleven bits a pass, with the event loop's turn between passes. */
import type { EngineHost } from '../host.ts';

const radixBits = 11;
const buckets = 2 ** radixBits;

/** Up to here the passes cost more than they save. */
const fewPoints = 256;

/** Entries and their blocks, side by side, in the order of blocks. */
export interface SortedPoints {
  readonly blocks: Float64Array;
  readonly entries: Uint32Array;
}

/** `blocks` and `entries` are taken over: the result may be in them. */
export async function sortPoints(
  host: EngineHost,
  blocks: Float64Array,
  entries: Uint32Array,
): Promise<SortedPoints> {
  if (isSorted(blocks)) return { blocks, entries };
  if (blocks.length <= fewPoints) return sortFew(blocks, entries);
  let from: SortedPoints = { blocks, entries };
  let to: SortedPoints = {
    blocks: new Float64Array(blocks.length),
    entries: new Uint32Array(entries.length),
  };
  const highest = blocks.reduce((max, block) => Math.max(max, block), 0);
  for (let scale = 1; scale <= highest; scale *= buckets) {
    if (blocks.length > 4_096) await host.pause();
    distribute(from, to, scale);
    [from, to] = [to, from];
  }
  return from;
}

/** The same at once, for what is collected from a layer that is still open. */
export function sortFew(blocks: Float64Array, entries: Uint32Array): SortedPoints {
  const order = Array.from(blocks.keys()).sort((a, b) => (blocks[a] ?? 0) - (blocks[b] ?? 0));
  return {
    blocks: Float64Array.from(order, (index) => blocks[index] ?? 0),
    entries: Uint32Array.from(order, (index) => entries[index] ?? 0),
  };
}

function isSorted(blocks: Float64Array): boolean {
  for (let i = 1; i < blocks.length; i++) if ((blocks[i] ?? 0) < (blocks[i - 1] ?? 0)) return false;
  return true;
}

/** One stable pass: by the eleven bits from `scale` on. */
function distribute(from: SortedPoints, to: SortedPoints, scale: number): void {
  const starts = new Uint32Array(buckets + 1);
  for (let i = 0; i < from.blocks.length; i++) {
    const digit = Math.floor((from.blocks[i] ?? 0) / scale) & (buckets - 1);
    starts[digit + 1] = (starts[digit + 1] ?? 0) + 1;
  }
  for (let digit = 1; digit <= buckets; digit++)
    starts[digit] = (starts[digit] ?? 0) + (starts[digit - 1] ?? 0);
  for (let i = 0; i < from.blocks.length; i++) {
    const block = from.blocks[i] ?? 0;
    const digit = Math.floor(block / scale) & (buckets - 1);
    const place = starts[digit] ?? 0;
    starts[digit] = place + 1;
    to.blocks[place] = block;
    to.entries[place] = from.entries[i] ?? 0;
  }
}
