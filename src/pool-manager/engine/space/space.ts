/** Makes the block space of a pool: its parts, put together (the port: block-space.ts). */
import { assert } from '../../../shared/assert.ts';
import { batchOf, checksumWord, compressionOf, offsetOf, plainSectors, sectorsOf } from '../map/pointer.ts';
import { Appender } from './appender.ts';
import type { BlockSpace, SegmentState, SpaceOptions } from './block-space.ts';
import { Cleaner } from './cleaner.ts';
import { DiscardQueue } from './discard-queue.ts';
import { findFree } from './open-segment.ts';
import { heatCode, segmentFlag, stateCode } from './segments.ts';
import { SpaceTable } from './space-table.ts';
import { scrubSegment } from './segment-scrub.ts';
import { auditSpace } from './space-audit.ts';
import { TableRoom } from './space-room.ts';
import { SummaryReader } from './summary-reader.ts';
import { TableStore } from './table-store.ts';
import { rewriteStored } from './unit-rewrite.ts';

/** How many roots must be durable after the one that emptied a segment. */
const holdTxgs = 2;
/** Units of a batch are counted in sectors of 512 bytes: 8 each. */
const unitOfOffset = (offset: number): number => offset >>> 3;

export function createBlockSpace(options: SpaceOptions): BlockSpace {
  const table = new SpaceTable();
  const { segments, units, batches } = table;
  const appender = new Appender(table, options.storedSum, options.nextBatch ?? 1);
  const summaries = new SummaryReader(table, appender, options.storedSum);
  const store = new TableStore(table, appender, summaries, options.pause);
  const room = new TableRoom(table, () => appender.openSegments);
  const cleaner = new Cleaner(table, appender, summaries, room, options, () => store.writing);
  const isShort = () => cleaner.need === 'paced' || cleaner.need === 'urgent';
  const appendedUnits = () => appender.appended.data + appender.appended.metadata;
  const discards = options.discard === true ? new DiscardQueue(table, { isShort, appendedUnits }) : undefined;
  const grow: BlockSpace['grow'] = (groups) => {
    table.grow(groups);
  };
  grow(options.groups);

  /** Unit where the name lies, in `batches.foundSegment`; -1 when it is gone. */
  const find = (words: Uint32Array, at: number) =>
    batches.locate(words[at] ?? 0, (words[at + 1] ?? 0) & 0xff, unitOfOffset(offsetOf(words, at)));
  /** The same of a name that is bound. */
  const unitOf = (words: Uint32Array, at: number): number => {
    const unit = find(words, at);
    assert(unit >= 0, 'a name is bound and has its place');
    return unit;
  };
  const groupOf = (index: number) => segments.groupAt(index).group;

  // No getters here: V8 looks up by hash what is in a literal that has one.
  const space: BlockSpace & { stagedAt: number } = {
    room,
    cleaning: cleaner,
    memory: () => ({ batches: batches.bytes, units: units.bytes, pieces: batches.count }),
    appended: appender.appended,
    nextBatch: () => appender.nextBatch,
    stagedAt: 0,
    append: (stream, stored, from, sectors, slot, owner, sumLow, sumHigh, words, at) =>
      appender.append(stream, stored, from, sectors, slot, owner, sumLow, sumHigh, words, at),
    stage(stream, arena) {
      const most = appender.stage(stream, arena);
      space.stagedAt = appender.stagedAt;
      return most;
    },
    appendStaged: (stream, count, slot, owner, sums, words, at) =>
      appender.appendStaged(stream, count, slot, owner, sums, words, at),
    adopt(words, at) {
      const unit = unitOf(words, at);
      table.adopt(batches.foundSegment, unit);
    },
    free(words, at, txg) {
      const unit = unitOf(words, at);
      table.free(batches.foundSegment, batches.foundPiece, unit, txg);
    },
    drop(words, at, txg) {
      const unit = unitOf(words, at);
      table.drop(batches.foundSegment, batches.foundPiece, unit, txg);
    },
    peek(words, at) {
      const unit = find(words, at);
      if (unit < 0) return undefined;
      return appender.peek(batches.foundSegment, unit, offsetOf(words, at) & 7, sectorsOf(words, at));
    },
    place(words, at) {
      const unit = find(words, at);
      if (unit < 0) return undefined;
      const id = batches.foundSegment;
      return {
        group: segments.groupIndexOf(id),
        segment: segments.numberOf(id),
        unit,
        sectorInUnit: offsetOf(words, at) & 7,
      };
    },
    seek(words, at) {
      const unit = find(words, at);
      if (unit < 0) return undefined;
      const id = batches.foundSegment;
      const offset = offsetOf(words, at);
      const isElsewhere = appender.isUnwritten(id) || batches.wasMoved(id, batches.foundPiece);
      return {
        group: segments.groupIndexOf(id),
        segment: segments.numberOf(id),
        unit,
        sectorInUnit: offset & 7,
        pending: appender.peek(id, unit, offset & 7, sectorsOf(words, at)),
        unitsBehind: isElsewhere ? 0 : batches.unitsAt(id, batches.foundPiece) - 1 - unitOfOffset(offset),
      };
    },
    isSent(words, at) {
      const unit = unitOf(words, at);
      return appender.isSent(batches.foundSegment, unit);
    },
    read: (group, segment, unit, count, isGood) => groupOf(group).read(segment, unit, count, isGood),
    take: (group, segment, unit, count, take, done, isWanted) =>
      groupOf(group).take(segment, unit, count, take, done, isWanted),
    rewrite: (words, at, stored) => rewriteStored(space, segments, words, at, stored),
    batchPlace(batch) {
      const firstUnit = batches.locateUnit(batch, 0);
      assert(firstUnit >= 0, `batch ${batch} has a place`);
      const id = batches.foundSegment;
      return {
        group: segments.groupIndexOf(id),
        segment: segments.numberOf(id),
        firstUnit,
      };
    },
    mark: (stream) => appender.mark(stream),
    seal() {
      appender.seal();
      cleaner.seal();
    },
    drained: () => appender.drained(),

    async load(items, txg, nextBatch) {
      await store.load(items, txg);
      appender.nextBatch = nextBatch;
    },
    reserve(group, segment) {
      const id = segments.id(group, segment);
      const state = segments.state[id];
      assert(state !== stateCode.system, 'data of the log is not in a system segment');
      if (state !== stateCode.closed) {
        table.held.delete(id);
        segments.setState(id, stateCode.closed);
        // The root may speak of an earlier life of it, whose summary is still there where this one did not get that far:
        // who judges by that takes what is old for right.
        segments.setFlag(id, segmentFlag.summarized, false);
        segments.clock[id] = table.clock;
        table.log.open(table.where(id), 0);
        table.log.close(table.where(id), false, table.clock);
        const { openTxg } = groupOf(group);
        segments.emptied[id] = openTxg;
        groupOf(group).restoreTxgs(segment, groupOf(group).firstTxg(segment) || openTxg, openTxg);
      }
      segments.heat[id] = heatCode.data; // the log speaks of it: it is kept until a whole root
      table.touched.add(id);
    },
    bind(group, segment, firstUnit) {
      const id = segments.id(group, segment);
      assert(segments.state[id] === stateCode.closed, 'the segment was reserved');
      const batch = appender.nextBatch++;
      table.begin(batch, id, firstUnit);
      store.bound.set(batch, { id, base: firstUnit });
      return batch;
    },
    claim(words, at, slot, block) {
      const bound = store.bound.get(batchOf(words, at));
      assert(bound !== undefined, `batch ${batchOf(words, at)} was bound`);
      const { id, base } = bound;
      const offset = unitOfOffset(offsetOf(words, at));
      if (offset >= table.unitsOf(id, base)) table.setUnits(id, base, offset + 1);
      const unit = base + offset;
      assert(unit < segments.spaceOf(id).dataUnits, 'a unit of the segment');
      units.take(id, unit);
      const isPlain = sectorsOf(words, at) === plainSectors && compressionOf(words, at) === 0;
      if (isPlain && slot !== undefined && block !== undefined)
        summaries.keep(
          id,
          unit,
          slot,
          block,
          words[at + checksumWord] ?? 0,
          words[at + checksumWord + 1] ?? 0,
        );
    },
    changes: (txg, items) => store.write(txg, items),
    release(durableTxg, oldestPinTxg, wholeTxg) {
      table.wholeTxg = wholeTxg;
      const limit = Math.min(durableTxg, oldestPinTxg) - holdTxgs;
      for (const id of table.held) {
        if ((segments.emptied[id] ?? 0) > limit || table.isLogged(id)) continue;
        cleaner.forget(id);
        summaries.kept.delete(id);
        table.makeFree(id);
        discards?.add(id);
      }
    },
    lookAtDiscards: () => discards?.look(),
    async stopDiscards() {
      await discards?.stop();
    },
    openSystem() {
      const [freest] = segments.groups.toSorted((a, b) => freeSegments(b) - freeSegments(a));
      const id = freest === undefined ? -1 : findFree(table, freest);
      assert(freest !== undefined && id >= 0, 'the reserve has segments for checkpoints');
      segments.setState(id, stateCode.system);
      return { group: freest.group, writer: freest.group.open(segments.numberOf(id)) };
    },
    claimSystem(group, segment) {
      const id = segments.id(group, segment);
      table.held.delete(id);
      assert(segments.used[id] === 0 && batches.pieces(id) === 0, 'names and items do not share segments');
      segments.setState(id, stateCode.system);
      groupOf(group).restoreTxgs(segment, 1, groupOf(group).openTxg);
    },
    freeSystem(group, segment, txg) {
      const id = segments.id(group, segment);
      assert(segments.state[id] === stateCode.system, 'a system segment');
      segments.emptied[id] = txg;
      table.hold(id);
    },
    grow,
    segmentState: (group, segment) => stateName(segments.state[segments.id(group, segment)] ?? 0),
    *segmentsWritten(group, afterTxg) {
      for (let segment = 0; segment < groupOf(group).segments; segment++) {
        const state = segments.state[segments.id(group, segment)];
        if (state !== stateCode.free && groupOf(group).lastTxg(segment) > afterTxg) yield segment;
      }
    },
    audit: () => auditSpace(table),
    liveBlocks(group, segment, unit) {
      const id = segments.id(group, segment);
      return units.count(id, unit) - units.pendingCount(id, unit);
    },
    async judge(group, segment) {
      const id = segments.id(group, segment);
      return summaries.judge(id, await summaries.read(id), 0);
    },
    scrubSegment: (group, segment) => scrubSegment(table, appender, summaries, segments.id(group, segment)),
  };
  return space;
}

const freeSegments = ({ inState }: { readonly inState: Uint32Array }): number => inState[stateCode.free] ?? 0;

function stateName(code: number): SegmentState {
  const names: readonly SegmentState[] = ['free', 'open', 'closed', 'held', 'system'];
  const name = names[code];
  assert(name !== undefined, 'the segment exists');
  return name;
}
