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
import { openKernels, reserved } from '../shared/kernels.ts';

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

export const emptyFrame = (type: number): Frame => ({
  type,
  kind: 0,
  flags: 0,
  count: 0,
  epoch: 0,
  nonce: 0,
  number: 0,
  block: 0,
  payload: new Uint8Array(0),
});

/** The peer sent what no version of this protocol sends, or the line damaged it: the connection is of no more use. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const pageBytes = 65_536;
const pages = Math.ceil((reserved + headerBytes + payloadBytesMax) / pageBytes);
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const kernels = openKernels(memory);
const arena = Buffer.from(memory.buffer);
const arenaView = new DataView(memory.buffer);
/** Where the hash is written, and where what is hashed begins. */
const hashAt = reserved;
const inputAt = reserved + 8;

function checksum(header: Buffer, payload: Uint8Array): number {
  header.copy(arena, inputAt, 0, 8);
  header.copy(arena, inputAt + 8, 12, headerBytes);
  arena.set(payload, inputAt + headerBytes - 4);
  kernels.xxh64(hashAt, inputAt, headerBytes - 4 + payload.byteLength);
  return arenaView.getUint32(hashAt, true);
}

const high = 2 ** 32;

function putNumber(header: Buffer, at: number, value: number): void {
  header.writeUInt32LE(value % high, at);
  header.writeUInt32LE(Math.floor(value / high), at + 4);
}

function takeNumber(header: Buffer, at: number): number {
  const value = header.readUInt32LE(at) + header.readUInt32LE(at + 4) * high;
  if (!Number.isSafeInteger(value)) throw new WireError(`a number of ${value} is too large`);
  return value;
}

/** The two parts of a frame, to be written one after the other. */
export function encodeFrame(frame: Frame): readonly [Uint8Array, Uint8Array] {
  const { payload } = frame;
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt8(frame.type, 0);
  header.writeUInt8(frame.kind, 1);
  header.writeUInt16LE(frame.flags, 2);
  header.writeUInt32LE(payload.byteLength, 4);
  header.writeUInt32LE(frame.count, 12);
  putNumber(header, 16, frame.epoch);
  putNumber(header, 24, frame.nonce);
  putNumber(header, 32, frame.number);
  putNumber(header, 40, frame.block);
  header.writeUInt32LE(checksum(header, payload), 8);
  return [header, payload];
}

/** Bytes in whatever pieces they arrive, frames out. A frame's payload is not shared with any later one. */
export class FrameDecoder {
  /** May be raised once the peer is known. */
  payloadBytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Header of the frame whose payload is still arriving. */
  #header: Buffer | undefined;

  constructor(options: { readonly payloadBytesMax: number }) {
    this.payloadBytesMax = options.payloadBytesMax;
  }

  /** Throws WireError; the decoder is of no use afterwards. */
  *push(chunk: Uint8Array): Generator<Frame> {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#bytes += chunk.byteLength;
    for (;;) {
      if (!this.#header) {
        if (this.#bytes < headerBytes) return;
        this.#header = this.#take(headerBytes);
        const length = this.#header.readUInt32LE(4);
        if (length > this.payloadBytesMax) throw new WireError(`a payload of ${length} bytes is too long`);
      }
      const length = this.#header.readUInt32LE(4);
      if (this.#bytes < length) return;
      const header = this.#header;
      this.#header = undefined;
      yield decode(header, this.#take(length));
    }
  }

  #take(length: number): Buffer {
    const [first] = this.#chunks;
    let taken: Buffer;
    if (first && first.byteLength >= length) {
      taken = first.subarray(0, length);
      this.#chunks[0] = first.subarray(length);
    } else {
      const all = Buffer.concat(this.#chunks, this.#bytes);
      taken = all.subarray(0, length);
      this.#chunks = [all.subarray(length)];
    }
    if (this.#chunks[0]?.byteLength === 0) this.#chunks.shift();
    this.#bytes -= length;
    return taken;
  }
}

function decode(header: Buffer, payload: Buffer): Frame {
  if (header.readUInt32LE(8) !== checksum(header, payload)) throw new WireError('a frame is damaged');
  return {
    type: header.readUInt8(0),
    kind: header.readUInt8(1),
    flags: header.readUInt16LE(2),
    count: header.readUInt32LE(12),
    epoch: takeNumber(header, 16),
    nonce: takeNumber(header, 24),
    number: takeNumber(header, 32),
    block: takeNumber(header, 40),
    payload,
  };
}
