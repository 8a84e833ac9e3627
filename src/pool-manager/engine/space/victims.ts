/**
 * Which segments are worth cleaning: cost-benefit, (1 − u) · age / (1 + u), u being the share in use and age the time
 * since the segment was written. Old segments are taken at a higher u, for what is in them is likely to stay. Those of
 * nodes are never taken for young: most nodes die within a few checkpoints, and the few that are left would keep much
 * space for long.
 */
import { heatCode, segmentFlag, type Segments, stateCode } from './segments.ts';
import type { UnitMap } from './unit-map.ts';

/** Looked up at once: a look at all segments of a large pool takes a millisecond or two. */
const victimsAtOnce = 32;

/** Closed, nothing pending in it, something dead in it. */
export function isVictim(segments: Segments, units: UnitMap, id: number): boolean {
  if (segments.state[id] !== stateCode.closed) return false;
  if ((segments.used[id] ?? 0) >= segments.spaceOf(id).dataUnits) return false;
  return !segments.has(id, segmentFlag.pending) || units.pendingBlocks(id) === 0;
}

export const ageOf = (segments: Segments, clock: number, id: number): number =>
  ((clock - (segments.clock[id] ?? 0)) >>> 0) + 1;

/** Up to 32 segments, the best first, of those with at most this share in use. `usualAge`: of victims. */
export function chooseVictims(
  segments: Segments,
  clock: number,
  usualAge: number,
  usedShareMax: number,
  isAllowed: (id: number) => boolean,
): number[] {
  const ids: number[] = [];
  const scores: number[] = [];
  for (const { pages, dataUnits } of segments.groups) {
    const usedMax = dataUnits * usedShareMax;
    for (const page of pages)
      for (let id = page * 64; id < page * 64 + 64; id++) {
        const used = segments.used[id] ?? 0;
        if (segments.state[id] !== stateCode.closed || used > usedMax) continue;
        const age = ageOf(segments, clock, id);
        const isOfNodes = segments.heat[id] === heatCode.metadata;
        const weight = isOfNodes ? Math.max(age, usualAge) : age;
        const score = ((dataUnits - used) * weight) / (dataUnits + used);
        if (ids.length === victimsAtOnce && score <= (scores.at(-1) ?? 0)) continue;
        if (!isAllowed(id)) continue;
        insert(ids, scores, id, score);
      }
  }
  return ids;
}

function insert(ids: number[], scores: number[], id: number, score: number): void {
  let at = ids.length;
  while (at > 0 && (scores[at - 1] ?? 0) < score) at--;
  ids.splice(at, 0, id);
  scores.splice(at, 0, score);
  if (ids.length <= victimsAtOnce) return;
  ids.pop();
  scores.pop();
}
