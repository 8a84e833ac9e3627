/**
 * The frames of writes as they are sent to every replica: made once, in room that was left before the data when it was taken
 * in. Writes that follow each other lie side by side, so that a batch of them is one range of bytes.
 *
 * The memory goes round: to touch a page for the first time costs more than all else that is done with the block in it.
 */
import { assert } from '../shared/assert.ts';
import { takeHashed } from '../shared/hashed-memory.ts';
import { isLent } from '../shared/lent-buffers.ts';
import { entryKinds, flagsOf } from './entry-codec.ts';
import { targetTypes } from './target-message-codec.ts';
import type { Fence } from './record.ts';
import { headerBytes, putFields, sealFrame } from './wire.ts';

const slabBytes = 1 << 20;
/** Larger ones have a slab of their own, which is not used again. */
const sharedBytesMax = slabBytes / 2;

export interface Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Payloads in it that were not released. */
  live: number;
}

/** Where the data of one write lies; its header has room right before it. */
export interface Room {
  slab: Slab;
  /** Of the data, in bytes from the start of the slab. */
  at: number;
  dataBytes: number;
}

const spare: Slab[] = [];
let slab = newSlab(0);
let fill = 0;

/** Nowhere: what a room is before it was taken, and after it was released. */
export const noSlab: Slab = newSlab(0);

/** Takes memory for the data of a write, which is whoever's has it until `releaseRoom`. */
export function takeRoom(into: Room, dataBytes: number): void {
  const whole = headerBytes + dataBytes;
  into.dataBytes = dataBytes;
  if (whole > sharedBytesMax) {
    into.slab = newSlab(whole);
    into.slab.live = 1;
    into.at = headerBytes;
    return;
  }
  if (fill + whole > slab.bytes.byteLength) {
    retire(slab);
    slab = takeSpare() ?? newSlab(slabBytes);
    fill = 0;
  }
  into.slab = slab;
  into.at = fill + headerBytes;
  fill += whole;
  slab.live += 1;
}

/** Nobody needs one payload in this slab any more. */
export function releaseRoom(of: Slab): void {
  assert(of.live > 0, 'a payload is released twice');
  of.live -= 1;
  if (of !== slab) retire(of);
}

/** What lies there, to be read until it is released. */
export const dataIn = ({ slab: { bytes }, at, dataBytes }: Room): Uint8Array =>
  bytes.subarray(at, at + dataBytes);

function retire(full: Slab): void {
  if (full.live > 0 || full.bytes.byteLength !== slabBytes) return;
  spare.push(full);
}

/** What was released may still lie in a socket. */
function takeSpare(): Slab | undefined {
  const at = spare.findIndex(({ bytes }) => !isLent(bytes));
  return at === -1 ? undefined : spare.splice(at, 1)[0];
}

/** The window bounds how many there are. Of those of one size the most lie where they are hashed without a copy. */
function newSlab(bytes: number): Slab {
  const hashed = bytes === slabBytes ? takeHashed(bytes) : undefined;
  const fresh = hashed ?? new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  return { bytes: fresh, view: new DataView(fresh.buffer, fresh.byteOffset, bytes), live: 0 };
}

/** Of a write, besides its data. */
export interface WriteFields {
  readonly number: number;
  readonly block: number;
  readonly count: number;
  readonly fua: boolean;
  readonly soon: boolean;
}

/** Puts the header before the data: from here on nobody changes either. */
export function sealWrite(room: Room, { epoch, nonce }: Fence, write: WriteFields): void {
  const { number, block, count, fua, soon } = write;
  const { bytes, view } = room.slab;
  const at = room.at - headerBytes;
  putFields(view, at, {
    type: targetTypes.entry,
    kind: entryKinds.write,
    flags: flagsOf(fua, soon),
    count,
    epoch,
    nonce,
    number,
    block,
    payload: dataIn(room),
  });
  sealFrame(bytes, view, at, room.dataBytes);
}
