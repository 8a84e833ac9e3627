/**
 * The frame of a write as it is sent to every replica: made once, in room that was left before the data when it was taken
 * in. Writes that follow each other lie side by side, so that a batch of them is one range of bytes.
 */
import type { TargetMessage } from './messages.ts';
import { encodeTargetMessage } from './message-codec.ts';
import { headerBytes, putHeader } from './wire.ts';

const slabBytes = 1 << 20;
/** Larger ones have a slab of their own. */
const sharedBytesMax = slabBytes / 4;
/** Buffers in which every payload has room before it, and views of them. */
const views = new WeakMap<ArrayBufferLike, DataView>();

let slab = new Uint8Array(0);
let fill = 0;

/** Memory for the data of a write. It may be larger than the data for as long as any of it is in use. */
export function payloadRoom(bytes: number): Uint8Array {
  const whole = headerBytes + bytes;
  if (fill + whole > slab.byteLength) {
    const shared = whole <= sharedBytesMax;
    const fresh = newSlab(shared ? slabBytes : whole);
    if (!shared) return fresh.subarray(headerBytes);
    slab = fresh;
    fill = 0;
  }
  const at = fill;
  fill += whole;
  slab[at] = 0; // no frame yet
  return slab.subarray(at + headerBytes, at + whole);
}

function newSlab(bytes: number): Uint8Array<ArrayBuffer> {
  const fresh = new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  views.set(fresh.buffer, new DataView(fresh.buffer));
  fresh[0] = 0;
  return fresh;
}

/** The whole frame of a write whose data lies in such room, which nobody changes any more; undefined: it is anything else. */
export function writeFrame(message: TargetMessage): Uint8Array | undefined {
  if (message.type !== 'entry' || message.entry.kind !== 'write') return undefined;
  const { data, number } = message.entry;
  const view = views.get(data.buffer);
  if (view === undefined) return undefined;
  const at = data.byteOffset - headerBytes;
  const whole = new Uint8Array(data.buffer, at, headerBytes + data.byteLength);
  const made =
    view.getUint8(at) !== 0 &&
    view.getUint32(at + 16, true) === message.epoch % 2 ** 32 &&
    view.getUint32(at + 32, true) === number % 2 ** 32;
  if (!made) putHeader(whole, new DataView(data.buffer, at, headerBytes), 0, encodeTargetMessage(message));
  return whole;
}
