/**
 * A page of the table on disk: 64 segments of one group, with their batches and what is live in them.
 *
 * Header: version u16, group u16, first segment u32, checkpoint u32, clock u32. Then for each segment its state u8 and,
 * unless it is free: heat u8, flags u8, clock u32, first and last checkpoint that wrote to it u32 each, batches u16; per
 * batch: number 40 bits, base u16, units u8, moved u8, and what is present if it was moved (the offsets when there are
 * at most 16, else 256 bits); and what is live (a bit per unit, or a count of 4 bits where a unit has several blocks).
 */
import { readPresence, storedBytes } from './presence.ts';
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
  readonly #view: DataView;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }
  bytes(length: number): Uint8Array {
    const at = this.#skip(length);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length);
  }
  #skip(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#view.byteLength) throw new TableError('a page of the table ends too early');
    this.#at += bytes;
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
  let count = 0;
  for (let at = segments.head[id] ?? 0; at !== 0; at = batches.nextOf(at - 1)) count++;
  writer.u16(count);
  for (let at = segments.head[id] ?? 0; at !== 0; at = batches.nextOf(at - 1)) writeBatch(table, at - 1);
  if (live === 0) return;
  const liveCount = (unit: number) => units.count(id, unit) - units.pendingCount(id, unit);
  const perWord = isCounted ? 8 : 32;
  for (let unit = 0; unit < dataUnits; unit += perWord) {
    let word = isCounted ? 0 : units.busyWord(id, unit >>> 5);
    const plain = !isCounted && !segments.has(id, segmentFlag.pending);
    for (let i = 0; !plain && i < perWord && unit + i < dataUnits; i++)
      if (isCounted) word |= liveCount(unit + i) << (i * 4);
      else if (liveCount(unit + i) === 0) word &= ~(1 << i);
    writer.u32(word >>> 0);
  }
}

function writeBatch({ batches }: SpaceTable, record: number): void {
  const batch = batches.numberOf(record);
  const units = batches.unitsOf(record);
  const handle = batches.presenceOf(record);
  writer.u32(batch >>> 0);
  writer.u8(Math.floor(batch / two32));
  writer.u16(batches.baseOf(record));
  writer.u8(units);
  writer.u8(handle === 0 ? 0 : 1);
  if (handle === 0) return;
  writer.skip(batches.presence.write(handle, units, writer.bytes(storedBytes(units)), writer.at));
}

/** Puts a page into an empty table; batches are not in the index yet. Answers its page id and checkpoint. */
export function decodePage(
  table: SpaceTable,
  bytes: Uint8Array,
): { readonly page: number; readonly txg: number } {
  const reader = new PageReader(bytes);
  const { segments } = table;
  if (reader.u16() !== formatVersion) throw new TableError('a page of the table has an unknown version');
  const group = reader.u16();
  const first = reader.u32();
  const page = segments.groups[group]?.pages[first / pageSegments];
  if (page === undefined) throw new TableError(`the pool has no segment ${first} in group ${group}`);
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
  for (let count = reader.u16(); count > 0; count--) readBatch(table, id, reader);
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

function readBatch(table: SpaceTable, id: number, reader: PageReader): void {
  const low = reader.u32();
  const batch = low + reader.u8() * two32;
  const base = reader.u16();
  const count = reader.u8();
  let present: Uint8Array | undefined;
  if (reader.u8() !== 0) {
    present = offsets;
    if (readPresence(reader.bytes(storedBytes(count)), 0, count, offsets) !== count)
      throw new TableError(`batch ${batch} has ${count} units, and another number is present`);
  }
  addLoaded(table, id, batch, base, count, present);
}

/** A batch of the table on disk goes into the chain of its segment. */
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
  const record = batches.create(batch, id, base, units, segments.head[id] ?? 0);
  if (present !== undefined) batches.setPresence(record, batches.presence.make(present, units));
  segments.head[id] = record + 1;
}
