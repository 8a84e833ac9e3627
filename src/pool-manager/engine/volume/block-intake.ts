/**
 * Takes whole blocks of data in: each that is not zero gets its checksum and a name and is on its way at once; its pointer
 * goes into the open layer. No object is made per block: pointers pass through one scratch array.
 */
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import { processArena, sumsMax } from '../group/arena.ts';
import type { DeltaLayer } from '../map/delta-layer.ts';
import { saltHigh, saltLow } from '../map/owner.ts';
import {
  checksumWord,
  compressionCode,
  copyPointer,
  isMapped,
  plainSectors,
  pointerWords,
  sectorsOf,
  setBirth,
  setCompression,
  setHole,
} from '../map/pointer.ts';
import { defaultProperties, type VolumeProperties } from '../volume-store.ts';
import { arena, isZero, pack, packed, pieceAt, pieceBlocks, sumOf, sumStored, takePiece } from './content.ts';
import type { VolumeCore } from './volume-core.ts';

/** After a block that saved nothing so many are not tried, twice as many the next time, up to the greatest. */
const skipMin = 2;
const skipMax = 128;

/** Where data waits to be written. */
const strips = processArena();

export class BlockIntake {
  properties: VolumeProperties = defaultProperties;
  /** Sectors of names in layers that are not built. */
  pendingSectors = 0;
  /** Pointers of the blocks of the last `put`, one behind the other. */
  words = new Uint32Array(256 * pointerWords);
  readonly #core: VolumeCore;
  readonly #slot: number;
  readonly #sum = new Uint32Array(2);
  /** Incompressible data is not tried block by block. */
  #skip = 0;
  #skipNext = skipMin;

  constructor(core: VolumeCore, slot: number) {
    this.#core = core;
    this.#slot = slot;
  }

  /** `data` is whole blocks for the volume from `block` on. */
  put(layer: DeltaLayer, block: number, data: Uint8Array, birth: number): void {
    const count = data.byteLength / blockBytes;
    if (count * pointerWords > this.words.length)
      this.words = new Uint32Array(2 ** Math.ceil(Math.log2(count)) * pointerWords);
    const isPlain = this.properties.compression === 'off';
    for (let done = 0; done < count;) {
      const staged = isPlain ? this.#core.space.stage('data', strips) : 0;
      if (staged > 0) done += this.#putStaged(layer, block, data, birth, done, staged);
      else done += this.#putPiece(layer, block, data, birth, done, isPlain ? 1 : pieceBlocks);
    }
  }

  /** Puts one pointer, to data that is stored or a hole, into the layer. */
  putPointer(layer: DeltaLayer, block: number, words: Uint32Array, at: number): void {
    if (isMapped(words, at)) this.pendingSectors += sectorsOf(words, at);
    this.#place(layer, block, words, at);
  }

  /** Holes for [block, block + count), as points. */
  putHoles(layer: DeltaLayer, block: number, count: number, birth: number): void {
    setHole(this.words, 0, birth);
    for (let i = 0; i < count; i++) this.#place(layer, block + i, this.words, 0);
  }

  /** A pointer that never got into a tree. */
  forget(words: Uint32Array, at: number): void {
    if (!isMapped(words, at)) return;
    this.pendingSectors -= sectorsOf(words, at);
    this.#core.space.drop(words, at, this.#core.openTxg);
  }

  /** Blocks from `done` on go straight to where they leave from; answers how many. */
  #putStaged(layer: DeltaLayer, block: number, data: Uint8Array, birth: number, done: number, most: number) {
    const { space } = this.#core;
    const { words } = this;
    const { bytes, kernels, sums, sumsAt } = strips;
    const piece = Math.min(most, sumsMax, data.byteLength / blockBytes - done);
    const from = space.stagedAt;
    const length = piece * blockBytes;
    bytes.set(
      length === data.byteLength ? data : data.subarray(done * blockBytes, done * blockBytes + length),
      from,
    );
    const first = block + done;
    const zeros = kernels.sumBlocks(sumsAt, from, piece, saltLow(first), saltHigh(first));
    const at = done * pointerWords;
    if (zeros === 0) space.appendStaged('data', piece, this.#slot, first, sums, words, at);
    for (let i = 0; i < piece; i++) {
      const wordsAt = at + i * pointerWords;
      if ((zeros & (1 << i)) === 0) this.#putSummed(first + i, i, from, wordsAt, birth, zeros !== 0);
      else setHole(words, wordsAt, birth);
      this.#place(layer, first + i, words, wordsAt);
    }
    return piece;
  }

  /** The pointer of block `index` of a piece whose sums were computed; appends it as well if it is not yet. */
  #putSummed(block: number, index: number, from: number, at: number, birth: number, append: boolean): void {
    const { words } = this;
    const { bytes, sums } = strips;
    for (let k = 0; k < 4; k++) words[at + checksumWord + k] = sums[index * 4 + k] ?? 0;
    if (append) {
      const low = sums[index * 4] ?? 0;
      const high = sums[index * 4 + 1] ?? 0;
      const source = from + index * blockBytes;
      this.#core.space.append('data', bytes, source, plainSectors, this.#slot, block, low, high, words, at);
    }
    setBirth(words, at, birth);
    this.pendingSectors += plainSectors;
  }

  /** The same by way of the memory in which blocks are packed. */
  #putPiece(layer: DeltaLayer, block: number, data: Uint8Array, birth: number, done: number, most: number) {
    const piece = Math.min(most, data.byteLength / blockBytes - done);
    takePiece(data, done * blockBytes, piece * blockBytes);
    for (let i = 0; i < piece; i++) {
      const at = (done + i) * pointerWords;
      this.#take(i, block + done + i, birth, at);
      this.#place(layer, block + done + i, this.words, at);
    }
    return piece;
  }

  /** The pointer of block `index` of the piece, its data appended. */
  #take(index: number, block: number, birth: number, at: number): void {
    const { words } = this;
    if (isZero(index)) {
      setHole(words, at, birth);
      return;
    }
    sumOf(index, block, words, at + checksumWord);
    const sectors = this.properties.compression === 'off' ? 0 : this.#pack(index);
    if (sectors > 0) this.#appendPacked(sectors, block, at);
    else {
      const low = words[at + checksumWord] ?? 0;
      const high = words[at + checksumWord + 1] ?? 0;
      const from = pieceAt(index);
      this.#core.space.append('data', arena, from, plainSectors, this.#slot, block, low, high, words, at);
    }
    setBirth(words, at, birth);
    this.pendingSectors += sectors > 0 ? sectors : plainSectors;
  }

  #appendPacked(sectors: number, block: number, at: number): void {
    const sum = this.#sum;
    sumStored(packed, sectors * sectorBytes, block, sum);
    const [low = 0, high = 0] = sum;
    this.#core.space.append('data', arena, packed, sectors, this.#slot, block, low, high, this.words, at);
    const { compression } = this.properties;
    setCompression(this.words, at, compressionCode[compression]);
  }

  /** Sectors of the packed block, or 0: store it as it is. */
  #pack(index: number): number {
    if (this.#skip > 0) {
      this.#skip--;
      return 0;
    }
    const sectors = pack(index, this.properties, this.#core.zstd);
    if (sectors > 0) this.#skipNext = skipMin;
    else {
      this.#skip = this.#skipNext;
      this.#skipNext = Math.min(skipMax, this.#skipNext * 2);
    }
    return sectors;
  }

  #place(layer: DeltaLayer, block: number, words: Uint32Array, at: number): void {
    const { points } = layer;
    const before = points.size;
    const entry = layer.put(block);
    const to = points.wordsOf(entry);
    const toAt = points.atOf(entry);
    if (points.size === before) this.forget(to, toAt);
    copyPointer(words, at, to, toAt);
  }
}
