/** Bytes in whatever pieces they arrive, frames out. */
import { copyBytes } from '../shared/copy-bytes.ts';
import { hashedAt, lowerSumAt, lowerSumOf } from '../shared/hashed-memory.ts';
import { uncleared } from '../shared/uncleared.ts';
import { takeFrameRoom } from './frame-rooms.ts';
import { checksumAt, headerBytes, noBytes, takeNumber, WireError, type Frame } from './wire.ts';

/** Longer frames are put together apart from the buffer in which they came, in memory of their own. */
export const inPlaceBytesMax = 196_608;

/** The frame that was decoded last: one object, filled in anew for each. */
class ReceivedFrame implements Frame {
  type = 0;
  kind = 0;
  flags = 0;
  count = 0;
  epoch = 0;
  nonce = 0;
  number = 0;
  block = 0;
  payloadBytes = 0;
  #bytes: Uint8Array = noBytes;
  #at = 0;

  get payload(): Uint8Array {
    return this.payloadBytes === 0 ? noBytes : this.#bytes.subarray(this.#at, this.#at + this.payloadBytes);
  }

  /** Of a whole frame at `at` of `bytes`; `base`: where these lie in the hashed memory, −1 elsewhere. Throws WireError. */
  fill(bytes: Uint8Array, view: DataView, at: number, base: number): void {
    const length = view.getUint32(at + 4, true);
    check(bytes, view, at, base, length);
    this.type = view.getUint8(at);
    this.kind = view.getUint8(at + 1);
    this.flags = view.getUint16(at + 2, true);
    this.count = view.getUint32(at + 12, true);
    this.epoch = takeNumber(view, at + 16);
    this.nonce = takeNumber(view, at + 24);
    this.number = takeNumber(view, at + 32);
    this.block = takeNumber(view, at + 40);
    this.payloadBytes = length;
    this.#bytes = bytes;
    this.#at = at + headerBytes;
  }

  /** One that lasts. */
  copy(): Frame {
    const { type, kind, flags, count, epoch, nonce, number, block, payload } = this;
    return { type, kind, flags, count, epoch, nonce, number, block, payload };
  }
}

function check(bytes: Uint8Array, view: DataView, at: number, base: number, length: number): void {
  const told = view.getUint32(at + checksumAt, true);
  view.setUint32(at + checksumAt, 0, true); // as it was when it was hashed
  const whole = headerBytes + length;
  const sum = base >= 0 ? lowerSumAt(base + at, whole) : lowerSumOf(bytes, at, whole, noBytes);
  if (sum !== told) throw new WireError('a frame is damaged');
}

export class FrameDecoder {
  /** May be raised once the peer is known. */
  payloadBytesMax: number;
  readonly #lends: boolean;
  readonly #frame = new ReceivedFrame();
  /** Of a frame that came in pieces: memory for all of it, its length, and how much is there. */
  #whole: Uint8Array | undefined;
  #wholeBytes = 0;
  #filled = 0;
  /** Bytes of a header that did not come at once, for `push`. */
  #rest: Uint8Array = noBytes;

  /** `lends`: whoever takes long frames gives their payloads back (frame-rooms.ts). */
  constructor(options: { readonly payloadBytesMax: number; readonly lends?: boolean }) {
    this.payloadBytesMax = options.payloadBytesMax;
    this.#lends = options.lends === true;
  }

  /**
   * Gives the whole frames in bytes[from, to) to `onFrame`, until that answers false, and answers how far it is through:
   * what is behind that has to come again, with what follows it. A frame is valid during the call; its payload is the
   * caller's memory. Throws WireError; the decoder is of no use afterwards.
   */
  take(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    onFrame: (frame: Frame) => boolean,
  ): number {
    const base = hashedAt(bytes);
    let at = from;
    while (at < to) {
      if (this.#whole !== undefined) {
        at += this.#fill(this.#whole, bytes, at, to);
        if (this.#filled < this.#wholeBytes) return to;
        const whole = this.#whole;
        this.#whole = undefined;
        const { buffer, byteOffset, byteLength } = whole;
        this.#frame.fill(whole, new DataView(buffer, byteOffset, byteLength), 0, hashedAt(whole));
        if (!onFrame(this.#frame)) return at;
        continue;
      }
      if (to - at < headerBytes) return at;
      const length = view.getUint32(at + 4, true);
      if (length > this.payloadBytesMax) throw new WireError(`a payload of ${length} bytes is too long`);
      const end = at + headerBytes + length;
      if (end <= to) {
        this.#frame.fill(bytes, view, at, base);
        at = end;
        if (!onFrame(this.#frame)) return at;
      } else if (length > inPlaceBytesMax) {
        this.#wholeBytes = headerBytes + length;
        this.#whole =
          (this.#lends ? takeFrameRoom(this.#wholeBytes) : undefined) ?? uncleared(this.#wholeBytes);
        this.#filled = 0;
      } else return at;
    }
    return at;
  }

  /** As `take`, of bytes that do not come again; frames last, and share nothing with what comes later. Run it to its end. */
  *push(chunk: Uint8Array): Generator<Frame> {
    const bytes = new Uint8Array(this.#rest.byteLength + chunk.byteLength);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.byteLength);
    const view = new DataView(bytes.buffer);
    this.#rest = noBytes;
    for (let at = 0; at < bytes.byteLength;) {
      let isFound = false;
      const next = this.take(bytes, view, at, bytes.byteLength, () => {
        isFound = true;
        return false;
      });
      if (isFound) yield this.#frame.copy();
      else if (next === at || next < bytes.byteLength) {
        this.#rest = new Uint8Array(bytes.subarray(next));
        return;
      }
      at = next;
    }
  }

  #fill(whole: Uint8Array, bytes: Uint8Array, at: number, to: number): number {
    const count = Math.min(this.#wholeBytes - this.#filled, to - at);
    copyBytes(bytes, at, count, whole, this.#filled);
    this.#filled += count;
    return count;
  }
}
