/**
 * Were the answers that clients got possible? Every block is a register; every write has a value of its own, so the
 * order of writes can be tested without a search (Gibbons and Korach, "Testing shared memories").
 */
import { hold } from './sim-truth.ts';

export interface Operation {
  readonly kind: 'write' | 'read';
  readonly block: number;
  /** What was written or read; 0 is never written. */
  readonly value: number;
  readonly startMs: number;
  /** Infinity: no answer came; it may have happened, or happen later. */
  finishMs: number;
}

interface Zone {
  readonly value: number;
  /** The earliest end and the latest beginning among the operations on this value. */
  readonly from: number;
  readonly to: number;
  readonly forward: boolean;
}

/** All operations together are as if each had happened at one instant between its beginning and its end. */
export function checkLinearizable(operations: readonly Operation[]): void {
  const byBlock = Map.groupBy(operations, ({ block }) => block);
  for (const [block, ops] of byBlock) checkBlock(block, ops);
}

function checkBlock(block: number, operations: readonly Operation[]): void {
  const writes = new Map(operations.filter(({ kind }) => kind === 'write').map((op) => [op.value, op]));
  // Before everything the block held 0.
  writes.set(0, { kind: 'write', block, value: 0, startMs: -1, finishMs: -1 });
  const reads = operations.filter(({ kind, finishMs }) => kind === 'read' && finishMs !== Infinity);
  const readsOf = Map.groupBy(reads, ({ value }) => value);
  const zones: Zone[] = [];
  for (const [value, write] of writes) {
    const of = readsOf.get(value) ?? [];
    if (of.length === 0 && write.finishMs === Infinity) continue; // it never has to have happened
    for (const read of of) {
      hold(read.finishMs >= write.startMs, `I4: block ${block}: ${value} was read before it was written`);
    }
    const all = [write, ...of];
    const from = Math.min(...all.map(({ finishMs }) => finishMs));
    const to = Math.max(...all.map(({ startMs }) => startMs));
    zones.push({ value, from: Math.min(from, to), to: Math.max(from, to), forward: from < to });
  }
  for (const read of reads)
    hold(writes.has(read.value), `I4: block ${block}: ${read.value} was never written`);
  const forward = zones.filter((zone) => zone.forward);
  for (const a of forward) {
    for (const b of zones) {
      if (a === b) continue;
      const clash = b.forward ? a.from < b.to && b.from < a.to : a.from < b.from && b.to < a.to;
      hold(!clash, `I4: block ${block}: the values ${a.value} and ${b.value} were both there at one time`);
    }
  }
}

/**
 * After a recovery that said it may have lost unflushed writes: flushed ones are still there. `covered` are values
 * that a completed flush covered, with the time when it completed.
 */
export function checkFlushed(operations: readonly Operation[], covered: ReadonlyMap<number, number>): void {
  for (const [block, ops] of Map.groupBy(operations, (operation) => operation.block)) {
    const writes = ops.filter(({ kind }) => kind === 'write');
    const byValue = new Map(writes.map((write) => [write.value, write]));
    const flushed = flushedOf(writes, covered);
    for (const read of ops) {
      if (read.kind !== 'read' || read.finishMs === Infinity) continue;
      // Of the writes that were flushed before the read began, the one that was asked for last.
      const due = flushed.findLast(({ flushedMs }) => flushedMs <= read.startMs)?.newest;
      if (due === undefined) continue;
      const older = (byValue.get(read.value)?.finishMs ?? -1) < due.startMs;
      hold(!older, `I1: block ${block}: ${read.value} was read after ${due.value} was flushed`);
    }
  }
}

/** By the time of the flush, ascending: the write that was asked for last among those flushed by then. */
function flushedOf(
  writes: readonly Operation[],
  covered: ReadonlyMap<number, number>,
): { readonly flushedMs: number; readonly newest: Operation }[] {
  const all = writes
    .map((newest) => ({ flushedMs: covered.get(newest.value) ?? Infinity, newest }))
    .filter(({ flushedMs }) => flushedMs !== Infinity)
    .toSorted((a, b) => a.flushedMs - b.flushedMs);
  for (const [i, each] of all.entries()) {
    const before = all[i - 1]?.newest;
    if (before && before.startMs > each.newest.startMs) all[i] = { ...each, newest: before };
  }
  return all;
}
