/**
 * The frame of a write as it is sent to every replica: made once, in room that was left before the data when it was taken
 * in. Writes that follow each other lie side by side, so that a batch of them is one range of bytes.
 *
 * The memory goes round: to touch a page for the first time costs more than all else that is done with the block in it.
 */
import { isLent } from '../shared/lent-buffers.ts';
import type { TargetMessage } from './messages.ts';
import { encodeTargetMessage } from './message-codec.ts';
import { headerBytes, putHeader } from './wire.ts';

const slabBytes = 1 << 20;
/** Larger ones have a slab of their own, which is not used again. */
const sharedBytesMax = slabBytes / 2;
/** Kept for later. */
const spareMax = 16;

interface Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Payloads in it that were not released. */
  live: number;
}

/** By their buffers. */
const slabs = new WeakMap<ArrayBufferLike, Slab>();
const spare: Slab[] = [];
let slab = newSlab(0);
let fill = 0;

/** Memory for the data of a write, until `releasePayload`, or for as long as anybody refers to it. */
export function payloadRoom(bytes: number): Uint8Array {
  const whole = headerBytes + bytes;
  if (whole > sharedBytesMax) return newSlab(whole).bytes.subarray(headerBytes);
  if (fill + whole > slab.bytes.byteLength) {
    retire(slab);
    slab = takeSpare() ?? newSlab(slabBytes);
    fill = 0;
  }
  const at = fill;
  fill += whole;
  slab.live += 1;
  slab.bytes[at] = 0; // no frame yet
  return slab.bytes.subarray(at + headerBytes, at + whole);
}

/** Nobody needs this data any more; any other data is none of ours. */
export function releasePayload(data: Uint8Array): void {
  const of = slabs.get(data.buffer);
  if (of === undefined) return;
  of.live -= 1;
  if (of !== slab) retire(of);
}

function retire(full: Slab): void {
  if (full.live > 0 || full.bytes.byteLength !== slabBytes || spare.length === spareMax) return;
  spare.push(full);
}

/** What was released may still lie in a socket. */
function takeSpare(): Slab | undefined {
  const at = spare.findIndex(({ bytes }) => !isLent(bytes.buffer));
  return at === -1 ? undefined : spare.splice(at, 1)[0];
}

function newSlab(bytes: number): Slab {
  const fresh = new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  const made = { bytes: fresh, view: new DataView(fresh.buffer), live: 0 };
  if (bytes > 0) slabs.set(fresh.buffer, made);
  fresh[0] = 0;
  return made;
}

/** The whole frame of a write whose data lies in such room, which nobody changes any more; undefined: it is anything else. */
export function writeFrame(message: TargetMessage): Uint8Array | undefined {
  if (message.type !== 'entry' || message.entry.kind !== 'write') return undefined;
  const { data, number } = message.entry;
  const view = slabs.get(data.buffer)?.view;
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
