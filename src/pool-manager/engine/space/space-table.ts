/**
 * Segments, units and batches together, and the log of what changes in them. Everything that a table on disk says goes
 * through here, so that memory and log say the same.
 */
import { assert } from '../../../shared/assert.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import { basesMax, BatchTable } from './batch-table.ts';
import { heatCode, Segments, stateCode } from './segments.ts';
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
  /** The last root that has all that volumes were then. */
  wholeTxg = Infinity;
  /** Segments that wait to become free. */
  readonly held = new Set<number>();
  /** Units of those that no table on disk, and none that is being written, knows to be empty. */
  heldNewlyUnits = 0;
  /** Segments that were opened, ended or reserved since the last checkpoint: their record changes. */
  readonly touched = new Set<number>();
  /** Batches that still grow, as segment and base: they stay when nothing of them is in use. */
  readonly #growing = new Set<number>();

  grow(groups: readonly SegmentGroup[]): void {
    this.segments.grow(groups);
    this.units.grow();
    this.batches.grow(this.segments.ids);
  }

  where(id: number): number {
    return whereOf(this.segments.groupIndexOf(id), this.segments.numberOf(id));
  }

  /** A batch begins at `base`: nothing is in it yet. Until it is finished, segment and base tell which one it is. */
  begin(batch: number, id: number, base: number): void {
    this.batches.add(id, batch, base, 0);
    this.#growing.add(keyOf(id, base));
  }

  unitsOf(id: number, base: number): number {
    return this.batches.unitsAt(id, this.#pieceAt(id, base));
  }

  setUnits(id: number, base: number, units: number): void {
    this.batches.setUnits(id, this.#pieceAt(id, base), units);
  }

  /** It does not grow any more. */
  finish(id: number, base: number): void {
    this.noteBatch(id, base);
    this.#growing.delete(keyOf(id, base));
    this.#forgetIfDead(id, this.#pieceAt(id, base));
    this.holdIfEmpty(id);
  }

  noteBatch(id: number, base: number): void {
    const piece = this.#pieceAt(id, base);
    this.log.batch(this.where(id), base, this.batches.unitsAt(id, piece), this.batches.numberAt(id, piece));
  }

  isGrowing(id: number, piece: number): boolean {
    return this.#growing.size > 0 && this.#growing.has(keyOf(id, this.batches.baseAt(id, piece)));
  }

  anyGrowing(id: number): boolean {
    for (const key of this.#growing) if (Math.floor(key / basesMax) === id) return true;
    return false;
  }

  adopt(id: number, unit: number): void {
    if (!this.units.adopt(id, unit)) this.log.liveToo(this.where(id), unit);
  }

  /** `unit` is in this piece of the segment. */
  free(id: number, piece: number, unit: number, txg: number): void {
    this.log.dead(this.where(id), unit);
    if (this.units.free(id, unit)) this.#died(id, piece, txg);
  }

  drop(id: number, piece: number, unit: number, txg: number): void {
    if (this.units.drop(id, unit)) this.#died(id, piece, txg);
  }

  /**
   * What is in use of the first `prefix` units of a piece is now at `base` of another segment. `ranks[0…count)`: what is
   * in use, counted from the piece's base. The rest of the piece stays where it is, as a piece of its own.
   */
  move(
    from: number,
    piece: number,
    prefix: number,
    ranks: Uint8Array,
    count: number,
    to: number,
    base: number,
  ): void {
    const { batches, segments, units, log } = this;
    const oldBase = batches.baseAt(from, piece);
    const batch = batches.numberAt(from, piece);
    const offsets = this.#offsets(from, piece, ranks, count);
    log.moveIn(this.where(to), base, count, batch, offsets);
    log.moveOut(this.where(from), oldBase, prefix, batch);
    if (units.isPlain(from) && units.isPlain(to)) units.move(from, oldBase, prefix, to, base, count);
    else this.#moveCounted(from, oldBase, prefix, ranks, count, to, base);
    batches.add(to, batch, base, count, offsets);
    if (prefix === batches.unitsAt(from, piece)) batches.remove(from, piece);
    else batches.shrink(from, piece, prefix);
    segments.emptied[from] = emptiedNext;
    this.holdIfEmpty(from);
  }

  /** Records of the log that replay would read may speak of what was written here. */
  isLogged(id: number): boolean {
    const { segments } = this;
    if (segments.heat[id] !== heatCode.data) return false;
    return segments.spaceOf(id).group.lastTxg(segments.numberOf(id)) > this.wholeTxg;
  }

  /** A closed segment without units in use waits for two roots. */
  hold(id: number): void {
    assert(this.batches.pieces(id) === 0, 'nothing has a name in an empty segment');
    this.segments.setState(id, stateCode.held);
    this.held.add(id);
    this.heldNewlyUnits += this.segments.spaceOf(id).dataUnits;
  }

  /** Nothing is in use in the closed segment, and nothing grows in it. */
  holdIfEmpty(id: number): void {
    const { used, state } = this.segments;
    if (used[id] === 0 && state[id] === stateCode.closed && this.batches.pieces(id) === 0) this.hold(id);
  }

  /** Called when nothing is in the segment any more that a root could need. */
  makeFree(id: number): void {
    this.held.delete(id);
    this.segments.setState(id, stateCode.free);
    this.log.free(this.where(id));
  }

  /** What is in use of a piece has one block or several. */
  #moveCounted(
    from: number,
    oldBase: number,
    prefix: number,
    ranks: Uint8Array,
    count: number,
    to: number,
    base: number,
  ): void {
    const { units, log } = this;
    for (let i = 0; i < count; i++) {
      const blocks = units.count(from, oldBase + (ranks[i] ?? 0));
      units.addLive(to, base + i, blocks);
      for (let more = 1; more < blocks; more++) log.moveInToo(this.where(to), base + i);
    }
    for (let unit = 0; unit < prefix; unit++) units.clear(from, oldBase + unit);
  }

  /** Offsets in the batch of those ranks. */
  #offsets(id: number, piece: number, ranks: Uint8Array, count: number): Uint8Array {
    if (!this.batches.wasMoved(id, piece)) return ranks;
    this.batches.listAt(id, piece, offsetScratch);
    for (let i = 0; i < count; i++) rankScratch[i] = offsetScratch[ranks[i] ?? 0] ?? 0;
    return rankScratch;
  }

  #died(id: number, piece: number, txg: number): void {
    const { segments } = this;
    if (txg > (segments.emptied[id] ?? 0)) segments.emptied[id] = txg;
    this.#forgetIfDead(id, piece);
    this.holdIfEmpty(id);
  }

  #forgetIfDead(id: number, piece: number): void {
    const { batches, units } = this;
    const isInUse = units.anyBusy(id, batches.baseAt(id, piece), batches.unitsAt(id, piece));
    if (!isInUse && !this.isGrowing(id, piece)) batches.remove(id, piece);
  }

  #pieceAt(id: number, base: number): number {
    const piece = this.batches.pieceAt(id, base);
    assert(piece >= 0, 'a batch that grows is in its segment');
    return piece;
  }
}

const keyOf = (id: number, base: number): number => id * basesMax + base;

const offsetScratch = new Uint8Array(256);
const rankScratch = new Uint8Array(256);
