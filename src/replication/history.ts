/**
 * What a state of the volume is called: the epochs it went through and the number of its newest entry.
 *
 * Invariants: epochs and their first numbers ascend; an epoch begins above where the one before it ended
 * (previousLast < first); last is at or above the first number of the newest epoch. The empty history is that of a
 * volume that no target has ever served.
 *
 * A return to a snapshot is a fork like any other: from its entry on an epoch begins again, with previousLast the number
 * of the snapshot. What was between the two is in no history that follows.
 */
import { assert } from '../shared/assert.ts';

export interface EpochStart {
  readonly epoch: number;
  /** Number of the epoch's adopt entry, or of an entry that returned to a snapshot. */
  readonly first: number;
  /** Number at which the history that this epoch adopted ended, or that of the snapshot. */
  readonly previousLast: number;
}

export interface History {
  readonly epochs: readonly EpochStart[];
  readonly last: number;
}

export const emptyHistory: History = { epochs: [], last: 0 };

/** Epoch of the newest entry; 0 for the empty history. */
export const epochOf = (history: History): number => history.epochs.at(-1)?.epoch ?? 0;

/** Above 0 when `a` is newer: by the epoch of the last entry, then by its number (R6). Never by the number alone. */
export const compareHistories = (a: History, b: History): number =>
  epochOf(a) - epochOf(b) || a.last - b.last;

/** Where the epoch at `index` ends in this history. */
const endOf = (history: History, index: number): number =>
  history.epochs[index + 1]?.previousLast ?? history.last;

/**
 * The number up to which two histories are the same: the greatest epoch that stands in both with one first number, and
 * the smaller of its two ends; 0 if there is none.
 */
export function commonPoint(a: History, b: History): number {
  for (let i = a.epochs.length - 1; i >= 0; i--) {
    const mine = a.epochs[i];
    const j = b.epochs.findIndex((other) => other.epoch === mine?.epoch && other.first === mine.first);
    if (j >= 0) return Math.min(endOf(a, i), endOf(b, j));
  }
  return 0;
}

/** The history of a target that adopts `chosen` with an entry `first`. */
export function adopt(chosen: History, epoch: number, first: number): History {
  const next = { epochs: [...chosen.epochs, { epoch, first, previousLast: chosen.last }], last: first };
  assertHistory(next);
  return next;
}

/** The history of the snapshot that was taken at `number` of this one. */
export const historyAt = ({ epochs }: Pick<History, 'epochs'>, number: number): History => ({
  epochs: epochs.filter(({ first }) => first <= number),
  last: number,
});

/** The history after the entry `first`, which returned to the snapshot taken at `number`. */
export function returned(history: History, number: number, first: number): History {
  const { epochs } = historyAt(history, number);
  const next = {
    epochs: [...epochs, { epoch: epochOf(history), first, previousLast: number }],
    last: first,
  };
  assertHistory(next);
  return next;
}

/** True when the list could have been made by adoptions and returns: what a peer or a disk gives is checked with it. */
export function isHistory({ epochs, last }: History): boolean {
  let before: EpochStart = { epoch: 0, first: 0, previousLast: 0 };
  for (const start of epochs) {
    const ascends = start.epoch > 0 && start.epoch >= before.epoch && start.previousLast >= before.first;
    if (!ascends || start.first <= start.previousLast) return false;
    before = start;
  }
  return last >= before.first;
}

export function assertHistory(history: History): void {
  assert(isHistory(history), `impossible history ${JSON.stringify(history)}`);
}

/** Drops epochs that every member has settled; the newest stays. */
export const cutHistory = (epochs: readonly EpochStart[], before: number): readonly EpochStart[] =>
  epochs.filter((start, i) => start.epoch >= before || i === epochs.length - 1);
