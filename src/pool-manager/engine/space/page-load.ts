/** Takes pages of the table (table-page.ts) in at import, each checked against what can be. */
import { headOf } from './batch-table.ts';
import { PageReader } from './page-bytes.ts';
import { isPresence, readPresence, storedBytes } from './presence.ts';
import { pageSegments, segmentFlag, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import { TableError } from './table-log.ts';
import { pageFlag, pageVersion } from './table-page.ts';

const two32 = 2 ** 32;
const offsets = new Uint8Array(256);

/**
 * Puts a page into an empty table; batches are not in the index yet. Answers its page id and checkpoint; `isExpected`:
 * whether it is the one that should be there.
 */
export function decodePage(
  table: SpaceTable,
  bytes: Uint8Array,
  isExpected: (page: number) => boolean,
): { readonly page: number; readonly txg: number } {
  const reader = new PageReader(bytes);
  const { segments } = table;
  if (reader.u16() !== pageVersion) throw new TableError('a page of the table has an unknown version');
  const group = reader.u16();
  const first = reader.u32();
  const page = segments.groups[group]?.pages[first / pageSegments];
  if (page === undefined) throw new TableError(`the pool has no segment ${first} in group ${group}`);
  if (!isExpected(page)) throw new TableError(`what should be a page of the table is another page, ${page}`);
  const txg = reader.u32();
  table.clock = Math.max(table.clock, reader.u32());
  for (let id = page * pageSegments; id < (page + 1) * pageSegments; id++) {
    const state = reader.u8();
    if (state === stateCode.free) continue;
    if (state > stateCode.held || segments.state[id] === stateCode.absent)
      throw new TableError(`segment ${segments.numberOf(id)} of group ${group} can not be in state ${state}`);
    segments.setState(id, stateCode.closed);
    readSegment(table, id, reader);
  }
  return { page, txg };
}

function readSegment(table: SpaceTable, id: number, reader: PageReader): void {
  const { segments, units } = table;
  const { group, dataUnits } = segments.spaceOf(id);
  segments.heat[id] = reader.u8();
  const bits = reader.u8();
  segments.setFlag(id, segmentFlag.summarized, (bits & pageFlag.summary) !== 0);
  segments.clock[id] = reader.u32();
  const firstTxg = reader.u32();
  group.restoreTxgs(segments.numberOf(id), firstTxg, reader.u32());
  readBatches(table, id, reader);
  if ((bits & pageFlag.live) === 0) return;
  if ((bits & pageFlag.counts) === 0) {
    for (let word = 0; word * 32 < dataUnits; word++) units.addLiveWord(id, word, reader.u32());
    return;
  }
  for (let unit = 0; unit < dataUnits; unit += 8) {
    const word = reader.u32();
    for (let i = 0; i < 8; i++) {
      const count = (word >>> (i * 4)) & 15;
      if (count > 0) units.addLive(id, unit + i, count);
    }
  }
}

/** What is known of a segment's pieces while they are read: as `BatchTable.loadAll` takes it. */
let heads = new Uint32Array(64);
let presence = new Uint8Array(1 << 12);

function readBatches(table: SpaceTable, id: number, reader: PageReader): void {
  const count = reader.u16();
  if (heads.length < 2 * count) heads = new Uint32Array(2 * count);
  if (presence.length < 32 * count) presence = new Uint8Array(32 * count);
  let length = 0;
  let before = -1;
  let isInOrder = true;
  const begin = reader.at;
  for (let i = 0; i < count; i++) {
    heads[2 * i] = reader.u32();
    const high = reader.u8();
    const base = reader.u16();
    const units = reader.u8();
    const wasMoved = reader.u8() !== 0;
    heads[2 * i + 1] = headOf(high, base, units, wasMoved);
    isInOrder &&= base > before;
    before = base;
    if (base + units > table.segments.spaceOf(id).dataUnits)
      throw new TableError(`a batch leads out of segment ${table.segments.numberOf(id)}`);
    if (wasMoved) length += readMoved(reader, units, length);
  }
  if (isInOrder) table.batches.loadAll(id, heads.subarray(0, 2 * count), presence.subarray(0, length));
  else readInAnyOrder(table, id, reader, { begin, count });
}

/** What is present of a piece to `presence[to…]`; answers how many bytes. */
function readMoved(reader: PageReader, units: number, to: number): number {
  const length = storedBytes(units);
  const from = reader.skip(length);
  if (!isPresence(reader.bytes, from, units))
    throw new TableError(`a batch of ${units} units, and others are present`);
  for (let i = 0; i < length; i++) presence[to + i] = reader.bytes[from + i] ?? 0;
  return length;
}

/** Pages of the first releases. */
function readInAnyOrder(
  table: SpaceTable,
  id: number,
  { bytes }: PageReader,
  { begin, count }: { readonly begin: number; readonly count: number },
): void {
  const reader = new PageReader(bytes);
  reader.at = begin;
  for (let i = 0; i < count; i++) {
    const low = reader.u32();
    const batch = low + reader.u8() * two32;
    const base = reader.u16();
    const units = reader.u8();
    const wasMoved = reader.u8() !== 0;
    if (wasMoved) readPresence(bytes, reader.skip(storedBytes(units)), units, offsets);
    addLoaded(table, id, batch, base, units, wasMoved ? offsets : undefined);
  }
}

/** A piece of the table on disk goes into its segment. */
export function addLoaded(
  table: SpaceTable,
  id: number,
  batch: number,
  base: number,
  units: number,
  present: Uint8Array | undefined,
): void {
  const { batches, segments } = table;
  if (base + units > segments.spaceOf(id).dataUnits)
    throw new TableError(`batch ${batch} leads out of its segment`);
  batches.load(id, batch, base, units, present);
}
