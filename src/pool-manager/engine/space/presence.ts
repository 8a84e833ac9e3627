/**
 * Which units of a batch are still there, once it was moved. What is there lies in order and without gaps, so the place
 * of a unit is its rank.
 *
 * Up to 8 or 16 units are a sorted list of bytes, more are 256 bits: on average an aged batch takes half of a bitmap.
 * A handle is one number above zero; 0 means "never moved: everything is there".
 */
import { assert } from '../../../shared/assert.ts';
import { SlotPool } from './slot-pool.ts';

const slotBits = 30;
const slotMask = 2 ** slotBits - 1;
const bitmapKind = 2;
/** More are bits. */
const listMax = 16;

export class PresencePool {
  readonly #pools = [new SlotPool(8), new SlotPool(16), new SlotPool(32)];

  get bytes(): number {
    return this.#pools.reduce((sum, pool) => sum + pool.bytes, 0);
  }

  /** `units[0…count)`: offsets in the batch, rising. */
  make(units: Uint8Array, count: number): number {
    assert(count > 0 && count <= 255, 'a moved batch has units');
    const kind = count <= 8 ? 0 : count <= listMax ? 1 : bitmapKind;
    const pool = this.#pool(kind);
    const slot = pool.take();
    const bytes = pool.chunk(slot);
    const at = pool.offset(slot);
    if (kind === bitmapKind) {
      bytes.fill(0, at, at + 32);
      for (let i = 0; i < count; i++) {
        const unit = units[i] ?? 0;
        bytes[at + (unit >>> 3)] = (bytes[at + (unit >>> 3)] ?? 0) | (1 << (unit & 7));
      }
    } else for (let i = 0; i < count; i++) bytes[at + i] = units[i] ?? 0;
    assert(slot < slotMask, 'presence slots are numbered in 30 bits');
    return kind * 2 ** slotBits + slot + 1;
  }

  free(handle: number): void {
    const kind = ((handle - 1) / 2 ** slotBits) | 0;
    this.#pool(kind).give((handle - 1) & slotMask);
  }

  /** How many of the present units lie below `unit`; -1 when it is not present itself. `count`: units present. */
  rank(handle: number, count: number, unit: number): number {
    const kind = ((handle - 1) / 2 ** slotBits) | 0;
    const slot = (handle - 1) & slotMask;
    const pool = this.#pool(kind);
    const bytes = pool.chunk(slot);
    const at = pool.offset(slot);
    return kind === bitmapKind ? rankInBitmap(bytes, at, unit) : rankInList(bytes, at, count, unit);
  }

  /** Writes the offsets that are present, in order, to `to`. */
  list(handle: number, count: number, to: Uint8Array): void {
    const kind = ((handle - 1) / 2 ** slotBits) | 0;
    const slot = (handle - 1) & slotMask;
    const pool = this.#pool(kind);
    const bytes = pool.chunk(slot);
    const at = pool.offset(slot);
    if (kind !== bitmapKind) {
      for (let i = 0; i < count; i++) to[i] = bytes[at + i] ?? 0;
      return;
    }
    let found = 0;
    for (let i = 0; i < 32; i++)
      for (let bits = bytes[at + i] ?? 0, unit = i * 8; bits !== 0; bits >>>= 1, unit++)
        if ((bits & 1) !== 0) to[found++] = unit;
    assert(found === count, 'as many bits as units');
  }

  /** As it is on disk, to `to[at…]`; answers how many bytes: the offsets, or 256 bits when there are more than 16. */
  write(handle: number, count: number, to: Uint8Array, toAt: number): number {
    const kind = ((handle - 1) / 2 ** slotBits) | 0;
    const slot = (handle - 1) & slotMask;
    const pool = this.#pool(kind);
    const bytes = pool.chunk(slot);
    const at = pool.offset(slot);
    const length = storedBytes(count);
    for (let i = 0; i < length; i++) to[toAt + i] = bytes[at + i] ?? 0;
    return length;
  }

  #pool(kind: number): SlotPool {
    const pool = this.#pools[kind];
    assert(pool !== undefined, 'a handle of this pool');
    return pool;
  }
}

/** Bytes on disk for so many present units. */
export const storedBytes = (count: number): number => (count <= listMax ? count : 32);

/** Offsets from what is on disk; answers how many there are: as many as `count`, unless it is damaged. */
export function readPresence(from: Uint8Array, at: number, count: number, to: Uint8Array): number {
  if (count <= listMax) {
    for (let i = 0; i < count; i++) {
      to[i] = from[at + i] ?? 0;
      if (i > 0 && (to[i] ?? 0) <= (to[i - 1] ?? 0)) return -1;
    }
    return count;
  }
  let found = 0;
  for (let i = 0; i < 32; i++)
    for (let bits = from[at + i] ?? 0, unit = i * 8; bits !== 0; bits >>>= 1, unit++)
      if ((bits & 1) !== 0) to[found++] = unit;
  return found;
}

function rankInList(bytes: Uint8Array, at: number, count: number, unit: number): number {
  for (let i = 0; i < count; i++) if (bytes[at + i] === unit) return i;
  return -1;
}

function rankInBitmap(bytes: Uint8Array, at: number, unit: number): number {
  const last = unit >>> 3;
  const own = bytes[at + last] ?? 0;
  if ((own & (1 << (unit & 7))) === 0) return -1;
  let rank = popcount(own & ((1 << (unit & 7)) - 1));
  let i = 0;
  for (; i + 4 <= last; i += 4)
    rank += popcount(
      (bytes[at + i] ?? 0) |
        ((bytes[at + i + 1] ?? 0) << 8) |
        ((bytes[at + i + 2] ?? 0) << 16) |
        ((bytes[at + i + 3] ?? 0) << 24),
    );
  for (; i < last; i++) rank += popcount(bytes[at + i] ?? 0);
  return rank;
}

/** Bits set in 32. */
export function popcount(word: number): number {
  let x = word - ((word >>> 1) & 0x5555_5555);
  x = (x & 0x3333_3333) + ((x >>> 2) & 0x3333_3333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
