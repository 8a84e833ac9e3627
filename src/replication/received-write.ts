/** A write as it came in, without an object of its own: there are hundreds of thousands in a second. */
import type { Entry, TargetMessage } from './messages.ts';
import { entryKinds, fuaFlag, soonFlag } from './entry-codec.ts';
import { decodeTargetMessage, targetTypes } from './target-message-codec.ts';
import { noBytes, type Frame } from './wire.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const write: Mutable<Extract<Entry, { kind: 'write' }>> = {
  kind: 'write',
  number: 0,
  block: 0,
  count: 0,
  fua: false,
  soon: false,
  data: noBytes,
};
const message: Mutable<Extract<TargetMessage, { type: 'entry' }>> = {
  type: 'entry',
  epoch: 0,
  nonce: 0,
  entry: write,
};

/** As `decodeTargetMessage`; a write is valid until the next call. Throws WireError. */
export function takeTargetMessage(frame: Frame): TargetMessage {
  if (frame.type !== targetTypes.entry || frame.kind !== entryKinds.write) return decodeTargetMessage(frame);
  message.epoch = frame.epoch;
  message.nonce = frame.nonce;
  write.number = frame.number;
  write.block = frame.block;
  write.count = frame.count;
  write.fua = (frame.flags & fuaFlag) !== 0;
  write.soon = (frame.flags & soonFlag) !== 0;
  write.data = frame.payload;
  return message;
}
