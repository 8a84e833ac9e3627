/**
 * Which units of a batch are in a piece of it, once it was moved. What is there lies in order and without gaps, so the
 * place of a unit is its rank. In memory as on disk: the offsets when there are at most 16, else 256 bits.
 */

/** More are bits. */
const listMax = 16;
const bitmapBytes = 32;

/** Bytes for so many present units. */
export const storedBytes = (count: number): number => (count <= listMax ? count : bitmapBytes);

/** Writes `units[0…count)`, rising offsets in the batch, to `to[at…]`. */
export function putPresence(units: Uint8Array, count: number, to: Uint8Array, at: number): void {
  if (count <= listMax) {
    for (let i = 0; i < count; i++) to[at + i] = units[i] ?? 0;
    return;
  }
  to.fill(0, at, at + bitmapBytes);
  for (let i = 0; i < count; i++) {
    const unit = units[i] ?? 0;
    to[at + (unit >>> 3)] = (to[at + (unit >>> 3)] ?? 0) | (1 << (unit & 7));
  }
}

/** Offsets to `to`; answers how many there are: `count`, unless what is on disk is damaged. */
export function readPresence(from: Uint8Array, at: number, count: number, to: Uint8Array): number {
  if (count <= listMax) {
    for (let i = 0; i < count; i++) {
      to[i] = from[at + i] ?? 0;
      if (i > 0 && (to[i] ?? 0) <= (to[i - 1] ?? 0)) return -1;
    }
    return count;
  }
  let found = 0;
  for (let i = 0; i < bitmapBytes; i++)
    for (let bits = from[at + i] ?? 0, unit = i * 8; bits !== 0; bits >>>= 1, unit++)
      if ((bits & 1) !== 0) to[found++] = unit;
  return found;
}

/** Whether what is on disk tells of so many units, each once. */
export function isPresence(from: Uint8Array, at: number, count: number): boolean {
  if (count === 0) return false;
  if (count <= listMax) {
    for (let i = 1; i < count; i++) if ((from[at + i] ?? 0) <= (from[at + i - 1] ?? 0)) return false;
    return true;
  }
  let found = 0;
  for (let i = 0; i < bitmapBytes; i += 4)
    found += popcount(
      (from[at + i] ?? 0) |
        ((from[at + i + 1] ?? 0) << 8) |
        ((from[at + i + 2] ?? 0) << 16) |
        ((from[at + i + 3] ?? 0) << 24),
    );
  return found === count;
}

/** How many of the present units lie below `unit`; -1 when it is not present itself. `count`: units present. */
export const rankOf = (bytes: Uint8Array, at: number, count: number, unit: number): number =>
  count <= listMax ? rankInList(bytes, at, count, unit) : rankInBitmap(bytes, at, unit);

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
