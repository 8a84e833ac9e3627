/**
 * The frames of requests to read, as they are sent to one replica: put side by side where they are hashed and sent from, so
 * that all of a turn go out as one range of bytes.
 */
import { takeHashed } from '../shared/hashed-memory.ts';
import { isLent } from '../shared/lent-buffers.ts';
import { uncleared } from '../shared/uncleared.ts';
import { mapFlag, targetTypes } from './target-message-codec.ts';
import type { Fence } from './record.ts';
import { headerBytes, putFields, sealFrame } from './wire.ts';

/** The payload is the id, a double. */
const idBytes = 8;
export const readFrameBytes = headerBytes + idBytes;
const ringBytes = 65_536;
const idRoom = new Uint8Array(idBytes);

export interface ReadAsked {
  readonly readId: number;
  readonly after: number;
  readonly block: number;
  readonly count: number;
  readonly map: boolean;
}

export class ReadFrames {
  bytes: Uint8Array = takeHashed(ringBytes) ?? uncleared(ringBytes);
  #view = viewOf(this.bytes);
  #fill = 0;

  /** Answers where in `bytes` it begins. */
  put({ epoch, nonce }: Fence, { readId, after, block, count, map }: ReadAsked): number {
    if (this.#fill + readFrameBytes > ringBytes) this.#begin();
    const at = this.#fill;
    this.#fill += readFrameBytes;
    putFields(this.#view, at, {
      type: targetTypes.read,
      kind: 0,
      flags: map ? mapFlag : 0,
      count,
      epoch,
      nonce,
      number: after,
      block,
      payload: idRoom,
    });
    this.#view.setFloat64(at + headerBytes, readId, true);
    sealFrame(this.bytes, this.#view, at, idBytes);
    return at;
  }

  /** From the front again, unless some of it is on its way to a socket. */
  #begin(): void {
    this.#fill = 0;
    if (!isLent(this.bytes)) return;
    this.bytes = uncleared(ringBytes);
    this.#view = viewOf(this.bytes);
  }
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
