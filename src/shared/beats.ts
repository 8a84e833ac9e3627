/**
 * What is done again and again in one process is done at the same moments, multiples of its period on the clock: a process
 * that has nothing else to do wakes once for all of it.
 */

/** A timer may come a little before its moment: what is nearer than this part of a period was that moment. */
const nearPart = 0.25;

/** Milliseconds from `nowMs` to the next multiple of `periodMs`: at least a quarter of it, at most five. */
export function untilBeatMs(nowMs: number, periodMs: number): number {
  const leftMs = Math.ceil(periodMs - (nowMs % periodMs));
  return leftMs < periodMs * nearPart ? leftMs + periodMs : leftMs;
}
