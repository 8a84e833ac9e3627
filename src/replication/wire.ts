/**
 * Frames: how messages stand on a connection (docs/replication.md, "Frames").
 *
 * A frame is a header of 48 bytes and a payload whose length the header tells. All integers are little-endian:
 *
 *   0 u8  type      4 u32 payload bytes   12 u32 count    24 u64 nonce    40 u64 block
 *   1 u8  kind      8 u32 checksum        16 u64 epoch    32 u64 number
 *   2 u16 flags
 *
 * The checksum is the lower half of XXH64 over the header, with zeros in its place, and the payload. A u64 is at most
 * 2^53 − 1. What the fields mean by type stands in the codecs of messages and copies (entry-codec.ts too).
 */
import { hashedAt, lowerSumAt, lowerSumOf } from '../shared/hashed-memory.ts';

export const headerBytes = 48;
/** Where in it the checksum stands. */
export const checksumAt = 8;
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

/** Types that the connection itself uses; the others are in handshake.ts and in the codecs of messages and copies. */
export const pingType = 0x06;
export const pongType = 0x07;

export const noBytes = new Uint8Array(0);

export const emptyFrame = (type: number): Frame => ({
  type,
  kind: 0,
  flags: 0,
  count: 0,
  epoch: 0,
  nonce: 0,
  number: 0,
  block: 0,
  payload: noBytes,
});

/** The peer sent what no version of this protocol sends, or the line damaged it: the connection is of no more use. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const high = 2 ** 32;

function putNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % high, true);
  view.setUint32(at + 4, Math.floor(value / high), true);
}

/** A u64 of a header. Throws WireError. */
export function takeNumber(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * high;
  if (!Number.isSafeInteger(value)) throw new WireError(`a number of ${value} is too large`);
  return value;
}

/** The header of a frame, but for its checksum. */
export function putFields(view: DataView, at: number, frame: Frame): void {
  view.setUint8(at, frame.type);
  view.setUint8(at + 1, frame.kind);
  view.setUint16(at + 2, frame.flags, true);
  view.setUint32(at + 4, frame.payload.byteLength, true);
  view.setUint32(at + checksumAt, 0, true);
  view.setUint32(at + 12, frame.count, true);
  putNumber(view, at + 16, frame.epoch);
  putNumber(view, at + 24, frame.nonce);
  putNumber(view, at + 32, frame.number);
  putNumber(view, at + 40, frame.block);
}

/** Writes the header of `frame` to `bytes`, which `view` is of, at `at`. The payload stands where it likes. */
export function putHeader(bytes: Uint8Array, view: DataView, at: number, frame: Frame): void {
  putFields(view, at, frame);
  view.setUint32(at + checksumAt, lowerSumOf(bytes, at, headerBytes, frame.payload), true);
}

/** Sets the checksum of a frame whose header at `at` is filled in otherwise, with so many bytes of payload right behind it. */
export function sealFrame(bytes: Uint8Array, view: DataView, at: number, payloadBytes: number): void {
  view.setUint32(at + checksumAt, 0, true);
  const base = hashedAt(bytes);
  const whole = headerBytes + payloadBytes;
  const sum = base >= 0 ? lowerSumAt(base + at, whole) : lowerSumOf(bytes, at, whole, noBytes);
  view.setUint32(at + checksumAt, sum, true);
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
