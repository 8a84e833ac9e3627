/**
 * A page of the table on disk: 64 segments of one group, with their batches and what is live in them.
 *
 * Header: version u16, group u16, first segment u32, checkpoint u32, clock u32. Then for each segment its state u8 and,
 * unless it is free: heat u8, flags u8, clock u32, first and last checkpoint that wrote to it u32 each, batches u16; per
 * batch: number 40 bits, base u16, units u8, moved u8, and what is present if it was moved (the offsets when there are
 * at most 16, else 256 bits); and what is live (a bit per unit, or a count of 4 bits where a unit has several blocks).
 */
import { headOf } from './batch-table.ts';
import { isPresence, readPresence, storedBytes } from './presence.ts';
import { pageSegments, segmentFlag, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import { TableError } from './table-log.ts';

const formatVersion = 1;
const flags = { summary: 1, counts: 2, live: 4 } as const;
const two32 = 2 ** 32;
const offsets = new Uint8Array(256);

class PageWriter {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  u8(value: number): void {
    this.#room(1);
    this.#view.setUint8(this.#at++, value);
  }
  u16(value: number): void {
    this.#room(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }
  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }
  get at(): number {
    return this.#at;
  }
  /** All bytes, with room for so many more from `at` on. */
  bytes(length: number): Uint8Array {
    this.#room(length);
    return this.#bytes;
  }
  skip(length: number): void {
    this.#at += length;
  }
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return bytes;
  }
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#view.byteLength) return;
    const grown = new Uint8Array(this.#bytes.byteLength * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

class PageReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }
  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }
  skip(bytes: number): number {
    const { at } = this;
    if (at + bytes > this.#view.byteLength) throw new TableError('a page of the table ends too early');
    this.at += bytes;
    return at;
  }
}

const writer = new PageWriter();

/** `lastTxg`: the last checkpoint that has written, or may still write, to a segment. */
export function encodePage(
  table: SpaceTable,
  page: number,
  txg: number,
  lastTxg: (id: number) => number,
): Uint8Array {
  const { segments } = table;
  writer.u16(formatVersion);
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
  const summary = segments.has(id, segmentFlag.summarized) ? flags.summary : 0;
  const live = (segments.used[id] ?? 0) > 0 ? flags.live | (isCounted ? flags.counts : 0) : 0;
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
  if (reader.u16() !== formatVersion) throw new TableError('a page of the table has an unknown version');
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
  segments.setFlag(id, segmentFlag.summarized, (bits & flags.summary) !== 0);
  segments.clock[id] = reader.u32();
  const firstTxg = reader.u32();
  group.restoreTxgs(segments.numberOf(id), firstTxg, reader.u32());
  readBatches(table, id, reader);
  if ((bits & flags.live) === 0) return;
  if ((bits & flags.counts) === 0) {
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
