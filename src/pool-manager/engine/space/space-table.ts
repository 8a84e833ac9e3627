/**
 * Segments, units and batches together, and the log of what changes in them. Everything that a table on disk says goes
 * through here, so that memory and log say the same.
 */
import { assert } from '../../../shared/assert.ts';
import { BatchTable } from './batch-table.ts';
import { Segments, stateCode } from './segments.ts';
import { TableLog, whereOf } from './table-log.ts';
import { UnitMap } from './unit-map.ts';

/** `emptied` of a segment that the cleaner emptied: the next checkpoint sets it. */
export const emptiedNext = 0xffff_ffff;

export class SpaceTable {
  readonly segments = new Segments();
  readonly units = new UnitMap(this.segments);
  readonly batches = new BatchTable();
  readonly log = new TableLog();
  /** Grows by one per 256 appended units: the age of segments is counted in it. */
  clock = 0;
  /** Segments that wait to become free. */
  readonly held = new Set<number>();
  /** Segments that were opened, ended or reserved since the last checkpoint: their record changes. */
  readonly touched = new Set<number>();
  /** Records of batches that still grow: they stay when nothing of them is in use. */
  readonly growing = new Set<number>();

  where(id: number): number {
    return whereOf(this.segments.groupIndexOf(id), this.segments.numberOf(id));
  }

  /** A batch begins at `base`: nothing is in it yet. */
  begin(batch: number, id: number, base: number): number {
    const record = this.batches.create(batch, id, base, 0, this.segments.head[id] ?? 0);
    this.segments.head[id] = record + 1;
    this.batches.index(record);
    this.growing.add(record);
    return record;
  }

  /** It does not grow any more. */
  finish(record: number): void {
    this.noteBatch(record);
    const id = this.batches.segmentOf(record);
    this.growing.delete(record);
    this.#forgetIfDead(record);
    this.holdIfEmpty(id);
  }

  noteBatch(record: number): void {
    const { batches } = this;
    const where = this.where(batches.segmentOf(record));
    this.log.batch(where, batches.baseOf(record), batches.unitsOf(record), batches.numberOf(record));
  }

  adopt(record: number, unit: number): void {
    const id = this.batches.segmentOf(record);
    if (!this.units.adopt(id, unit)) this.log.liveToo(this.where(id), unit);
  }

  free(record: number, unit: number, txg: number): void {
    const id = this.batches.segmentOf(record);
    this.log.dead(this.where(id), unit);
    if (this.units.free(id, unit)) this.#died(record, id, txg);
  }

  drop(record: number, unit: number, txg: number): void {
    const id = this.batches.segmentOf(record);
    if (this.units.drop(id, unit)) this.#died(record, id, txg);
  }

  /**
   * What is in use of the first `prefix` units of a piece is now at `base` of another segment. `ranks[0…count)`: what is
   * in use, counted from the piece's base. The rest of the piece stays where it is, as a piece of its own.
   */
  move(record: number, prefix: number, ranks: Uint8Array, count: number, to: number, base: number): void {
    const { batches, segments, units, log } = this;
    const from = batches.segmentOf(record);
    const oldBase = batches.baseOf(record);
    const batch = batches.numberOf(record);
    const offsets = this.#offsets(record, ranks, count);
    log.moveIn(this.where(to), base, count, batch, offsets);
    log.moveOut(this.where(from), oldBase, prefix, batch);
    for (let i = 0; i < count; i++) {
      const blocks = units.count(from, oldBase + (ranks[i] ?? 0));
      units.addLive(to, base + i, blocks);
      for (let more = 1; more < blocks; more++) log.moveInToo(this.where(to), base + i);
    }
    for (let unit = 0; unit < prefix; unit++) units.clear(from, oldBase + unit);
    const moved = batches.create(batch, to, base, count, segments.head[to] ?? 0);
    batches.setPresence(moved, batches.presence.make(offsets, count));
    segments.head[to] = moved + 1;
    if (prefix === batches.unitsOf(record)) this.forget(record);
    else shrinkPiece(batches, record, prefix);
    batches.index(moved);
    segments.emptied[from] = emptiedNext;
    this.holdIfEmpty(from);
  }

  /** A closed segment without units in use waits for two roots. */
  hold(id: number): void {
    assert(this.segments.head[id] === 0, 'nothing has a name in an empty segment');
    this.segments.setState(id, stateCode.held);
    this.held.add(id);
  }

  /** Nothing is in use in the closed segment, and nothing grows in it. */
  holdIfEmpty(id: number): void {
    const { used, state, head } = this.segments;
    if (used[id] === 0 && state[id] === stateCode.closed && head[id] === 0) this.hold(id);
  }

  /** Called when nothing is in the segment any more that a root could need. */
  makeFree(id: number): void {
    this.held.delete(id);
    this.segments.setState(id, stateCode.free);
    this.log.free(this.where(id));
  }

  /** Takes a batch out of everything. */
  forget(record: number): void {
    this.#unlink(record, this.batches.segmentOf(record));
    this.batches.unindex(record);
    this.batches.destroy(record);
  }

  /** Offsets in the batch of those ranks. */
  #offsets(record: number, ranks: Uint8Array, count: number): Uint8Array {
    const handle = this.batches.presenceOf(record);
    if (handle === 0) return ranks;
    this.batches.presence.list(handle, this.batches.unitsOf(record), offsetScratch);
    for (let i = 0; i < count; i++) rankScratch[i] = offsetScratch[ranks[i] ?? 0] ?? 0;
    return rankScratch;
  }

  #died(record: number, id: number, txg: number): void {
    const { segments } = this;
    if (txg > (segments.emptied[id] ?? 0)) segments.emptied[id] = txg;
    this.#forgetIfDead(record);
    this.holdIfEmpty(id);
  }

  #forgetIfDead(record: number): void {
    const { batches, units } = this;
    if (this.growing.has(record)) return;
    const base = batches.baseOf(record);
    if (!units.anyBusy(batches.segmentOf(record), base, batches.unitsOf(record))) this.forget(record);
  }

  #unlink(record: number, id: number): void {
    const { batches, segments } = this;
    let at = segments.head[id] ?? 0;
    if (at === record + 1) {
      segments.head[id] = batches.nextOf(record);
      return;
    }
    for (let next = batches.nextOf(at - 1); next !== record + 1; next = batches.nextOf(at - 1)) {
      assert(next !== 0, 'a batch is in the chain of its segment');
      at = next;
    }
    batches.setNext(at - 1, batches.nextOf(record));
  }
}

/** The first `prefix` units of a piece are gone. */
export function shrinkPiece(batches: BatchTable, record: number, prefix: number): void {
  const units = batches.unitsOf(record);
  const handle = batches.presenceOf(record);
  if (handle === 0) for (let i = 0; i < units; i++) offsetScratch[i] = i;
  else batches.presence.list(handle, units, offsetScratch);
  const left = batches.presence.make(offsetScratch.subarray(prefix), units - prefix);
  batches.setPlace(record, batches.segmentOf(record), batches.baseOf(record) + prefix, units - prefix);
  batches.setPresence(record, left);
}

const offsetScratch = new Uint8Array(256);
const rankScratch = new Uint8Array(256);
