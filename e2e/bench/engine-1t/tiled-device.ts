/**
 * A device far larger than the disk: what is written goes to a sparse file; what was never written is made up from a
 * *tile*, the segments of a small pool that repeat from end to end. An unwritten unit is one that reads as zeros.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { blockBytes } from '../../../src/shared/block-size.ts';
import { type FileDevice, openFileDevice } from '../../../src/pool-manager/device/file-device.ts';
import type { BlockDevice, LentDone } from '../../../src/pool-manager/engine/block-device.ts';
import type { TileShape } from './tile.ts';

export interface TiledOptions {
  /** The sparse file. */
  readonly path: string;
  readonly tilePath: string;
  readonly tile: TileShape;
  readonly sizeBytes: number;
  /** Where the segments begin on this device, and how many repeat the tile. */
  readonly segmentsOffset: number;
  readonly tiledSegments: number;
}

const headWords = 8;

export async function openTiledDevice(options: TiledOptions): Promise<BlockDevice> {
  return new TiledDevice(await openFileDevice(options.path), options);
}

class TiledDevice implements BlockDevice {
  readonly name = 'tiled';
  readonly sizeBytes: number;
  readonly #file: FileDevice;
  readonly #tile: number;
  readonly #options: TiledOptions;
  readonly #endBytes: number;

  constructor(file: FileDevice, options: TiledOptions) {
    this.#file = file;
    this.sizeBytes = file.sizeBytes;
    this.#options = options;
    this.#tile = openSync(options.tilePath, 'r');
    this.#endBytes = options.segmentsOffset + options.tiledSegments * options.tile.segmentBytes;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const bytes = await this.#file.read(offsetBytes, lengthBytes);
    this.#makeUp(bytes, offsetBytes, lengthBytes);
    return bytes;
  }

  lend(offsetBytes: number, lengthBytes: number, done: LentDone): void {
    this.#file.lend(offsetBytes, lengthBytes, (error, lent) => {
      if (lent !== undefined) this.#makeUp(lent.bytes, offsetBytes, lengthBytes);
      done(error, lent);
    });
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.#file.write(offsetBytes, data);
  }

  async writeThrough(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.#file.writeThrough(offsetBytes, data);
  }

  async flush(): Promise<void> {
    await this.#file.flush();
  }

  async discard(offsetBytes: number, lengthBytes: number): Promise<void> {
    await this.#file.discard(offsetBytes, lengthBytes);
  }

  async close(): Promise<void> {
    await this.#file.close();
    closeSync(this.#tile);
  }

  #makeUp(bytes: Uint8Array, offsetBytes: number, lengthBytes: number): void {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, lengthBytes / 4);
    const { segmentsOffset, tile } = this.#options;
    for (let at = 0; at < lengthBytes; at += blockBytes) {
      const place = offsetBytes + at - segmentsOffset;
      if (place < 0 || offsetBytes + at >= this.#endBytes || !isZero(words, at / 4)) continue;
      const from = tile.segmentsOffset + (place % (tile.segments * tile.segmentBytes));
      readSync(this.#tile, bytes, at, blockBytes, from);
    }
  }
}

function isZero(words: Uint32Array, from: number): boolean {
  for (let i = from; i < from + headWords; i++) if (words[i] !== 0) return false;
  for (let i = from + headWords; i < from + blockBytes / 4; i++) if (words[i] !== 0) return false;
  return true;
}
