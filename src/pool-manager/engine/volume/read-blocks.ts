/** Content of a stretch of blocks: pointers from the view, data from memory or the devices, each block checked. */
import { assert } from '../../../shared/assert.ts';
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import type { View } from '../map/delta-layer.ts';
import { lookUp } from '../map/lookup.ts';
import { BadNodeError, StaleNameError } from '../map/node-store.ts';
import { birthOf, compressionOf, copyPointer, isLost, isMapped, pointerWords } from '../map/pointer.ts';
import { walkView } from '../map/view-walk.ts';
import { BadBlockError } from '../volume-store.ts';
import { copyPlain, isStoredGood } from './content.ts';
import type { VolumeCore } from './volume-core.ts';

const readsAtOnce = 16;
const runUnitsMax = 256;
/** Up to so many blocks are looked up one by one. */
const lookUpMax = 64;

/** What a read is about, for messages and for the salt of checksums. */
export interface ReadAt {
  readonly volume: string;
  readonly block: number;
  readonly count: number;
}

/** Units that lie one behind the other, and the blocks that are in them. */
interface Stretch {
  readonly group: number;
  readonly segment: number;
  readonly unit: number;
  units: number;
  /** Blocks of the read: which one, in which unit of the stretch, at which byte of the unit. */
  readonly blocks: { readonly index: number; readonly unit: number; readonly at: number }[];
}

/** Rejects with BadBlockError, and with StaleNameError when the view is an old one: the caller asks again. */
export async function readBlocks(core: VolumeCore, view: View, read: ReadAt): Promise<Uint8Array> {
  const pointers = new Uint32Array(read.count * pointerWords);
  if (!lookUpAll(core, view, read, pointers)) await walkAll(core, view, read, pointers);
  return await readPointers(core, read, pointers);
}

/** What the pointers point to, zeros for holes; rejects as `readBlocks`. */
export async function readPointers(
  core: VolumeCore,
  read: ReadAt,
  pointers: Uint32Array,
): Promise<Uint8Array> {
  const content = new Uint8Array(read.count * blockBytes);
  for (let index = 0; index < read.count; index++)
    if (isLost(pointers, index * pointerWords))
      throw new BadBlockError(read.volume, read.block + index, birthOf(pointers, index * pointerWords));
  const stretches = fromMemory(core, read, pointers, content);
  for (let i = 0; i < stretches.length; i += readsAtOnce)
    await Promise.all(
      stretches
        .slice(i, i + readsAtOnce)
        .map((stretch) => readStretch(core, read, pointers, stretch, content)),
    );
  return content;
}

/** Pointers of all blocks at once; false when nodes have to be read for it. */
function lookUpAll(core: VolumeCore, view: View, { block, count }: ReadAt, pointers: Uint32Array): boolean {
  if (count > lookUpMax) return false;
  for (let i = 0; i < count; i++)
    if (!lookUp(core.nodes, view, block + i, pointers, i * pointerWords)) return false;
  return true;
}

async function walkAll(core: VolumeCore, view: View, read: ReadAt, pointers: Uint32Array): Promise<void> {
  const { block, count } = read;
  pointers.fill(0);
  try {
    const range = { from: block, to: block + count, after: -1 };
    await walkView(core.nodes, core.host, view, range, (from, to, _birth, words, at) => {
      for (let each = from; words !== undefined && each < to; each++)
        copyPointer(words, at, pointers, (each - block) * pointerWords);
      return true;
    });
  } catch (error) {
    if (error instanceof BadNodeError)
      throw new BadBlockError(read.volume, block, undefined, { cause: error });
    throw error;
  }
}

/** Copies what is not written yet, checked like all else; answers the rest, in stretches. */
function fromMemory(core: VolumeCore, read: ReadAt, pointers: Uint32Array, content: Uint8Array): Stretch[] {
  const stretches: Stretch[] = [];
  for (let index = 0, at = 0; at < pointers.length; index++, at += pointerWords) {
    if (!isMapped(pointers, at)) continue;
    const pending = core.space.peek(pointers, at);
    if (pending !== undefined) {
      if (!isStoredGood(pending, 0, read.block + index, pointers, at, core.zstd))
        throw new BadBlockError(read.volume, read.block + index, birthOf(pointers, at));
      copyPlain(pending, 0, pointers, at, core.zstd, content, index * blockBytes);
    } else addTo(stretches, core, pointers, index);
  }
  return stretches;
}

function addTo(stretches: Stretch[], core: VolumeCore, pointers: Uint32Array, index: number): void {
  const place = core.space.place(pointers, index * pointerWords);
  if (place === undefined) throw new StaleNameError('a block was overwritten meanwhile');
  const { group, segment, unit, sectorInUnit } = place;
  const last = stretches.at(-1);
  const within = unit - (last?.unit ?? 0);
  const joins =
    last !== undefined && last.group === group && last.segment === segment && within >= last.units - 1;
  const at = sectorInUnit * sectorBytes;
  if (joins && within <= last.units && within < runUnitsMax) {
    last.units = within + 1;
    last.blocks.push({ index, unit: within, at });
  } else stretches.push({ group, segment, unit, units: 1, blocks: [{ index, unit: 0, at }] });
}

async function readStretch(
  core: VolumeCore,
  read: ReadAt,
  pointers: Uint32Array,
  { group, segment, unit, units, blocks }: Stretch,
  content: Uint8Array,
): Promise<void> {
  const firstIn = new Uint16Array(units + 1).fill(blocks.length);
  for (let i = blocks.length - 1; i >= 0; i--) firstIn[blocks[i]?.unit ?? 0] = i;
  const isGood = (within: number, bytes: Uint8Array, from: number): boolean => {
    for (let i = firstIn[within] ?? 0; blocks[i]?.unit === within; i++) {
      const { index = 0, at = 0 } = blocks[i] ?? {};
      const pointer = index * pointerWords;
      if (!isStoredGood(bytes, from + at, read.block + index, pointers, pointer, core.zstd)) return false;
    }
    return true;
  };
  const { bytes, bad } = await core.space.read(group, segment, unit, units, isGood);
  const isBad = new Set(bad);
  for (const { index, unit: within, at } of blocks) {
    const pointer = index * pointerWords;
    const from = within * blockBytes + at;
    // of several blocks in one unit some may be good
    if (isBad.has(within) && !isStoredGood(bytes, from, read.block + index, pointers, pointer, core.zstd))
      throw new BadBlockError(read.volume, read.block + index, birthOf(pointers, pointer));
    assert(compressionOf(pointers, pointer) <= 2, 'a kind of compression that this release knows');
    copyPlain(bytes, from, pointers, pointer, core.zstd, content, index * blockBytes);
  }
}
