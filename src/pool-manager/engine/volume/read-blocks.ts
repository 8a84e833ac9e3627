/**
 * Content of blocks that pointers name: from memory what is not written yet, the rest from the devices, each block checked
 * where it was read to and copied once.
 */
import { assert } from '../../../shared/assert.ts';
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import { StaleNameError } from '../map/node-store.ts';
import {
  birthOf,
  compressionOf,
  isLost,
  isMapped,
  offsetOf,
  plainSectors,
  pointerWords,
} from '../map/pointer.ts';
import { BadBlockError } from '../volume-store.ts';
import type { BlockCache } from './block-cache.ts';
import { takePlain } from './content.ts';
import { notThere, type Stretch, Stretches } from './stretches.ts';
import type { VolumeCore } from './volume-core.ts';

/** Stretches of one read that are read at once. */
const stretchesAtOnce = 16;
/** Longer reads go by the cache: they are about what is read once. */
export const cachedBlocksMax = 64;
/** What a read is about, for messages and for the salt of checksums. */
export interface ReadAt {
  readonly volume: string;
  readonly block: number;
  readonly count: number;
  /** Which they are, in the order in which they lie; absent: those from `block` on. */
  readonly blocks?: Float64Array | undefined;
  /** Ascending parts of it that are wanted; absent: all of it. */
  readonly only?: readonly { readonly block: number; readonly count: number }[] | undefined;
}

/** Undefined: all blocks are there. Else BadBlockError, or StaleNameError when the view was an old one: ask again. */
export type ReadDone = (error: Error | undefined) => void;

/** What the pointers point to goes to `into`, zeros for holes. The caller holds a pin. `done` may be called at once. */
export function readPointers(
  core: VolumeCore,
  read: ReadAt,
  pointers: Uint32Array,
  into: Uint8Array,
  done: ReadDone,
): void {
  new PointerRead(core, read, pointers, into, done).begin();
}

class PointerRead {
  readonly #core: VolumeCore;
  readonly #read: ReadAt;
  readonly #pointers: Uint32Array;
  readonly #into: Uint8Array;
  readonly #done: ReadDone;
  readonly #cache: BlockCache | undefined;
  readonly #stretches: Stretches;
  #next = 0;
  #underWay = 0;
  #isAsking = false;
  #error: Error | undefined;

  constructor(core: VolumeCore, read: ReadAt, pointers: Uint32Array, into: Uint8Array, done: ReadDone) {
    this.#core = core;
    this.#read = read;
    this.#pointers = pointers;
    this.#into = into;
    this.#done = done;
    const isScattered = read.blocks !== undefined;
    this.#cache = read.count <= cachedBlocksMax && !isScattered ? core.blocks : undefined;
    this.#stretches = new Stretches(core.space, pointers, read.count, isScattered);
  }

  begin(): void {
    for (let index = 0; index < this.#read.count && this.#error === undefined; index++)
      this.#error = this.#look(index);
    if (this.#error !== undefined) this.#done(this.#error);
    else this.#goOn();
  }

  /** Takes the block from memory, or notes where it lies. */
  #look(index: number): Error | undefined {
    const pointers = this.#pointers;
    const at = index * pointerWords;
    if (!isMapped(pointers, at)) {
      if (isLost(pointers, at)) return this.#bad(index);
      this.#into.fill(0, index * blockBytes, (index + 1) * blockBytes);
      return undefined;
    }
    assert(compressionOf(pointers, at) <= 2, 'a kind of compression that this release knows');
    if (this.#cache?.take(pointers, at, this.#read.block + index, this.#into, index * blockBytes) === true)
      return undefined;
    const found = this.#stretches.seek(index);
    if (found === 'gone') return new StaleNameError('a block was overwritten meanwhile');
    return found === 'noted' || this.#takeOne(found, 0, index) ? undefined : this.#bad(index);
  }

  #goOn(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#underWay < stretchesAtOnce && this.#error === undefined) {
      const stretch = this.#stretches.all[this.#next++];
      if (stretch === undefined) break;
      this.#underWay++;
      this.#ask(stretch);
    }
    this.#isAsking = false;
    if (this.#underWay === 0) this.#done(this.#error);
  }

  #ask(stretch: Stretch): void {
    const { group, segment, unit, units, to } = stretch;
    const firstIn = units === 1 ? undefined : this.#stretches.firstIn(stretch);
    const isWanted = stretch.hasGaps ? (within: number) => firstIn?.[within] !== to : undefined;
    this.#core.space.take(
      group,
      segment,
      unit,
      units,
      (within, bytes, from) => this.#take(stretch.to, firstIn?.[within] ?? stretch.from, within, bytes, from),
      (bad) => {
        if (bad.length > 0) this.#error ??= this.#firstBad(stretch, bad);
        this.#underWay--;
        this.#goOn();
      },
      isWanted,
    );
  }

  /** Of several blocks in one unit some may be good, and others in another copy. */
  #take(to: number, first: number, within: number, bytes: Uint8Array, from: number): boolean {
    let isGood = true;
    for (let index = first; index < to; index++) {
      const unit = this.#stretches.unitOf(index);
      if (unit === notThere) continue;
      if (unit !== within) break;
      const at = index * pointerWords;
      const begin = from + (offsetOf(this.#pointers, at) % plainSectors) * sectorBytes;
      if (this.#takeOne(bytes, begin, index)) {
        this.#stretches.took(index);
        this.#cache?.offer(this.#pointers, at, this.#into, index * blockBytes);
      } else isGood = false;
    }
    return isGood;
  }

  #takeOne(bytes: Uint8Array, from: number, index: number): boolean {
    const at = index * pointerWords;
    const block = blockAt(this.#read, index);
    return takePlain(bytes, from, block, this.#pointers, at, this.#core.zstd, this.#into, index * blockBytes);
  }

  /** Of the blocks in these units, which no copy is good of as a whole. */
  #firstBad({ from, to }: Stretch, units: readonly number[]): Error | undefined {
    for (let index = from; index < to; index++)
      if (units.includes(this.#stretches.unitOf(index)) && !this.#stretches.isTaken(index))
        return this.#bad(index);
    return undefined;
  }

  #bad(index: number): Error {
    const birth = birthOf(this.#pointers, index * pointerWords);
    return new BadBlockError(this.#read.volume, blockAt(this.#read, index), birth);
  }
}

const blockAt = ({ block, blocks }: ReadAt, index: number): number => blocks?.[index] ?? block + index;
