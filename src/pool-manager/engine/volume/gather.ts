/**
 * Blocks from all over a volume, read in the order in which they lie: what was written one behind the other is read so, with
 * few operations of the devices, wherever in the volume it belongs.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import type { View } from '../map/delta-layer.ts';
import { lookUp } from '../map/lookup.ts';
import { StaleNameError } from '../map/node-store.ts';
import { birthOf, copyPointer, isLost, isMapped, pointerWords } from '../map/pointer.ts';
import type { CopiedExtent } from '../volume-store.ts';
import { readPointers } from './read-blocks.ts';
import { again } from './reading.ts';
import { lookUpNow } from './repair.ts';
import type { VolumeCore } from './volume-core.ts';

interface Range {
  readonly block: number;
  readonly count: number;
}

/** Blocks whose nodes are read at once where they are not at hand. */
const lookedUpAtOnce = 32;
/** Segments of a group, and units of a segment, are fewer. */
const segmentsMax = 2 ** 24;
const unitsMax = 2 ** 16;

/** See VolumeStore.gather. */
export async function gather(
  core: VolumeCore,
  of: { readonly volume: string; readonly slot: number },
  view: () => View,
  ranges: readonly Range[],
  into: Uint8Array,
): Promise<readonly CopiedExtent[]> {
  const blocks = blocksOf(ranges);
  const bytes = into.subarray(0, blocks.length * blockBytes);
  const read = async (): Promise<readonly CopiedExtent[]> => {
    const pointers = await pointersOf(core, of.volume, view, blocks);
    const order = inPlaceOrder(core, pointers, blocks.length);
    await readInOrder(core, of.volume, blocks, pointers, order, bytes);
    return extentsOf(blocks, pointers, order, bytes);
  };
  return await core.readGate.run(of.slot, bytes.byteLength, () => again(core, read));
}

function blocksOf(ranges: readonly Range[]): Float64Array {
  const blocks = new Float64Array(ranges.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  for (const { block, count } of ranges) for (let i = 0; i < count; i++) blocks[at++] = block + i;
  return blocks;
}

async function pointersOf(
  core: VolumeCore,
  volume: string,
  view: () => View,
  blocks: Float64Array,
): Promise<Uint32Array> {
  const pointers = new Uint32Array(blocks.length * pointerWords);
  const missing: number[] = [];
  const now = view();
  blocks.forEach((block, index) => {
    if (!lookUp(core.nodes, now, block, pointers, index * pointerWords)) missing.push(index);
  });
  while (missing.length > 0) {
    const some = missing.splice(0, lookedUpAtOnce);
    const found = await Promise.all(some.map((index) => lookUpNow(core, volume, view, blocks[index] ?? 0)));
    found.forEach((pointer, i) => copyPointer(pointer, 0, pointers, (some[i] ?? 0) * pointerWords));
  }
  return pointers;
}

/** Indices of the blocks: holes first, then as they lie. Throws StaleNameError for what has just been overwritten. */
function inPlaceOrder(core: VolumeCore, pointers: Uint32Array, count: number): Uint32Array {
  const places = new Float64Array(count);
  const order = new Uint32Array(count);
  let isSorted = true;
  for (let index = 0; index < count; index++) {
    order[index] = index;
    places[index] = placeOf(core, pointers, index * pointerWords);
    if (index > 0 && (places[index] ?? 0) < (places[index - 1] ?? 0)) isSorted = false;
  }
  return isSorted ? order : order.sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0) || a - b);
}

function placeOf(core: VolumeCore, pointers: Uint32Array, at: number): number {
  if (!isMapped(pointers, at)) return -1;
  const place = core.space.place(pointers, at);
  if (place === undefined) throw new StaleNameError('a block was overwritten meanwhile');
  return (place.group * segmentsMax + place.segment) * unitsMax + place.unit;
}

function readInOrder(
  core: VolumeCore,
  volume: string,
  blocks: Float64Array,
  pointers: Uint32Array,
  order: Uint32Array,
  into: Uint8Array,
): Promise<void> {
  const sorted = new Uint32Array(pointers.length);
  const sortedBlocks = new Float64Array(blocks.length);
  order.forEach((index, place) => {
    copyPointer(pointers, index * pointerWords, sorted, place * pointerWords);
    sortedBlocks[place] = blocks[index] ?? 0;
  });
  const read = { volume, block: 0, count: blocks.length, blocks: sortedBlocks };
  return new Promise((resolve, reject) =>
    readPointers(core, read, sorted, into, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

/** In order of blocks; neighbours of one birth whose content lies one behind the other are one. */
function extentsOf(
  blocks: Float64Array,
  pointers: Uint32Array,
  order: Uint32Array,
  bytes: Uint8Array,
): readonly CopiedExtent[] {
  const placesOf = new Uint32Array(order.length);
  order.forEach((index, place) => (placesOf[index] = place));
  const extents: CopiedExtent[] = [];
  for (let from = 0, to = 1; from < blocks.length; from = to++) {
    const at = from * pointerWords;
    const isData = isMapped(pointers, at) || isLost(pointers, at);
    const birth = birthOf(pointers, at);
    const place = placesOf[from] ?? 0;
    for (; to < blocks.length; to++) {
      const isNext = blocks[to] === (blocks[from] ?? 0) + to - from && placesOf[to] === place + to - from;
      if (!isNext || birthOf(pointers, to * pointerWords) !== birth) break;
      if (isMapped(pointers, to * pointerWords) !== isMapped(pointers, at)) break;
    }
    const data = isData ? bytes.subarray(place * blockBytes, (place + to - from) * blockBytes) : undefined;
    extents.push({ block: blocks[from] ?? 0, count: to - from, birth, data });
  }
  return extents;
}
