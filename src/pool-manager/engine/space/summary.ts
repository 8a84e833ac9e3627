/**
 * Summaries: whose each unit of a segment is, and 64 bits over its stored bytes. They lie at the end of the segment and
 * are written when it is full. For what has no pointer at hand: cleaner, scrub, and naming what is lost. They are hints:
 * a segment that a crash left half written has none.
 *
 * Entry, 16 bytes: sum, 64 bits · owner, 48 bits · volume slot, 16 bits. A unit with several compressed blocks has slot
 * 0xffff, owner 0, and a sum over all of it. All zeros: nothing is known. 255 entries and a trailer (sum over them, salted
 * with the life of the segment and the unit's place among the summaries; mark) fill a unit.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import type { SpaceOptions, UnitOwner } from './block-space.ts';
import { entriesPerSummaryUnit } from './segments.ts';

export type StoredSum = SpaceOptions['storedSum'];

export const entryWords = 4;
export const packedSlot = 0xffff;
const wordsPerUnit = blockBytes / 4;
const entriesBytes = entriesPerSummaryUnit * entryWords * 4;
const trailerWord = entriesPerSummaryUnit * entryWords;
const mark = 0x4d53_4143; // 'CASM'
const two32 = 2 ** 32;
const sum = new Uint32Array(2);

/** Entries of one segment, as they are written: whole units with room for the trailers. */
export type Summary = Uint32Array;

export const summaryUnits = (dataUnits: number): number => Math.ceil(dataUnits / entriesPerSummaryUnit);

export const newSummary = (dataUnits: number): Summary =>
  new Uint32Array(summaryUnits(dataUnits) * wordsPerUnit);

/** Word of the summary where the entry of a unit begins. */
export const entryAt = (unit: number): number =>
  Math.floor(unit / entriesPerSummaryUnit) * wordsPerUnit + (unit % entriesPerSummaryUnit) * entryWords;

export function setEntry(
  summary: Summary,
  unit: number,
  slot: number,
  owner: number,
  sumLow: number,
  sumHigh: number,
): void {
  const at = entryAt(unit);
  summary[at] = sumLow;
  summary[at + 1] = sumHigh;
  summary[at + 2] = owner;
  summary[at + 3] = Math.floor(owner / two32) | (slot << 16);
}

/** The entry of a unit whose blocks have no common owner. */
export function setPackedEntry(
  summary: Summary,
  unit: number,
  bytes: Uint8Array,
  from: number,
  storedSum: StoredSum,
): void {
  storedSum(bytes, from, blockBytes, 0, sum);
  setEntry(summary, unit, packedSlot, 0, sum[0] ?? 0, sum[1] ?? 0);
}

export function copyEntry(from: Summary, fromUnit: number, to: Summary, toUnit: number): void {
  const source = entryAt(fromUnit);
  const target = entryAt(toUnit);
  for (let i = 0; i < entryWords; i++) to[target + i] = from[source + i] ?? 0;
}

/** False: nothing is known of the unit. */
export function hasEntry(summary: Summary, unit: number): boolean {
  const at = entryAt(unit);
  return (
    ((summary[at] ?? 0) | (summary[at + 1] ?? 0) | (summary[at + 2] ?? 0) | (summary[at + 3] ?? 0)) !== 0
  );
}

export function ownerAt(summary: Summary, unit: number): UnitOwner | undefined {
  const at = entryAt(unit);
  const high = summary[at + 3] ?? 0;
  if (!hasEntry(summary, unit) || high >>> 16 === packedSlot) return undefined;
  return { slot: high >>> 16, owner: (summary[at + 2] ?? 0) + (high & 0xffff) * two32 };
}

/** Whether the unit at `from` is what its entry says; true when nothing is known. */
export function matchesEntry(
  summary: Summary,
  unit: number,
  bytes: Uint8Array,
  from: number,
  storedSum: StoredSum,
): boolean {
  if (!hasEntry(summary, unit)) return true;
  const at = entryAt(unit);
  const owner = (summary[at + 2] ?? 0) + ((summary[at + 3] ?? 0) & 0xffff) * two32;
  storedSum(bytes, from, blockBytes, owner, sum);
  return sum[0] === summary[at] && sum[1] === summary[at + 1];
}

/**
 * Tells this life of a segment from earlier ones, 32 bits: a device that lost a write has the summary of an earlier one,
 * which fits the data that it has. `firstTxg` differs between lives, `clock` between what was before an import and after.
 */
export const lifeOf = (firstTxg: number, clock: number): number =>
  (Math.imul(firstTxg, 0x9e37_79b1) ^ Math.imul(clock, 0x85eb_ca6b)) >>> 0;

const saltOf = (life: number, index: number): number => life * 512 + index;

/** Completes the trailers; the bytes are then what goes to the devices. */
export function finishSummary(summary: Summary, life: number, storedSum: StoredSum): Uint8Array {
  const bytes = new Uint8Array(summary.buffer);
  for (let unit = 0; unit * wordsPerUnit < summary.length; unit++) {
    const at = unit * wordsPerUnit + trailerWord;
    storedSum(bytes, unit * blockBytes, entriesBytes, saltOf(life, unit), sum);
    summary[at] = sum[0] ?? 0;
    summary[at + 1] = sum[1] ?? 0;
    summary[at + 2] = mark;
    summary[at + 3] = 0;
  }
  return bytes;
}

/** Whether the bytes at `from` are the summary unit with this index. */
export function isSummaryUnit(
  index: number,
  life: number,
  bytes: Uint8Array,
  from: number,
  storedSum: StoredSum,
): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset + from + entriesBytes, entryWords * 4);
  if (view.getUint32(8, true) !== mark) return false;
  storedSum(bytes, from, entriesBytes, saltOf(life, index), sum);
  return sum[0] === view.getUint32(0, true) && sum[1] === view.getUint32(4, true);
}
