/**
 * Memory for frames with a megabyte of blocks, which goes round: to touch so many pages for the first time, and to have them
 * collected, costs more than all else that is done with the blocks. It lies where frames are hashed without a copy.
 */
import { takeHashed } from '../shared/hashed-memory.ts';
import { isLent } from '../shared/lent-buffers.ts';
import { uncleared } from '../shared/uncleared.ts';
import { headerBytes } from './wire.ts';

/** A megabyte of blocks and a list of their extents; longer frames have memory of their own. */
const roomBytes = headerBytes + 2 ** 20 + 2 ** 16;
/** Of a process; beyond it memory is the collector's. */
const roomsMax = 24;

const spare: Uint8Array[] = [];
/** Of received frames, until they are given back. */
const out = new Set<Uint8Array>();
/** Given to sockets: back when these have taken it. */
const sent: Uint8Array[] = [];
let made = 0;

/** Memory for so many bytes at least; what is in it may be anything. */
function take(bytes: number): Uint8Array | undefined {
  const known = spare.pop();
  if (known || bytes > roomBytes) return known;
  if (made === roomsMax) return undefined;
  made += 1;
  return takeHashed(roomBytes) ?? uncleared(roomBytes);
}

/** For a frame that is received; undefined: none to spare, or it is longer. */
export function takeFrameRoom(bytes: number): Uint8Array | undefined {
  if (bytes > roomBytes) return undefined;
  const room = take(bytes);
  if (room) out.add(room);
  return room;
}

/** Nobody needs the payload of a received frame any more. It may be of other memory: then that is not known here. */
export function giveFrameRoom(payload: Uint8Array): void {
  for (const room of out) {
    if (room.buffer !== payload.buffer || room.byteOffset + headerBytes !== payload.byteOffset) continue;
    out.delete(room);
    spare.push(room);
    return;
  }
}

/** For a frame that is passed to a socket in this turn, as one run of bytes of this very array. */
export function takeSentRoom(bytes: number): Uint8Array {
  if (bytes > roomBytes) return uncleared(bytes);
  const free = sent.findIndex((room) => !isLent(room));
  const known = free < 0 ? undefined : sent.splice(free, 1)[0];
  const room = known ?? take(bytes);
  if (!room) return uncleared(bytes);
  sent.push(room);
  return room;
}
