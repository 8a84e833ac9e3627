/**
 * Room for the intent log: a ring of bytes of which each write goes to p+1 devices, durable when answered. What is in it,
 * and in which order, is the log's business (log/).
 *
 * The ring lies behind the front label of the first group's devices, or on log devices of its own.
 */
import { assert } from '../../../shared/assert.ts';
import type { GroupCore } from './group-core.ts';
import { labelBytes } from './geometry.ts';
import { inUse, type Member } from './member.ts';
import { GroupFailure } from './segment-group.ts';

export interface LogArea {
  readonly sizeBytes: number;
  /** False: no device of it is left. */
  readonly isUsable: boolean;
  /** Durable on p+1 devices when answered, or on all that are left. Rejects with GroupFailure when none has it. */
  writeThrough(offsetBytes: number, bytes: Uint8Array): Promise<void>;
  /** The same of what was written there before a crash: only devices that do not have it are written to. */
  mend(offsetBytes: number, bytes: Uint8Array): Promise<void>;
  /** How many devices may have a copy. */
  readonly copies: number;
  /** What is written is on at least so many of those in use. */
  readonly copiesMin: number;
  isInUse(copy: number): boolean;
  /** What copy number `copy` has there, unchecked; undefined when it can not be read. */
  read(copy: number, offsetBytes: number, lengthBytes: number): Promise<Uint8Array | undefined>;
}

/** Consecutive writes stay on the same devices for so long, then the next ones take over. */
const turnBytes = 1024 * 1024;

export function logArea(core: GroupCore, sizeBytes: number): LogArea {
  const copiesMin = core.shape.parityColumns + 1;
  const check = (offsetBytes: number, lengthBytes: number) =>
    assert(offsetBytes >= 0 && offsetBytes + lengthBytes <= sizeBytes, 'inside the log ring');
  /** Until p+1 devices have it; `put` answers whether one does. */
  const place = async (
    offsetBytes: number,
    { byteLength }: Uint8Array,
    put: (member: Member) => Promise<boolean>,
  ): Promise<void> => {
    check(offsetBytes, byteLength);
    const turn = Math.floor(offsetBytes / turnBytes);
    const order = core.members.map((_, i) => core.memberOf(turn, i));
    let have = 0;
    while (have < copiesMin) {
      const next = order.splice(0, copiesMin - have);
      if (next.length === 0) break;
      have += (await Promise.all(next.map(put))).filter(Boolean).length;
    }
    await core.options.noted();
    core.throwIfFailed();
    if (have === 0) throw new GroupFailure('no device takes the log any more');
  };
  return {
    sizeBytes,
    copies: core.columns,
    get copiesMin() {
      return Math.min(copiesMin, core.members.filter((member) => inUse(member) !== undefined).length);
    },
    isInUse(copy) {
      const member = core.members[copy];
      return member !== undefined && inUse(member) !== undefined;
    },
    get isUsable() {
      return core.members.some((member) => inUse(member) !== undefined);
    },
    async writeThrough(offsetBytes, bytes) {
      await place(
        offsetBytes,
        bytes,
        async (member) => await core.writeThrough(member, labelBytes + offsetBytes, bytes),
      );
    },
    async mend(offsetBytes, bytes) {
      const at = labelBytes + offsetBytes;
      await place(offsetBytes, bytes, async (member) => {
        if (inUse(member) === undefined) return false; // its copy does not count
        const there = await core.read(member, at, bytes.byteLength);
        const isThere = there !== undefined && Buffer.compare(there, bytes) === 0;
        return isThere || (await core.writeThrough(member, at, bytes));
      });
    },
    async read(copy, offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      const member = core.members[copy];
      return member === undefined
        ? undefined
        : await core.read(member, labelBytes + offsetBytes, lengthBytes);
    },
  };
}

/** Several areas, one behind the other: log devices side by side. */
export function joinAreas(areas: readonly LogArea[]): LogArea {
  const each = Math.min(...areas.map(({ sizeBytes }) => sizeBytes));
  const partsOf = function* (offsetBytes: number, lengthBytes: number) {
    for (let at = 0; at < lengthBytes;) {
      const index = Math.floor((offsetBytes + at) / each);
      const area = areas[index];
      assert(area !== undefined, 'inside the log areas');
      const offset = offsetBytes + at - index * each;
      const length = Math.min(lengthBytes - at, each - offset);
      yield { area, offset, at, length };
      at += length;
    }
  };
  return {
    sizeBytes: each * areas.length,
    copies: Math.max(...areas.map(({ copies }) => copies)),
    get copiesMin() {
      return Math.min(...areas.map((area) => area.copiesMin));
    },
    isInUse: (copy) => areas.every((area) => area.isInUse(copy % area.copies)),
    get isUsable() {
      return areas.every(({ isUsable }) => isUsable);
    },
    async writeThrough(offsetBytes, bytes) {
      const parts = [...partsOf(offsetBytes, bytes.byteLength)];
      await Promise.all(
        parts.map(({ area, offset, at, length }) =>
          area.writeThrough(offset, parts.length === 1 ? bytes : bytes.subarray(at, at + length)),
        ),
      );
    },
    async mend(offsetBytes, bytes) {
      for (const { area, offset, at, length } of partsOf(offsetBytes, bytes.byteLength))
        await area.mend(offset, bytes.subarray(at, at + length));
    },
    async read(copy, offsetBytes, lengthBytes) {
      const bytes = new Uint8Array(lengthBytes);
      for (const { area, offset, at, length } of partsOf(offsetBytes, lengthBytes)) {
        // an area of fewer devices has its copies again in those of a higher number
        const part = await area.read(copy % area.copies, offset, length);
        if (part === undefined) return undefined;
        bytes.set(part, at);
      }
      return bytes;
    },
  };
}
