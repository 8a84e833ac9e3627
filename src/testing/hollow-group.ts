/** A segment group that keeps nothing. */
import { assert } from '../shared/assert.ts';
import { blockBytes } from '../shared/block-size.ts';
import type { SegmentGroup } from '../pool-manager/engine/group/segment-group.ts';

/** What every read answers from. */
export const hollowContent = new Uint8Array(1024 * blockBytes);

/** Counts units and forgets them: for figures of what stands above groups. */
export function hollowGroup(segments: number, segmentUnits: number): SegmentGroup {
  const group: SegmentGroup = {
    index: 0,
    dataColumns: 1,
    parityColumns: 0,
    segments,
    segmentUnits,
    rowUnits: 4,
    isBusy: false,
    openTxg: 1,
    ready: () => Promise.resolve(),
    open(segment) {
      let units = 0;
      return {
        segment,
        get units() {
          return units;
        },
        get room() {
          return segmentUnits - units;
        },
        append: () => units++,
        stage: () => 0,
        appendStaged: () => assert(false, 'nothing was staged'),
        stagedAt: 0,
        peek: () => undefined,
        seal: () => void (units = Math.ceil(units / 4) * 4),
        isSent: () => true,
        drained: () => Promise.resolve(),
        finish: () => undefined,
      };
    },
    read: (_segment, _unit, count) =>
      Promise.resolve({ bytes: hollowContent.subarray(0, count * blockBytes), bad: [] }),
    take: (_segment, _unit, count, take, done) => {
      for (let index = 0; index < count; index++) take(index, hollowContent, index * blockBytes);
      done([]);
    },
    verify: () => Promise.resolve({ bad: [], repairedUnits: 0 }),
    rewrite: () => Promise.resolve(),
    flush: () => Promise.resolve(),
    discard: () => Promise.resolve(),
    firstTxg: () => 1,
    lastTxg: () => 1,
    restoreTxgs: () => undefined,
  };
  return group;
}
