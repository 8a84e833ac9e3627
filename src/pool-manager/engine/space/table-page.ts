/**
 * A page of the table on disk: 64 segments of one group, with their batches and what is live in them.
 *
 * Header: version u16, group u16, first segment u32, checkpoint u32, clock u32. Then for each segment its state u8 and,
 * unless it is free: heat u8, flags u8, clock u32, first and last checkpoint that wrote to it u32 each, batches u16; per
 * batch: number 40 bits, base u16, units u8, moved u8, and what is present if it was moved (the offsets when there are
 * at most 16, else 256 bits); and what is live (a bit per unit, or a count of 4 bits where a unit has several blocks).
 */
import { PageWriter } from './page-bytes.ts';
import { storedBytes } from './presence.ts';
import { pageSegments, segmentFlag, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';

export const pageVersion = 1;
/** Flags of a segment in a page. */
export const pageFlag = { summary: 1, counts: 2, live: 4 } as const;
const two32 = 2 ** 32;

const writer = new PageWriter();

/** `lastTxg`: the last checkpoint that has written, or may still write, to a segment. */
export function encodePage(
  table: SpaceTable,
  page: number,
  txg: number,
  lastTxg: (id: number) => number,
): Uint8Array {
  const { segments } = table;
  writer.u16(pageVersion);
  writer.u16(segments.pageGroup[page] ?? 0);
  writer.u32(segments.pageFirst[page] ?? 0);
  writer.u32(txg);
  writer.u32(table.clock);
  for (let id = page * pageSegments; id < (page + 1) * pageSegments; id++) {
    const state = segments.state[id] ?? 0;
    const isNamed = state === stateCode.open || state === stateCode.closed || state === stateCode.held;
    writer.u8(isNamed ? state : stateCode.free);
    if (isNamed) writeSegment(table, id, lastTxg(id));
  }
  return writer.take();
}

function writeSegment(table: SpaceTable, id: number, lastTxg: number): void {
  const { segments, units, batches } = table;
  const { group, dataUnits } = segments.spaceOf(id);
  const isCounted = segments.has(id, segmentFlag.counts);
  const summary = segments.has(id, segmentFlag.summarized) ? pageFlag.summary : 0;
  const live = (segments.used[id] ?? 0) > 0 ? pageFlag.live | (isCounted ? pageFlag.counts : 0) : 0;
  writer.u8(segments.heat[id] ?? 0);
  writer.u8(summary | live);
  writer.u32(segments.clock[id] ?? 0);
  writer.u32(group.firstTxg(segments.numberOf(id)));
  writer.u32(lastTxg);
  writer.u16(batches.pieces(id));
  for (let piece = 0; piece < batches.pieces(id); piece++) writeBatch(table, id, piece);
  if (live === 0) return;
  const liveCount = (unit: number) => units.count(id, unit) - units.pendingCount(id, unit);
  const perWord = isCounted ? 8 : 32;
  for (let unit = 0; unit < dataUnits; unit += perWord) {
    let word = isCounted ? 0 : units.liveWord(id, unit >>> 5);
    for (let i = 0; isCounted && i < perWord && unit + i < dataUnits; i++)
      word |= liveCount(unit + i) << (i * 4);
    writer.u32(word >>> 0);
  }
}

function writeBatch({ batches }: SpaceTable, id: number, piece: number): void {
  const batch = batches.numberAt(id, piece);
  const units = batches.unitsAt(id, piece);
  writer.u32(batch >>> 0);
  writer.u8(Math.floor(batch / two32));
  writer.u16(batches.baseAt(id, piece));
  writer.u8(units);
  const wasMoved = batches.wasMoved(id, piece);
  writer.u8(wasMoved ? 1 : 0);
  if (!wasMoved) return;
  writer.skip(batches.copyPresence(id, piece, writer.bytes(storedBytes(units)), writer.at));
}
