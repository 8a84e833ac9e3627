/**
 * Where new names come from. Each stream has one batch that grows, in one group; when it is full the next group has its
 * turn, and its open segment of this stream takes the next batch. Blocks of less than a unit share units: none crosses
 * from one to the next.
 */
import { assert } from '../../../shared/assert.ts';
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import { plainSectors, pointerWords, setName } from '../map/pointer.ts';
import type { Arena } from '../group/arena.ts';
import type { Stream } from '../map/map-space.ts';
import { nextGroup } from './group-turn.ts';
import { finishSegment, type OpenSegment, openSegment } from './open-segment.ts';
import { heatCode, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import { setEntry, setPackedEntry, type StoredSum, type Summary } from './summary.ts';

const batchUnitsMax = 255;
const clockUnits = 256;

interface StreamState {
  readonly heat: number;
  /** By group. */
  readonly open: (OpenSegment | undefined)[];
  /** Where the batch that grows lies. */
  current: OpenSegment | undefined;
  isGrowing: boolean;
  batch: number;
  base: number;
  unitsMax: number;
  /** The unit that compressed blocks share now, and the sectors taken of it; 0: none. */
  readonly packed: Uint8Array;
  packedSectors: number;
}

const newStream = (heat: number): StreamState => ({
  heat,
  open: [],
  current: undefined,
  isGrowing: false,
  batch: 0,
  base: 0,
  unitsMax: 0,
  packed: new Uint8Array(blockBytes),
  packedSectors: 0,
});

export class Appender {
  nextBatch: number;
  stagedAt = 0;
  readonly #table: SpaceTable;
  readonly #storedSum: StoredSum;
  readonly #data = newStream(heatCode.data);
  readonly #metadata = newStream(heatCode.metadata);
  /** By segment id: what is open, and what is closed and not written yet. */
  readonly #unwritten = new Map<number, OpenSegment>();
  /** Units so far. */
  readonly appended = { data: 0, metadata: 0 };

  constructor(table: SpaceTable, storedSum: StoredSum, nextBatch: number) {
    this.#table = table;
    this.#storedSum = storedSum;
    this.nextBatch = nextBatch;
  }

  get openSegments(): Iterable<OpenSegment> {
    return this.#unwritten.values();
  }

  append(
    kind: Stream,
    stored: Uint8Array,
    from: number,
    sectors: number,
    slot: number,
    owner: number,
    sumLow: number,
    sumHigh: number,
    words: Uint32Array,
    at: number,
  ): void {
    assert(sectors > 0 && sectors <= plainSectors, 'a block takes one to eight sectors');
    const stream = kind === 'data' ? this.#data : this.#metadata;
    if (stream.packedSectors + sectors > plainSectors) this.#flushPacked(stream);
    const open = this.#room(stream);
    const unit = open.writer.units;
    const offset = (unit - stream.base) * plainSectors + stream.packedSectors;
    setName(words, at, stream.batch, offset, sectors, 0);
    this.#table.units.take(open.id, unit);
    if (sectors === plainSectors) {
      open.writer.append(stored, from);
      setEntry(open.summary, unit, slot, owner, sumLow, sumHigh);
      this.#advance(stream, open, unit);
      return;
    }
    if (stream.packedSectors === 0) this.#table.setUnits(open.id, stream.base, unit - stream.base + 1);
    const bytes = sectors * sectorBytes;
    stream.packed.set(stored.subarray(from, from + bytes), stream.packedSectors * sectorBytes);
    stream.packedSectors += sectors;
    if (stream.packedSectors === plainSectors) this.#flushPacked(stream);
  }

  /** As in map-space.ts. */
  appendStaged(
    kind: Stream,
    count: number,
    slot: number,
    owner: number,
    sums: Uint32Array,
    words: Uint32Array,
    at: number,
  ): void {
    const stream = kind === 'data' ? this.#data : this.#metadata;
    const open = stream.current;
    assert(
      stream.isGrowing && open !== undefined && stream.packedSectors === 0,
      'a batch that grows is staged',
    );
    const { writer, summary } = open;
    const unit = writer.units;
    const first = unit - stream.base;
    assert(first + count <= stream.unitsMax, 'a batch has room for what is staged');
    for (let i = 0; i < count; i++) {
      setName(words, at + i * pointerWords, stream.batch, (first + i) * plainSectors, plainSectors, 0);
      setEntry(summary, unit + i, slot, owner + i, sums[i * 4] ?? 0, sums[i * 4 + 1] ?? 0);
    }
    this.#table.units.takeNew(open.id, unit, count);
    writer.appendStaged(count);
    this.#advance(stream, open, unit, count);
  }

  /** As in map-space.ts: what the batch that grows has room for, where its strip is. */
  stage(kind: Stream, arena: Arena): number {
    const stream = kind === 'data' ? this.#data : this.#metadata;
    const { current } = stream;
    if (!stream.isGrowing || current === undefined || stream.packedSectors > 0) return 0;
    const { writer } = current;
    const left = stream.unitsMax - (writer.units - stream.base);
    if (left <= 0) return 0;
    const units = writer.stage(arena);
    this.stagedAt = writer.stagedAt;
    return Math.min(units, left);
  }

  /** The next batch of the stream gets at least the number that is answered. */
  mark(kind: Stream): number {
    this.#endBatch(kind === 'data' ? this.#data : this.#metadata);
    return this.nextBatch;
  }

  /** Batches that grow are noted with what they have so far. */
  noteBatches(): void {
    for (const { isGrowing, current, base } of [this.#data, this.#metadata])
      if (isGrowing && current !== undefined) this.#table.noteBatch(current.id, base);
  }

  seal(): void {
    for (const stream of [this.#data, this.#metadata]) {
      this.#flushPacked(stream);
      for (const open of stream.open) {
        if (open === undefined) continue;
        open.writer.seal();
        if (open.writer.units >= open.dataUnits) this.#finish(stream, open);
      }
    }
  }

  /** A segment whose writer this has to know until all is written. */
  watch(open: OpenSegment): void {
    this.#unwritten.set(open.id, open);
  }

  /** The segment is finished: when it is written, it is forgotten. Who waits for `drained` learns of a failure. */
  unwatch(open: OpenSegment): void {
    const forget = () => void this.#unwritten.delete(open.id);
    void open.writer.drained().then(forget, forget);
  }

  async drained(): Promise<void> {
    await Promise.all([...this.#unwritten.values()].map(({ writer }) => writer.drained()));
  }

  /** The bytes of a unit that are in memory, from this sector on. */
  peek(id: number, unit: number, sector: number, sectors: number): Uint8Array | undefined {
    const open = this.#unwritten.get(id);
    if (open === undefined) return undefined;
    const packed = this.#packedAt(open, unit);
    const bytes = packed ?? open.writer.peek(unit);
    return bytes?.subarray(sector * sectorBytes, (sector + sectors) * sectorBytes);
  }

  /** Whether something of the segment may not be on the devices yet. */
  isUnwritten(id: number): boolean {
    return this.#unwritten.has(id);
  }

  summaryOf(id: number): Summary | undefined {
    return this.#unwritten.get(id)?.summary;
  }

  isSent(id: number, unit: number): boolean {
    const open = this.#unwritten.get(id);
    if (open === undefined) return true;
    return this.#packedAt(open, unit) === undefined && open.writer.isSent(unit);
  }

  /** The unit that compressed blocks share now, if it is this one. */
  #packedAt(open: OpenSegment, unit: number): Uint8Array | undefined {
    for (const stream of [this.#data, this.#metadata])
      if (stream.current === open && stream.packedSectors > 0 && open.writer.units === unit)
        return stream.packed;
    return undefined;
  }

  /** The segment that takes the stream's next unit. */
  #room(stream: StreamState): OpenSegment {
    const { current } = stream;
    if (stream.isGrowing && current !== undefined) {
      if (current.writer.units - stream.base < stream.unitsMax) return current;
      this.#endBatch(stream);
    }
    const { groups } = this.#table.segments;
    const canTake = (index: number) =>
      stream.open[index] !== undefined || (groups[index]?.inState[stateCode.free] ?? 0) > 0;
    const group = nextGroup(groups, canTake);
    let open = stream.open[group];
    if (open === undefined) {
      open = openSegment(this.#table, this.#table.segments.groupAt(group), stream.heat);
      stream.open[group] = open;
      this.watch(open);
    }
    stream.current = open;
    stream.base = open.writer.units;
    stream.unitsMax = Math.min(
      batchUnitsMax,
      Math.max(1, open.dataUnits >>> 2),
      open.dataUnits - stream.base,
    );
    stream.batch = this.nextBatch++;
    this.#table.begin(stream.batch, open.id, stream.base);
    stream.isGrowing = true;
    return open;
  }

  /** So many units were appended from `unit` on. */
  #advance(stream: StreamState, open: OpenSegment, unit: number, count = 1): void {
    this.#table.setUnits(open.id, stream.base, unit - stream.base + count);
    const units = stream === this.#data ? (this.appended.data += count) : (this.appended.metadata += count);
    const before = Math.floor((units - count) / clockUnits);
    this.#table.clock = (this.#table.clock + Math.floor(units / clockUnits) - before) >>> 0;
    if (open.writer.units >= open.dataUnits) this.#finish(stream, open);
  }

  #flushPacked(stream: StreamState): void {
    const open = stream.current;
    if (stream.packedSectors === 0 || open === undefined) return;
    stream.packed.fill(0, stream.packedSectors * sectorBytes);
    const unit = open.writer.append(stream.packed, 0);
    setPackedEntry(open.summary, unit, stream.packed, 0, this.#storedSum);
    stream.packedSectors = 0;
    this.#advance(stream, open, unit);
  }

  #endBatch(stream: StreamState): void {
    this.#flushPacked(stream);
    if (stream.isGrowing && stream.current !== undefined) this.#table.finish(stream.current.id, stream.base);
    stream.isGrowing = false;
    stream.current = undefined;
  }

  #finish(stream: StreamState, open: OpenSegment): void {
    if (stream.current === open) this.#endBatch(stream);
    stream.open[open.group] = undefined;
    finishSegment(this.#table, open, this.#storedSum);
    this.unwatch(open);
  }
}
