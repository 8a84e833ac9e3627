/** A segment that is being written: the writer of its group, and the summary that will end it. */
import { assert } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import type { SegmentWriter } from '../group/segment-group.ts';
import { type GroupSpace, segmentFlag, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import { finishSummary, lifeOf, newSummary, type StoredSum, type Summary } from './summary.ts';

export interface OpenSegment {
  readonly id: number;
  readonly group: number;
  readonly dataUnits: number;
  readonly writer: SegmentWriter;
  readonly summary: Summary;
  /** Everything that will be in it is with the writer. */
  isFinished: boolean;
}

const zeros = new Uint8Array(blockBytes);

/** The next free segment of a group, searched from where the last one was found; -1 when there is none. */
export function findFree(table: SpaceTable, space: GroupSpace): number {
  if ((space.inState[stateCode.free] ?? 0) === 0) return -1;
  const { segments } = table.segments.groupAt(space.group.index).group;
  for (let i = 0; i < segments; i++) {
    const segment = (space.cursor + i) % segments;
    const id = table.segments.id(space.group.index, segment);
    if (table.segments.state[id] !== stateCode.free) continue;
    space.cursor = segment + 1;
    return id;
  }
  throw new RangeError('a group with free segments has one');
}

/** Begins a free segment of the group. */
export function openSegment(table: SpaceTable, space: GroupSpace, heat: number): OpenSegment {
  const { segments, units, log } = table;
  const id = findFree(table, space);
  assert(id >= 0, 'admission keeps a segment for everybody who appends');
  assert(segments.used[id] === 0 && table.batches.pieces(id) === 0, 'a free segment is empty');
  units.reset(id);
  segments.setState(id, stateCode.open);
  segments.setFlag(id, segmentFlag.summarized, false);
  segments.heat[id] = heat;
  segments.emptied[id] = 0;
  log.open(table.where(id), heat);
  table.touched.add(id);
  return {
    id,
    group: space.group.index,
    dataUnits: space.dataUnits,
    writer: space.group.open(segments.numberOf(id)),
    summary: newSummary(space.dataUnits),
    isFinished: false,
  };
}

/** Fills the segment up, ends it with its summary, and closes it. What grows in it has been ended before. */
export function finishSegment(table: SpaceTable, open: OpenSegment, storedSum: StoredSum): void {
  const { segments, units, log } = table;
  while (open.writer.units < open.dataUnits) open.writer.append(zeros, 0);
  const { group } = segments.spaceOf(open.id);
  const life = lifeOf(group.firstTxg(open.writer.segment), table.clock);
  const summary = finishSummary(open.summary, life, storedSum);
  for (let at = 0; at < summary.byteLength; at += blockBytes) open.writer.append(summary, at);
  open.writer.finish();
  open.isFinished = true;
  segments.setState(open.id, stateCode.closed);
  segments.setFlag(open.id, segmentFlag.summarized, true);
  segments.clock[open.id] = table.clock;
  units.settle(open.id);
  log.close(table.where(open.id), true, table.clock);
  table.touched.add(open.id);
  table.holdIfEmpty(open.id);
}
