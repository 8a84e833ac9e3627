/**
 * Items: all that a checkpoint keeps besides trees, as key → bytes (docs/disk-format.md, "Items").
 *
 *  - An item is a run of whole units in *system segments*: written in place, found by place, never moved, never in the
 *    table of batches. Each unit says where it stands and carries its own checksum.
 *  - The directory of all items is written last; the root names it with its place.
 *  - An item is written anew when it changed, or when it is older than 16 checkpoints: so old segments empty by themselves.
 *  - A segment without items is free again when no root that one may go back to names it: `space` holds it that long.
 */
import { assert, must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import type { SegmentGroup, SegmentWriter } from '../group/segment-group.ts';
import {
  decodeDirectory,
  encodeDirectory,
  type HeldSegment,
  type ItemExtent,
  type ItemPlace,
} from './item-directory.ts';
import { holdTxgs, ItemSegments, type SystemSegments } from './item-segments.ts';
import { encodeItemUnit, isItemUnit, itemPayloadBytes, payloadOf } from './item-unit.ts';

/** What import reads. */
export interface ItemReader {
  keys(prefix: string): readonly string[];
  /** Rejects with DamagedItemError. The key must be there. */
  get(key: string): Promise<Uint8Array>;
}

/** What the parts of a checkpoint write to, between its cut and its root. */
export interface ItemWriter {
  /** `bytes` is not changed afterwards. Any length, 0 too. */
  put(key: string, bytes: Uint8Array): void;
  /** Unknown keys are no error. */
  delete(key: string): void;
}

/** An item that the root names is unreadable: the pool can not be imported from this root. */
export class DamagedItemError extends Error {
  override readonly name = 'DamagedItemError';
}

export interface SegmentJudge {
  /** What no item has, in a root that one may go back to, is good in any state. */
  readonly isGood: (unit: number, bytes: Uint8Array, from: number) => boolean;
  /** Whether `isGood` can tell, or nobody needs the unit. */
  readonly isKnown: (unit: number) => boolean;
  /** In items. */
  readonly units: number;
}

/** Items older than so many checkpoints are written anew. */
const refreshTxgs = 16;
const readUnitsMax = 256;
const unitsPerTurn = 128;

export class ItemStore implements ItemReader, ItemWriter {
  readonly #groups: readonly SegmentGroup[];
  readonly #places = new Map<string, ItemPlace>();
  /** Put since the last checkpoint, and what is on its way in the one under way. */
  #dirty = new Map<string, Uint8Array>();
  #leaving: ReadonlyMap<string, Uint8Array> = new Map();
  readonly #system: SystemSegments;
  readonly #segments: ItemSegments;
  readonly #pause: () => Promise<void>;
  /** Appended since the event loop had its turn. */
  #unitsInTurn = 0;
  #directory: ItemPlace | undefined;
  /** Places of items of the roots before the last one, and the first checkpoint that does not name them. */
  #dying: { readonly place: ItemPlace; readonly txg: number }[] = [];
  /** The last checkpoint that was written or loaded. */
  #txg = 0;
  /** Before it, an import has not told what older roots name. */
  #allKnownTxg = 0;
  #open: { readonly group: SegmentGroup; readonly writer: SegmentWriter } | undefined;

  /** `pause` lets the event loop turn: long items call it between slices of less than a millisecond. */
  constructor(
    groups: readonly SegmentGroup[],
    segments: SystemSegments,
    pause: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.#groups = groups;
    this.#pause = pause;
    this.#system = segments;
    this.#segments = new ItemSegments(groups, segments);
  }

  /** All that `directory` leads to. Rejects with DamagedItemError. */
  async load(directory: ItemPlace): Promise<void> {
    assert(this.#directory === undefined, 'items are loaded once');
    const { items, held } = decodeDirectory(await this.#read('directory', directory));
    this.#directory = directory;
    this.#txg = directory.txg;
    this.#allKnownTxg = directory.txg + holdTxgs + 1;
    this.#segments.held = held;
    this.#segments.count(directory, 1);
    for (const [key, place] of items) {
      this.#places.set(key, place);
      this.#segments.count(place, 1);
    }
  }

  /** After the block space has been loaded: it learns which segments are not its own. */
  claim(): void {
    this.#segments.claim();
  }

  keys(prefix: string): readonly string[] {
    const keys = new Set([...this.#places.keys(), ...this.#dirty.keys()]);
    return [...keys].filter((key) => key.startsWith(prefix)).toSorted();
  }

  async get(key: string): Promise<Uint8Array> {
    const bytes = this.#dirty.get(key) ?? this.#leaving.get(key);
    if (bytes !== undefined) return bytes;
    return await this.#read(key, must(this.#places.get(key), `item ${key}`));
  }

  put(key: string, bytes: Uint8Array): void {
    this.#dirty.set(key, bytes);
  }

  delete(key: string): void {
    this.#dirty.delete(key);
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#drop(place, this.#txg + 1);
    this.#places.delete(key);
  }

  /** Writes what changed or is old, and the directory; `drained` and a flush make it durable. Nothing is put meanwhile. */
  async write(txg: number): Promise<ItemPlace> {
    this.#txg = txg;
    this.#dying = this.#dying.filter((dying) => dying.txg + holdTxgs >= txg);
    for (const [key, place] of this.#places)
      if (place.txg <= txg - refreshTxgs && !this.#dirty.has(key)) this.put(key, await this.get(key));
    const leaving = new Map([...this.#dirty].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    this.#leaving = leaving;
    this.#dirty = new Map();
    for (const [key, bytes] of leaving) {
      const place = await this.#append(txg, bytes);
      const old = this.#places.get(key);
      if (old !== undefined) this.#drop(old, txg);
      this.#segments.count(place, 1);
      this.#places.set(key, place);
    }
    if (this.#directory !== undefined) this.#drop(this.#directory, txg);
    this.#segments.freeEmpty(txg, (group, segment) => this.#isOpen(group, segment));
    const directory = await this.#append(
      txg,
      encodeDirectory({ items: this.#places, held: this.#segments.held }),
    );
    this.#segments.count(directory, 1);
    this.#directory = directory;
    return directory;
  }

  /** Everything `write` has put out is written (not flushed). Rejects with GroupFailure. */
  async drained(): Promise<void> {
    this.#open?.writer.seal();
    await this.#open?.writer.drained();
    this.#leaving = new Map();
  }

  /** All places that the last root names, for whoever checks: the directory's under the empty key. */
  places(): ReadonlyMap<string, ItemPlace> {
    return new Map([['', must(this.#directory, 'the directory')], ...this.#places]);
  }

  /** Segments that are kept for roots before the last one. */
  held(): readonly HeldSegment[] {
    return this.#segments.held;
  }

  /** The judge of a system segment's units, by unit of the segment. */
  judge(group: number, segment: number): SegmentJudge {
    const txgs = new Map<number, number>();
    for (const { txg, extents } of this.#neededPlaces())
      for (const extent of extents)
        if (extent.group === group && extent.segment === segment)
          for (let i = 0; i < extent.units; i++) txgs.set(extent.unit + i, txg);
    return {
      isGood: (unit, bytes, from) => {
        const txg = txgs.get(unit);
        return txg === undefined || isItemUnit(bytes, from, { group, segment, unit, txg });
      },
      isKnown: (unit) => txgs.has(unit) || this.#txg >= this.#allKnownTxg,
      units: txgs.size,
    };
  }

  /** Of the last root, and of those before that one may go back to. */
  #neededPlaces(): readonly ItemPlace[] {
    const directory = this.#directory === undefined ? [] : [this.#directory];
    return [...this.#places.values(), ...directory, ...this.#dying.map(({ place }) => place)];
  }

  /** No root from checkpoint `txg` on names it. */
  #drop(place: ItemPlace, txg: number): void {
    this.#segments.count(place, -1);
    this.#dying.push({ place, txg });
  }

  #isOpen(group: number, segment: number): boolean {
    return this.#open?.group.index === group && this.#open.writer.segment === segment;
  }

  async #append(txg: number, bytes: Uint8Array): Promise<ItemPlace> {
    const extents: ItemExtent[] = [];
    for (let at = 0; at < bytes.byteLength; at += itemPayloadBytes) {
      const { group, writer } = await this.#writer();
      const place = { group: group.index, segment: writer.segment, unit: writer.units, txg };
      const unit = encodeItemUnit(place, bytes.subarray(at, at + itemPayloadBytes));
      assert(writer.append(unit, 0) === place.unit, 'units of a system segment follow one another');
      extend(extents, place);
      if (++this.#unitsInTurn < unitsPerTurn) continue;
      this.#unitsInTurn = 0;
      await this.#pause();
    }
    return { txg, lengthBytes: bytes.byteLength, extents };
  }

  async #writer(): Promise<{ readonly group: SegmentGroup; readonly writer: SegmentWriter }> {
    if (this.#open !== undefined && this.#open.writer.room > 0) {
      if (this.#open.group.isBusy) await this.#open.group.ready();
      return this.#open;
    }
    await this.#open?.writer.drained();
    this.#open = this.#system.openSystem();
    this.#segments.begin(this.#open.group.index, this.#open.writer.segment);
    return this.#open;
  }

  async #read(key: string, place: ItemPlace): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.ceil(place.lengthBytes / itemPayloadBytes) * itemPayloadBytes);
    let at = 0;
    for (const { group, segment, unit, units } of place.extents)
      for (let from = 0; from < units; from += readUnitsMax) {
        const count = Math.min(readUnitsMax, units - from);
        const first = unit + from;
        const isGood = (index: number, read: Uint8Array, start: number) =>
          isItemUnit(read, start, { group, segment, unit: first + index, txg: place.txg });
        const reading = await must(this.#groups[group], `group ${group}`).read(segment, first, count, isGood);
        if (reading.bad.length > 0)
          throw new DamagedItemError(`${key} is unreadable in segment ${segment} of group ${group}`);
        for (let i = 0; i < count; i++, at += itemPayloadBytes)
          bytes.set(payloadOf(reading.bytes, i * blockBytes), at);
      }
    return bytes.subarray(0, place.lengthBytes);
  }
}

function extend(extents: ItemExtent[], { group, segment, unit }: Omit<ItemExtent, 'units'>): void {
  const last = extents.at(-1);
  if (last?.group === group && last.segment === segment && last.unit + last.units === unit)
    extents[extents.length - 1] = { ...last, units: last.units + 1 };
  else extents.push({ group, segment, unit, units: 1 });
}
