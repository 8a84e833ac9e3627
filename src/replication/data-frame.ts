/** The frame of an answer to a read, made in the room before the blocks (write-frame.ts): they are hashed and sent from there. */
import { replicaTypes } from './replica-message-codec.ts';
import type { ReplicaMessage } from './messages.ts';
import { headerBytes, putFields, sealFrame } from './wire.ts';
import type { Room } from './write-frame.ts';

/** Puts the header of a message whose data is what lies in the room: from here on nobody changes either. Answers where it begins. */
export function sealData(room: Room, message: Extract<ReplicaMessage, { type: 'data' }>): number {
  const { bytes, view } = room.slab;
  const at = room.at - headerBytes;
  putFields(view, at, {
    type: replicaTypes.data,
    kind: 0,
    flags: 0,
    count: 0,
    epoch: message.epoch,
    nonce: message.nonce,
    number: message.last,
    block: message.readId,
    payload: message.data,
  });
  sealFrame(bytes, view, at, room.dataBytes);
  return at;
}
