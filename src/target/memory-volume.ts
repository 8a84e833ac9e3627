/** A volume in memory, sparse in blocks of 4 KiB: for tests, for benchmarks, and for trying a target without disks. */
import { assert } from '../shared/assert.ts';
import {
  VolumeError,
  type QuickVolume,
  type Volume,
  type VolumeMapping,
  type VolumeProblem,
  type VolumeSpace,
} from './volume.ts';

const blockBytes = 4096;
const chunkBlocks = 64;
const chunkBytes = chunkBlocks * blockBytes;

/** What is read where nothing was written. */
const zeros = new Uint8Array(chunkBytes);

/** Memory is taken and given back by chunks; which blocks of one take space is known for each. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly mapped: Uint8Array;
  mappedCount: number;
}

export class MemoryVolume implements Volume {
  readonly atomicBytesMax = 1 << 20;
  /** For tests: the volume becomes write protected. */
  readOnly = false;
  /** For tests: its memory is nearly used up. */
  spaceIsLow = false;
  space: VolumeSpace | undefined;
  readonly #quick: QuickVolume = {
    read: (offsetBytes, lengthBytes, answer) => {
      const problem = this.#problem();
      answer.quickDone(problem, problem === undefined ? this.#view(offsetBytes, lengthBytes) : undefined);
    },
    write: (offsetBytes, data, answer) => {
      const problem = this.#problem();
      if (problem === undefined) this.#write(offsetBytes, data);
      answer.quickDone(problem, undefined);
    },
  };
  #sizeBytes: number;
  readonly #chunks = new Map<number, Chunk>();
  readonly #failures: VolumeProblem[] = [];
  readonly #values = new Map<string, string>();

  /** `sizeBytes`: a whole number of sectors. */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  get quick(): QuickVolume {
    return this.#quick;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The volume becomes `sizeBytes` large, as after a resize. */
  grow(sizeBytes: number): void {
    assert(sizeBytes >= this.#sizeBytes, 'a volume does not shrink');
    this.#sizeBytes = sizeBytes;
  }

  /** The next request fails so; several calls queue up. */
  failNext(problem: VolumeProblem): void {
    this.#failures.push(problem);
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    this.#begin(offsetBytes, lengthBytes);
    return new Uint8Array(this.#view(offsetBytes, lengthBytes));
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#begin(offsetBytes, data.byteLength);
    this.#write(offsetBytes, data);
  }

  async unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#begin(offsetBytes, lengthBytes);
    for (const { index, from, to } of pieces(offsetBytes, lengthBytes, blockBytes)) {
      const chunk = this.#chunks.get(Math.floor(index / chunkBlocks));
      const block = index % chunkBlocks;
      if (chunk?.mapped[block] !== 1) continue;
      chunk.bytes.fill(0, block * blockBytes + from, block * blockBytes + to);
      if (to - from < blockBytes) continue;
      chunk.mapped[block] = 0;
      chunk.mappedCount -= 1;
      if (chunk.mappedCount === 0) this.#chunks.delete(Math.floor(index / chunkBlocks));
    }
  }

  async flush(): Promise<void> {
    this.#begin(0, 0);
  }

  async compareAndWrite(
    offsetBytes: number,
    expected: Uint8Array,
    data: Uint8Array,
  ): Promise<number | undefined> {
    this.#begin(offsetBytes, data.byteLength);
    const stored = this.#view(offsetBytes, expected.byteLength);
    const differs = expected.findIndex((byte, index) => byte !== stored[index]);
    if (differs !== -1) return differs;
    this.#write(offsetBytes, data);
    return undefined;
  }

  async mapping(offsetBytes: number, lengthBytes: number): Promise<VolumeMapping> {
    this.#begin(offsetBytes, lengthBytes);
    let found: VolumeMapping = { mapped: false, lengthBytes: 0 };
    for (const { index, from, to } of pieces(offsetBytes, lengthBytes, blockBytes)) {
      const mapped = this.#chunks.get(Math.floor(index / chunkBlocks))?.mapped[index % chunkBlocks] === 1;
      if (found.lengthBytes > 0 && mapped !== found.mapped) break;
      found = { mapped, lengthBytes: found.lengthBytes + to - from };
    }
    return found;
  }

  recall(key: string): string | undefined {
    return this.#values.get(key);
  }

  async remember(key: string, value: string): Promise<void> {
    this.#begin(0, 0);
    this.#values.set(key, value);
  }

  #begin(offsetBytes: number, lengthBytes: number): void {
    assert(offsetBytes >= 0 && offsetBytes + lengthBytes <= this.#sizeBytes, 'a request outside the volume');
    const problem = this.#problem();
    if (problem !== undefined) throw problem;
  }

  #problem(): VolumeError | undefined {
    const problem = this.#failures.length === 0 ? undefined : this.#failures.shift();
    return problem === undefined ? undefined : new VolumeError(problem, `as told: ${problem}`);
  }

  /** What is there, as it is: valid until the next write. */
  #view(offsetBytes: number, lengthBytes: number): Uint8Array {
    const from = offsetBytes % chunkBytes;
    const chunk = this.#chunks.get(Math.floor(offsetBytes / chunkBytes));
    if (from + lengthBytes <= chunkBytes)
      return (chunk === undefined ? zeros : chunk.bytes).subarray(from, from + lengthBytes);
    const data = new Uint8Array(lengthBytes);
    for (const piece of pieces(offsetBytes, lengthBytes, chunkBytes)) {
      const bytes = this.#chunks.get(piece.index)?.bytes.subarray(piece.from, piece.to);
      if (bytes !== undefined) data.set(bytes, piece.at);
    }
    return data;
  }

  #write(offsetBytes: number, data: Uint8Array): void {
    const from = offsetBytes % chunkBytes;
    if (from + data.byteLength <= chunkBytes) {
      this.#writeChunk(Math.floor(offsetBytes / chunkBytes), from, data);
      return;
    }
    for (const { index, from: start, to, at } of pieces(offsetBytes, data.byteLength, chunkBytes))
      this.#writeChunk(index, start, data.subarray(at, at + to - start));
  }

  #writeChunk(index: number, from: number, data: Uint8Array): void {
    const chunk = this.#chunks.get(index) ?? this.#newChunk(index);
    chunk.bytes.set(data, from);
    const last = (from + data.byteLength - 1) / blockBytes;
    for (let block = Math.floor(from / blockBytes); block <= last; block++) {
      chunk.mappedCount += chunk.mapped[block] === 1 ? 0 : 1;
      chunk.mapped[block] = 1;
    }
  }

  #newChunk(index: number): Chunk {
    const chunk = { bytes: new Uint8Array(chunkBytes), mapped: new Uint8Array(chunkBlocks), mappedCount: 0 };
    this.#chunks.set(index, chunk);
    return chunk;
  }
}

/** The pieces of `pieceBytes` under a range: which, from where to where in it, and at what offset of the range. */
function* pieces(offsetBytes: number, lengthBytes: number, pieceBytes: number) {
  for (let at = 0; at < lengthBytes;) {
    const index = Math.floor((offsetBytes + at) / pieceBytes);
    const from = (offsetBytes + at) % pieceBytes;
    const to = Math.min(pieceBytes, from + lengthBytes - at);
    yield { index, from, to, at };
    at += to - from;
  }
}
