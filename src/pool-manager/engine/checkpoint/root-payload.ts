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
  /** An import went back to this state: the log is not replayed, and volumes get new GUIDs. */
  readonly isRewound: boolean;
  /** Higher than any batch number that was given. */
  readonly nextBatch: number;
}

const version = 1;
const apartFlag = 1;
const rewoundFlag = 2;

export function encodeRootPayload(root: RootPayload): Uint8Array {
  const { directory, log, isLogApart, isRewound, nextBatch } = root;
  const flags = (isLogApart ? apartFlag : 0) | (isRewound ? rewoundFlag : 0);
  const to = new ByteEncoder().u64(version).u64(nextBatch).u64(flags);
  to.u64(log.incarnation).u64(log.offsetBytes).u64(log.sequence).u64(log.group).bytes(log.previous);
  return encodePlace(to, directory).finish();
}

/** Throws RangeError for what was not written by `encodeRootPayload`. */
export function decodeRootPayload(bytes: Uint8Array): RootPayload {
  const from = new ByteDecoder(bytes);
  const found = from.u64();
  if (found !== version) throw new RangeError(`a root of version ${found}`);
  const nextBatch = from.u64();
  const flags = from.u64();
  const [incarnation, offsetBytes, sequence, group] = [from.u64(), from.u64(), from.u64(), from.u64()];
  const log = { incarnation, offsetBytes, sequence, group, previous: from.bytes() };
  return {
    directory: decodePlace(from),
    log,
    isLogApart: (flags & apartFlag) !== 0,
    isRewound: (flags & rewoundFlag) !== 0,
    nextBatch,
  };
}
