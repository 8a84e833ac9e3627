/** What a root leads to, in the envelope that the devices give it (docs/disk-format.md, "Root"). */
import { ByteDecoder, ByteEncoder } from '../byte-codec.ts';
import type { LogPosition } from '../log/log-position.ts';
import { decodePlace, encodePlace, type ItemPlace } from './item-directory.ts';

export interface RootPayload {
  readonly directory: ItemPlace;
  /** Where replay begins: everything before is in this root. */
  readonly log: LogPosition;
  /** The log is on the log devices, not in the ring of the first group. */
  readonly isLogApart: boolean;
  /** Higher than any batch number that was given. */
  readonly nextBatch: number;
}

const version = 1;

export function encodeRootPayload({ directory, log, isLogApart, nextBatch }: RootPayload): Uint8Array {
  const to = new ByteEncoder()
    .u64(version)
    .u64(nextBatch)
    .u64(isLogApart ? 1 : 0);
  to.u64(log.incarnation).u64(log.offsetBytes).u64(log.sequence).u64(log.group).bytes(log.previous);
  return encodePlace(to, directory).finish();
}

/** Throws RangeError for what was not written by `encodeRootPayload`. */
export function decodeRootPayload(bytes: Uint8Array): RootPayload {
  const from = new ByteDecoder(bytes);
  const found = from.u64();
  if (found !== version) throw new RangeError(`a root of version ${found}`);
  const nextBatch = from.u64();
  const isLogApart = from.u64() === 1;
  const [incarnation, offsetBytes, sequence, group] = [from.u64(), from.u64(), from.u64(), from.u64()];
  const log = { incarnation, offsetBytes, sequence, group, previous: from.bytes() };
  return { nextBatch, isLogApart, log, directory: decodePlace(from) };
}
