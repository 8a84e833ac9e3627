/** A segment group in memory, one data column: for tests of what stands on groups and needs no devices. */
import { assert } from '../shared/assert.ts';
import { blockBytes } from '../shared/block-size.ts';
import type { SegmentGroup, SegmentWriter } from '../pool-manager/engine/group/segment-group.ts';

const rowUnits = 4;
const stripUnits = 64;

export interface MemoryGroup extends SegmentGroup {
  /** Content of a segment as written; a test may change it. */
  contentOf(segment: number): Uint8Array;
  /** Segments discarded so far. */
  readonly discarded: readonly number[];
}

export function memoryGroup(options: {
  readonly index?: number;
  readonly segments: number;
  /** A multiple of 4. */
  readonly segmentUnits: number;
}): MemoryGroup {
  const { index = 0, segments, segmentUnits } = options;
  const content = new Map<number, Uint8Array>();
  const txgs = new Map<number, readonly [number, number]>();
  const discarded: number[] = [];
  const contentOf = (segment: number): Uint8Array => {
    assert(segment >= 0 && segment < segments, `segment ${segment} exists`);
    const known = content.get(segment) ?? new Uint8Array(segmentUnits * blockBytes);
    content.set(segment, known);
    return known;
  };
  const group: MemoryGroup = {
    index,
    dataColumns: 1,
    parityColumns: 0,
    segments,
    segmentUnits,
    rowUnits,
    isBusy: false,
    openTxg: 1,
    contentOf,
    discarded,
    ready: () => Promise.resolve(),
    open(segment) {
      txgs.set(segment, [group.openTxg, group.openTxg]);
      return memoryWriter(segment, contentOf(segment), () => {
        txgs.set(segment, [group.firstTxg(segment), group.openTxg]);
      });
    },
    async read(segment, unit, count, isGood) {
      await Promise.resolve();
      assert(count > 0 && unit >= 0 && unit + count <= segmentUnits, 'units of the segment');
      const bytes = contentOf(segment).slice(unit * blockBytes, (unit + count) * blockBytes);
      const all = Array.from({ length: count }, (_, i) => i);
      return { bytes, bad: all.filter((i) => !isGood(i, bytes, i * blockBytes)) };
    },
    take(segment, unit, count, take, done) {
      void (async () => done((await group.read(segment, unit, count, take)).bad))();
    },
    async verify(segment, unit, count, isGood) {
      const { bad } = await group.read(segment, unit, count, isGood);
      return { bad, repairedUnits: 0 };
    },
    async rewrite(segment, unit, bytes) {
      await Promise.resolve();
      contentOf(segment).set(bytes, unit * blockBytes);
    },
    flush: () => Promise.resolve(),
    async discard(segment) {
      await Promise.resolve();
      discarded.push(segment);
    },
    firstTxg: (segment) => txgs.get(segment)?.[0] ?? 0,
    lastTxg: (segment) => txgs.get(segment)?.[1] ?? 0,
    restoreTxgs: (segment, first, last) => void txgs.set(segment, [first, last]),
  };
  return group;
}

/** Written the moment it is sent. */
function memoryWriter(segment: number, content: Uint8Array, onSent: () => void): SegmentWriter {
  const total = content.byteLength / blockBytes;
  let units = 0;
  let sent = 0;
  let finished = false;
  const open = content.slice();
  const send = () => {
    if (sent === units) return;
    content.set(open.subarray(sent * blockBytes, units * blockBytes), sent * blockBytes);
    sent = units;
    onSent();
  };
  const writer: SegmentWriter = {
    segment,
    get units() {
      return units;
    },
    get room() {
      return finished ? 0 : total - units;
    },
    append(bytes, from) {
      assert(writer.room > 0, 'the segment has room');
      open.set(bytes.subarray(from, from + blockBytes), units * blockBytes);
      units++;
      if (units % stripUnits === 0 || units === total) send();
      return units - 1;
    },
    stage: () => 0,
    appendStaged: () => assert(false, 'nothing was staged'),
    stagedAt: 0,
    peek: (unit) =>
      unit >= sent && unit < units ? open.subarray(unit * blockBytes, (unit + 1) * blockBytes) : undefined,
    seal() {
      const end = Math.ceil(units / rowUnits) * rowUnits;
      open.fill(0, units * blockBytes, end * blockBytes);
      units = end;
      send();
    },
    isSent: (unit) => unit < sent,
    drained: () => Promise.resolve(),
    finish() {
      writer.seal();
      finished = true;
    },
  };
  return writer;
}
