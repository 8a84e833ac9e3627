import { uncleared } from '../shared/uncleared.ts';

/** Memory for blocks on their way to other replicas, of a whole process; it goes round, like that of their frames. */
const bufferBytes = 2 ** 20;
const spareMax = 8;

export class GatherBuffers {
  readonly #spare: Uint8Array[] = [];

  /** At least so long. */
  take(lengthBytes: number): Uint8Array {
    if (lengthBytes > bufferBytes) return uncleared(lengthBytes);
    return this.#spare.pop() ?? uncleared(bufferBytes);
  }

  /** Nobody needs what is in it. */
  give(buffer: Uint8Array): void {
    if (buffer.byteLength === bufferBytes && this.#spare.length < spareMax) this.#spare.push(buffer);
  }
}
