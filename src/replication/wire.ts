/**
 * Frames: how messages stand on a connection (docs/replication.md, "Frames").
 *
 * A frame is a header of 48 bytes and a payload whose length the header tells. All integers are little-endian:
 *
 *   0 u8  type      4 u32 payload bytes   12 u32 count    24 u64 nonce    40 u64 block
 *   1 u8  kind      8 u32 checksum        16 u64 epoch    32 u64 number
 *   2 u16 flags
 *
 * The checksum is the lower half of XXH64 over the header without it (44 bytes) and the payload. A u64 is at most
 * 2^53 − 1. What the fields mean by type stands in the tables of message-codec.ts and copy-codec.ts.
 */
import { copyBytes } from '../shared/copy-bytes.ts';
import { openKernels, reserved } from '../shared/kernels.ts';
import { uncleared } from '../shared/uncleared.ts';

export const headerBytes = 48;
/** A megabyte of blocks and the list of their extents; nothing longer is buffered for. */
export const payloadBytesMax = 2 * 2 ** 20;

export interface Frame {
  readonly type: number;
  readonly kind: number;
  readonly flags: number;
  readonly count: number;
  readonly epoch: number;
  readonly nonce: number;
  readonly number: number;
  readonly block: number;
  readonly payload: Uint8Array;
}

/** Types that the connection itself uses; the others are in handshake.ts, message-codec.ts and copy-codec.ts. */
export const pingType = 0x06;
export const pongType = 0x07;

const nothing = new Uint8Array(0);

export const emptyFrame = (type: number): Frame => ({
  type,
  kind: 0,
  flags: 0,
  count: 0,
  epoch: 0,
  nonce: 0,
  number: 0,
  block: 0,
  payload: nothing,
});

/** The peer sent what no version of this protocol sends, or the line damaged it: the connection is of no more use. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const pageBytes = 65_536;
const pages = Math.ceil((reserved + headerBytes + payloadBytesMax) / pageBytes);
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
const kernels = openKernels(memory);
const arena = Buffer.from(memory.buffer);
const arenaView = new DataView(memory.buffer);
/** Where the hash is written, and where what is hashed begins. */
const hashAt = reserved;
const inputAt = reserved + 8;

function checksum(bytes: Uint8Array, headerAt: number, payload: Uint8Array): number {
  copyBytes(bytes, headerAt, 8, arena, inputAt);
  copyBytes(bytes, headerAt + 12, headerBytes - 12, arena, inputAt + 8);
  copyBytes(payload, 0, payload.byteLength, arena, inputAt + headerBytes - 4);
  kernels.xxh64(hashAt, inputAt, headerBytes - 4 + payload.byteLength);
  return arenaView.getUint32(hashAt, true);
}

const high = 2 ** 32;

function putNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % high, true);
  view.setUint32(at + 4, Math.floor(value / high), true);
}

function takeNumber(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * high;
  if (!Number.isSafeInteger(value)) throw new WireError(`a number of ${value} is too large`);
  return value;
}

/** Writes the header of `frame` to `bytes`, which `view` is of, at `at`. The payload stands where it likes. */
export function putHeader(bytes: Uint8Array, view: DataView, at: number, frame: Frame): void {
  const { payload } = frame;
  view.setUint8(at, frame.type);
  view.setUint8(at + 1, frame.kind);
  view.setUint16(at + 2, frame.flags, true);
  view.setUint32(at + 4, payload.byteLength, true);
  view.setUint32(at + 12, frame.count, true);
  putNumber(view, at + 16, frame.epoch);
  putNumber(view, at + 24, frame.nonce);
  putNumber(view, at + 32, frame.number);
  putNumber(view, at + 40, frame.block);
  view.setUint32(at + 8, checksum(bytes, at, payload), true);
}

/** Headers are cut from it, and sent by reference: each is written once. */
let headers = new Uint8Array(0);
let headersView = new DataView(headers.buffer);
let headersAt = 0;
const headersBytes = 256 * headerBytes;

/** The two parts of a frame, to be written one after the other. */
export function encodeFrame(frame: Frame): readonly [Uint8Array, Uint8Array] {
  if (headersAt === headers.byteLength) {
    headers = new Uint8Array(headersBytes);
    headersView = new DataView(headers.buffer);
    headersAt = 0;
  }
  putHeader(headers, headersView, headersAt, frame);
  headersAt += headerBytes;
  return [headers.subarray(headersAt - headerBytes, headersAt), frame.payload];
}

/** Longer frames are put together apart from the buffer in which they came, in memory of their own. */
export const inPlaceBytesMax = 196_608;

/** Bytes in whatever pieces they arrive, frames out. */
export class FrameDecoder {
  /** May be raised once the peer is known. */
  payloadBytesMax: number;
  /** Of a frame that came in pieces: all of it, and how much is there. */
  #whole: Uint8Array | undefined;
  #filled = 0;
  /** Bytes of a header that did not come at once, for `push`. */
  #rest: Uint8Array = nothing;

  constructor(options: { readonly payloadBytesMax: number }) {
    this.payloadBytesMax = options.payloadBytesMax;
  }

  /**
   * Gives the whole frames in bytes[from, to) to `onFrame`, until that answers false, and answers how far it is through:
   * what is behind that has to come again, with what follows it. A payload is the caller's memory, or valid like it.
   * Throws WireError; the decoder is of no use afterwards.
   */
  take(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    onFrame: (frame: Frame) => boolean,
  ): number {
    let at = from;
    while (at < to) {
      if (this.#whole !== undefined) {
        at += this.#fill(this.#whole, bytes, at, to);
        if (this.#filled < this.#whole.byteLength) return to;
        const whole = this.#whole;
        this.#whole = undefined;
        const { buffer, byteOffset, byteLength } = whole;
        if (!onFrame(decode(whole, new DataView(buffer, byteOffset, byteLength), 0))) return at;
        continue;
      }
      if (to - at < headerBytes) return at;
      const length = view.getUint32(at + 4, true);
      if (length > this.payloadBytesMax) throw new WireError(`a payload of ${length} bytes is too long`);
      const end = at + headerBytes + length;
      if (end <= to) {
        const frame = decode(bytes, view, at);
        at = end;
        if (!onFrame(frame)) return at;
      } else if (length > inPlaceBytesMax) {
        this.#whole = uncleared(headerBytes + length);
        this.#filled = 0;
      } else return at;
    }
    return at;
  }

  /** As `take`, of bytes that do not come again. Payloads are not shared with what comes later. Run it to its end. */
  *push(chunk: Uint8Array): Generator<Frame> {
    const bytes = new Uint8Array(this.#rest.byteLength + chunk.byteLength);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.byteLength);
    const view = new DataView(bytes.buffer);
    this.#rest = nothing;
    for (let at = 0; at < bytes.byteLength;) {
      let found: Frame | undefined;
      const next = this.take(bytes, view, at, bytes.byteLength, (frame) => {
        found = frame;
        return false;
      });
      if (found !== undefined) yield found;
      else if (next === at || next < bytes.byteLength) {
        this.#rest = bytes.slice(next);
        return;
      }
      at = next;
    }
  }

  #fill(whole: Uint8Array, bytes: Uint8Array, at: number, to: number): number {
    const count = Math.min(whole.byteLength - this.#filled, to - at);
    copyBytes(bytes, at, count, whole, this.#filled);
    this.#filled += count;
    return count;
  }
}

function decode(bytes: Uint8Array, view: DataView, at: number): Frame {
  const length = view.getUint32(at + 4, true);
  const payload = length === 0 ? nothing : bytes.subarray(at + headerBytes, at + headerBytes + length);
  if (view.getUint32(at + 8, true) !== checksum(bytes, at, payload))
    throw new WireError('a frame is damaged');
  return {
    type: view.getUint8(at),
    kind: view.getUint8(at + 1),
    flags: view.getUint16(at + 2, true),
    count: view.getUint32(at + 12, true),
    epoch: takeNumber(view, at + 16),
    nonce: takeNumber(view, at + 24),
    number: takeNumber(view, at + 32),
    block: takeNumber(view, at + 40),
    payload,
  };
}
