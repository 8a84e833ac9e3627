/**
 * A volume in memory, sparse in pieces of 4 KiB: for tests and for trying a target without disks. A piece is never changed,
 * it is replaced: so it can be handed to a reader, and taken from a writer, as it is.
 */
import { assert } from '../shared/assert.ts';
import { VolumeError, type Volume, type VolumeMapping, type VolumeProblem } from './volume.ts';

const pieceBytes = 4096;

export class MemoryVolume implements Volume {
  readonly atomicBytesMax = 1 << 20;
  /** For tests: the volume becomes write protected. */
  readOnly = false;
  /** For tests: its memory is nearly used up. */
  spaceIsLow = false;
  #sizeBytes: number;
  readonly #pieces = new Map<number, Uint8Array>();
  readonly #failures: VolumeProblem[] = [];
  readonly #values = new Map<string, string>();

  /** `sizeBytes`: a whole number of sectors. */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
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
    return this.#read(offsetBytes, lengthBytes);
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#begin(offsetBytes, data.byteLength);
    this.#write(offsetBytes, data);
  }

  async unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#begin(offsetBytes, lengthBytes);
    for (const { index, from, to } of pieces(offsetBytes, lengthBytes)) {
      if (to - from === pieceBytes) this.#pieces.delete(index);
      else if (this.#pieces.has(index)) this.#pieces.set(index, this.#changed(index).fill(0, from, to));
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
    const stored = this.#read(offsetBytes, expected.byteLength);
    const differs = expected.findIndex((byte, index) => byte !== stored[index]);
    if (differs !== -1) return differs;
    this.#write(offsetBytes, data);
    return undefined;
  }

  async mapping(offsetBytes: number, lengthBytes: number): Promise<VolumeMapping> {
    this.#begin(offsetBytes, lengthBytes);
    let found: VolumeMapping = { mapped: false, lengthBytes: 0 };
    for (const { index, from, to } of pieces(offsetBytes, lengthBytes)) {
      const mapped = this.#pieces.has(index);
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
    const problem = this.#failures.shift();
    if (problem !== undefined) throw new VolumeError(problem, `as told: ${problem}`);
  }

  #read(offsetBytes: number, lengthBytes: number): Uint8Array {
    if (lengthBytes === pieceBytes && offsetBytes % pieceBytes === 0)
      return this.#pieces.get(offsetBytes / pieceBytes) ?? new Uint8Array(pieceBytes);
    const data = new Uint8Array(lengthBytes);
    for (const { index, from, to, at } of pieces(offsetBytes, lengthBytes)) {
      const piece = this.#pieces.get(index);
      if (piece !== undefined) data.set(piece.subarray(from, to), at);
    }
    return data;
  }

  #write(offsetBytes: number, data: Uint8Array): void {
    for (const { index, from, to, at } of pieces(offsetBytes, data.byteLength)) {
      this.#pieces.set(index, this.#pieceOf(data.subarray(at, at + to - from), index, from));
    }
  }

  /** A whole piece is kept as it came, unless it would hold on to more than itself. */
  #pieceOf(part: Uint8Array, index: number, from: number): Uint8Array {
    if (part.byteLength < pieceBytes) {
      const piece = this.#changed(index);
      piece.set(part, from);
      return piece;
    }
    return part.buffer.byteLength === pieceBytes ? part : new Uint8Array(part);
  }

  /** A copy of what is there, to be changed. */
  #changed(index: number): Uint8Array {
    const piece = this.#pieces.get(index);
    return piece === undefined ? new Uint8Array(pieceBytes) : new Uint8Array(piece);
  }
}

/** The pieces under a range: which, from where to where in it, and at what offset of the range. */
function* pieces(offsetBytes: number, lengthBytes: number) {
  for (let at = 0; at < lengthBytes;) {
    const index = Math.floor((offsetBytes + at) / pieceBytes);
    const from = (offsetBytes + at) % pieceBytes;
    const to = Math.min(pieceBytes, from + lengthBytes - at);
    yield { index, from, to, at };
    at += to - from;
  }
}
