/** What a root leads to, in the envelope that the devices give it (docs/disk-format.md, "Root"). */
import { assert } from '../../../shared/assert.ts';
import { ByteDecoder, ByteEncoder } from '../byte-codec.ts';
import type { LogPosition, LogTurn } from '../log/log-position.ts';
import { decodePlace, encodePlace, type ItemPlace } from './item-directory.ts';

export interface RootPayload {
  readonly directory: ItemPlace;
  /** Where replay begins: everything before is in this root. */
  readonly log: LogPosition;
  /** Imports since that went on behind it, in their order; at most `logTurnsMax`. */
  readonly turns: readonly LogTurn[];
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
const turnsFlag = 4;

/** A slot has room for so many. */
export const logTurnsMax = 8;

export function encodeRootPayload(root: RootPayload): Uint8Array {
  const { directory, log, turns, isLogApart, isRewound, nextBatch } = root;
  assert(turns.length <= logTurnsMax, 'a whole root comes before there are more turns');
  const hasTurns = turns.length > 0;
  const flags = (isLogApart ? apartFlag : 0) | (isRewound ? rewoundFlag : 0) | (hasTurns ? turnsFlag : 0);
  const to = new ByteEncoder().u64(version).u64(nextBatch).u64(flags);
  to.u64(log.incarnation).u64(log.offsetBytes).u64(log.sequence).u64(log.group).bytes(log.previous);
  encodePlace(to, directory);
  if (hasTurns) to.u64(turns.length);
  for (const { group, incarnation } of turns) to.u64(group).u64(incarnation);
  return to.finish();
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
  const directory = decodePlace(from);
  const turns = Array.from({ length: (flags & turnsFlag) === 0 ? 0 : from.u64() }, () => ({
    group: from.u64(),
    incarnation: from.u64(),
  }));
  return {
    directory,
    log,
    turns,
    isLogApart: (flags & apartFlag) !== 0,
    isRewound: (flags & rewoundFlag) !== 0,
    nextBatch,
  };
}
