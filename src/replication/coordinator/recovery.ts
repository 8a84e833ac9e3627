/** Which history a starting target adopts (R4–R7, R9). */
import { adopt, compareHistories, type History } from '../history.ts';
import type { CompleteState, DatalessBody } from '../messages.ts';
import type { Report } from './member.ts';

export type Choice =
  | { readonly ready: false; readonly why: string }
  | {
      readonly ready: true;
      readonly chosen: CompleteState;
      /** Acknowledged writes that were never flushed may be missing (R5). */
      readonly lossy: boolean;
    };

interface Heard {
  /** Of distinct members and newcomers, each on a link that still stands (R2). */
  readonly reports: readonly Report[];
  /** Whether those that count are enough (R4, R33), whether enough of them are clean (R5), and whether they are all. */
  readonly enough: boolean;
  readonly clean: boolean;
  readonly everyone: boolean;
  /** `n of m`, for messages. */
  readonly shortOf: string;
  readonly shortOfClean: string;
  /** Since there were enough reports; 0 before. */
  readonly waitedMs: number;
  readonly cleanWaitMs: number;
  /** Members whose answer is on its way, and how long they are waited for when there are enough without. */
  readonly asked: number;
  readonly settleMs: number;
}

export function choose(heard: Heard): Choice {
  const { reports, shortOf, shortOfClean } = heard;
  if (!heard.enough) return { ready: false, why: `${shortOf} replicas needed have reported` };
  const lossy = !heard.clean;
  if (lossy && !heard.everyone && heard.waitedMs < heard.cleanWaitMs) {
    return { ready: false, why: `waiting for replicas that did not crash (${shortOfClean})` };
  }
  if (heard.asked > 0 && heard.waitedMs < heard.settleMs) {
    return { ready: false, why: `${heard.asked} replicas are about to report` };
  }
  const chosen = newest(reports.flatMap((report) => report.complete ?? []));
  return chosen
    ? { ready: true, chosen, lossy }
    : { ready: false, why: 'no replica that has reported holds a complete state' };
}

/** By the epoch of the last entry, then by its number (R6); a head before a base of the same history. */
function newest(states: readonly CompleteState[]): CompleteState | undefined {
  return states.toSorted(
    (a, b) => compareHistories(b.history, a.history) || Number(a.isBase) - Number(b.isBase),
  )[0];
}

/**
 * The adopted history and its first entry, numbered so far above everything reported that no block of a losing history
 * can have a birth as high (R9).
 */
export function adoption(options: {
  readonly chosen: History;
  readonly epoch: number;
  readonly reports: readonly Report[];
  readonly numberJump: number;
}): { readonly history: History; readonly entry: DatalessBody } {
  const { chosen, epoch, reports, numberJump } = options;
  const highest = Math.max(chosen.last, ...reports.map(({ last }) => last));
  const history = adopt(chosen, epoch, highest + numberJump);
  return { history, entry: { kind: 'adopt', epoch, previousLast: chosen.last } };
}
