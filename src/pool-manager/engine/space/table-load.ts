/**
 * The table from its pages and logs. A log changes only what is older than itself; when all are applied, dead batches
 * are forgotten, the rest gets its index, and what was open is closed: nothing is ever appended to it again.
 */
import { pageSegments, segmentFlag, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import { numberAt, readTableLog, TableError, tableOp } from './table-log.ts';
import { addLoaded } from './page-load.ts';

/** The clock goes on above whatever it can have been when nothing was recorded any more: 4 GiB of blocks. */
const clockSkipped = 4_096;
/** What is indexed before the event loop gets its turn: about a millisecond. */
const segmentsPerSlice = 256;
const offsets = new Uint8Array(256);

/** Applies the log of checkpoint `txg`. `pageTxg`: by page, the checkpoint it is of. */
export function applyLog(
  table: SpaceTable,
  bytes: Uint8Array,
  txg: number,
  pageTxg: readonly number[],
): void {
  const { segments } = table;
  const clock = readTableLog(bytes, (op, group, segment, argument, words, at) => {
    const space = segments.groups[group];
    if (space === undefined || segment >= space.group.segments)
      throw new TableError(`the pool has no segment ${segment} in group ${group}`);
    const id = segments.id(group, segment);
    if ((pageTxg[Math.floor(id / pageSegments)] ?? 0) < txg) applyEntry(table, id, op, argument, words, at);
  });
  table.clock = Math.max(table.clock, clock);
}

function applyEntry(
  table: SpaceTable,
  id: number,
  op: number,
  argument: number,
  words: Uint32Array,
  at: number,
): void {
  const { segments, units } = table;
  switch (op) {
    case tableOp.open:
      empty(table, id);
      segments.setState(id, stateCode.closed);
      segments.setFlag(id, segmentFlag.summarized, false);
      segments.heat[id] = argument;
      return;
    case tableOp.close:
      segments.setFlag(id, segmentFlag.summarized, argument === 1);
      segments.clock[id] = words[at] ?? 0;
      return;
    case tableOp.free:
      empty(table, id);
      segments.setState(id, stateCode.free);
      return;
    case tableOp.txgs:
      segments.spaceOf(id).group.restoreTxgs(segments.numberOf(id), words[at] ?? 0, words[at + 1] ?? 0);
      return;
    case tableOp.batch:
      return applyBatch(table, id, numberAt(words, at), argument >>> 8, argument & 0xff);
    case tableOp.live:
      for (let word = 0; word < argument; word++) units.addLiveWord(id, word, words[at + word] ?? 0);
      return;
    case tableOp.liveToo:
      return units.addLive(id, argument, 1);
    case tableOp.moveIn:
      return applyMoveIn(table, id, argument, words, at);
    case tableOp.moveOut:
      return applyMoveOut(table, id, numberAt(words, at), argument >>> 8, argument & 0xff);
    case tableOp.dead:
      if (units.count(id, argument) === 0)
        throw new TableError(`unit ${argument} of segment ${segments.numberOf(id)} died twice`);
      units.free(id, argument);
      return;
    default:
      throw new TableError(`the log of the table has an entry of kind ${op}`);
  }
}

function applyBatch(table: SpaceTable, id: number, batch: number, base: number, units: number): void {
  const piece = pieceOf(table, id, batch, base);
  if (piece < 0) {
    giveWay(table, id, base);
    addLoaded(table, id, batch, base, units, undefined);
  } else if (!table.batches.wasMoved(id, piece)) table.batches.setUnits(id, piece, units);
}

/**
 * A root knows of batches that were begun behind its cut, with nothing live in them. After a crash the import forgets
 * them, and what the log refers to of them gets a new number at the same base.
 */
function giveWay({ batches, units, segments }: SpaceTable, id: number, base: number): void {
  const piece = batches.pieceAt(id, base);
  if (piece < 0) return;
  if (units.anyBusy(id, base, batches.unitsAt(id, piece)))
    throw new TableError(`unit ${base} of segment ${segments.numberOf(id)} has two batches`);
  batches.unload(id, piece);
}

function applyMoveOut(table: SpaceTable, id: number, batch: number, base: number, prefix: number): void {
  const { batches, units } = table;
  const piece = pieceOf(table, id, batch, base);
  if (piece < 0) throw new TableError(`batch ${batch} leaves a segment it is not in`);
  for (let unit = 0; unit < prefix; unit++) units.clear(id, base + unit);
  if (prefix === batches.unitsAt(id, piece)) batches.unload(id, piece);
  else batches.shrink(id, piece, prefix);
}

function applyMoveIn(table: SpaceTable, id: number, argument: number, words: Uint32Array, at: number): void {
  const base = argument >>> 8;
  const count = argument & 0xff;
  let found = 0;
  for (let unit = 0; unit < 256; unit++)
    if (((words[at + 2 + (unit >>> 5)] ?? 0) & (1 << (unit & 31))) !== 0) offsets[found++] = unit;
  if (found !== count) throw new TableError('a batch that was moved has as many units as bits');
  addLoaded(table, id, numberAt(words, at), base, count, offsets);
  for (let i = 0; i < count; i++) table.units.addLive(id, base + i, 1);
}

/** After the last log, at root `txg`. Rejects with TableError when a name is bound twice. */
export async function finishLoad(table: SpaceTable, txg: number, pause: () => Promise<void>): Promise<void> {
  const { segments, batches } = table;
  table.clock = (table.clock + clockSkipped) >>> 0;
  batches.beginIndex();
  for (let id = 0; id < segments.ids; id++) {
    if (id % segmentsPerSlice === 0) await pause();
    if (segments.state[id] !== stateCode.closed) continue;
    forgetDead(table, id);
    const twice = batches.indexAll(id);
    if (twice >= 0) throw new TableError(`a unit of batch ${batches.numberAt(id, twice)} is in two places`);
    segments.emptied[id] = txg;
    if (segments.used[id] === 0) table.hold(id);
  }
}

function forgetDead({ batches, units }: SpaceTable, id: number): void {
  for (let piece = batches.pieces(id) - 1; piece >= 0; piece--)
    if (!units.anyBusy(id, batches.baseAt(id, piece), batches.unitsAt(id, piece))) batches.unload(id, piece);
}

/** Nothing is left of what was in the segment. */
function empty({ segments, units, batches }: SpaceTable, id: number): void {
  while (batches.pieces(id) > 0) batches.unload(id, batches.pieces(id) - 1);
  for (let unit = 0; (segments.used[id] ?? 0) > 0; unit++) units.clear(id, unit);
  units.reset(id);
}

/** The piece of the batch that begins at this unit of the segment, or -1. */
function pieceOf({ batches }: SpaceTable, id: number, batch: number, base: number): number {
  const piece = batches.pieceAt(id, base);
  return piece >= 0 && batches.numberAt(id, piece) === batch ? piece : -1;
}
