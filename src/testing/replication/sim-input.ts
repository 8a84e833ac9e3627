/**
 * Memory as connections and initiators have it: what was received lies in a Buffer (whose slice() is no copy) that is used again.
 * Here that is at once: whatever a process has kept of it is rubbish from then on.
 */
import { FrameDecoder } from '../../replication/frame-decoder.ts';
import { encodeFrame, payloadBytesMax, type Frame } from '../../replication/wire.ts';
import { assert, must } from '../../shared/assert.ts';

const slabBytes = 2 ** 20;
const rubbish = 0xdb;

const slab = Buffer.alloc(slabBytes, rubbish);
const view = new DataView(slab.buffer, slab.byteOffset, slabBytes);
/** Where the next piece goes: what is being used meanwhile stays. */
let fill = 0;

/** Calls `use` with a copy of `bytes` that is good until it returns. */
export function lentFor<T>(bytes: Uint8Array, use: (lent: Buffer, at: number) => T): T {
  assert(bytes.byteLength <= slabBytes, 'room for what is lent');
  if (fill + bytes.byteLength > slabBytes) fill = 0;
  const at = fill;
  fill += bytes.byteLength;
  const lent = slab.subarray(at, fill);
  lent.set(bytes);
  try {
    return use(lent, at);
  } finally {
    lent.fill(rubbish);
  }
}

/** A frame as it stands on a connection. */
export const bytesOf = (frame: Frame): Uint8Array => Buffer.concat(encodeFrame(frame));

/** Decodes frames that came together; all of it is good until `use` returns. Throws WireError. */
export function framesFor(pieces: readonly Uint8Array[], use: (frame: Frame) => void, end: () => void): void {
  lentFor(Buffer.concat(pieces), (lent, at) => {
    const decoder = new FrameDecoder({ payloadBytesMax });
    decoder.take(slab, view, at, at + lent.byteLength, (frame) => {
      use(frame);
      return true;
    });
    end();
  });
}

/** The only frame in `bytes`, with memory of its own. */
export function lastingFrame(bytes: Uint8Array): Frame {
  const [frame] = new FrameDecoder({ payloadBytesMax }).push(bytes);
  return must(frame, 'a whole frame');
}
