/**
 * Segments that take what is moved: one for what was moved once, one for what was moved more often. Nodes have one of their
 * own: they die soon, and the holes that they leave would be taken for young.
 */
import type { Appender } from './appender.ts';
import type { SpaceRoom } from './block-space.ts';
import { nextGroup } from './group-turn.ts';
import { finishSegment, type OpenSegment, openSegment } from './open-segment.ts';
import { heatCode, stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';
import type { StoredSum } from './summary.ts';

/** A gap below this part of a segment is padded instead of filled with a part of a batch: splitting costs memory. */
const gapPart = 1 / 85;
/** What a checkpoint may open beside those that its nodes fill: one of nodes, one of items, one for either. */
const checkpointSegments = 3;

export class MoveTargets {
  readonly #table: SpaceTable;
  readonly #appender: Appender;
  readonly #room: SpaceRoom;
  readonly #storedSum: StoredSum;
  /** By heat. */
  readonly #open: (OpenSegment | undefined)[] = [];

  constructor(table: SpaceTable, appender: Appender, room: SpaceRoom, storedSum: StoredSum) {
    this.#table = table;
    this.#appender = appender;
    this.#room = room;
    this.#storedSum = storedSum;
  }

  /**
   * The segment that takes what leaves this victim; undefined when those that are free are kept for checkpoints.
   * `pendingUnits`: nodes that these may have to write.
   */
  of(victim: number, pendingUnits: number): OpenSegment | undefined {
    const { segments } = this.#table;
    const heat = heatAfter(segments.heat[victim] ?? 0);
    const known = this.#open[heat];
    if (known !== undefined) return known;
    const { internalReserveUnits, cleanerReserveUnits } = this.#room;
    const { dataUnits } = segments.spaceOf(victim);
    const keptUnits = Math.max(
      internalReserveUnits - cleanerReserveUnits,
      pendingUnits + checkpointSegments * dataUnits,
    );
    const isShort = segments.unitsIn(stateCode.free) <= keptUnits;
    if (isShort) return this.#open.find((target) => target !== undefined);
    const index = nextGroup(
      segments.groups,
      (each) => (segments.groups[each]?.inState[stateCode.free] ?? 0) > 0,
    );
    const target = openSegment(this.#table, segments.groupAt(index), heat);
    this.#open[heat] = target;
    this.#appender.watch(target);
    return target;
  }

  /** Units were appended: what is nearly full is finished. */
  appended(target: OpenSegment): void {
    if (target.dataUnits - target.writer.units < gapUnits(target)) this.#finish(target);
  }

  seal(): void {
    for (const target of this.#open)
      if (target !== undefined) {
        target.writer.seal();
        if (target.writer.units >= target.dataUnits) this.#finish(target);
      }
  }

  /** Resolves when the devices can take more. Rejects with GroupFailure. */
  async ready(): Promise<void> {
    const { segments } = this.#table;
    for (const target of this.#open)
      if (target !== undefined) await segments.groupAt(target.group).group.ready();
  }

  #finish(target: OpenSegment): void {
    this.#open[this.#open.indexOf(target)] = undefined;
    finishSegment(this.#table, target, this.#storedSum);
    this.#appender.unwatch(target);
  }
}

function heatAfter(heat: number): number {
  if (heat === heatCode.metadata) return heat;
  return heat < heatCode.movedOnce ? heatCode.movedOnce : heatCode.movedMore;
}

const gapUnits = ({ dataUnits }: OpenSegment): number => Math.max(1, Math.floor(dataUnits * gapPart));
