/**
 * R36: going on with the members that are left when a quorum is gone for good. A person decides it, and has to name the
 * volume, who is left and what may be missing then, so that nobody decides it for another volume, or for less than it costs.
 */
import type { MembershipState } from './membership.ts';
import { ackQuorum } from './quorum.ts';

/**
 * unflushed: acknowledged writes that were never flushed, if a survivor has crashed since. flushed: even what was flushed,
 * for everyone who had it may be among the lost.
 */
export type ExpectedLoss = (typeof expectedLosses)[number];
export const expectedLosses = ['unflushed', 'flushed'] as const;

export const expectedLossText: Readonly<Record<ExpectedLoss, string>> = {
  unflushed: 'acknowledged writes that were never flushed may be missing',
  flushed: 'even writes that were flushed may be missing',
};

/** What may be missing when `survivors` of so many members go on alone; undefined: nothing, a quorum is left. */
export function expectedLoss(members: number, survivors: number): ExpectedLoss | undefined {
  const quorum = ackQuorum(members);
  if (survivors >= quorum) return undefined;
  // A flush was completed by `quorum` members: of so many survivors one has it.
  return survivors > members - quorum ? 'unflushed' : 'flushed';
}

/**
 * Those that are given up may have promised epochs of which nobody left has heard: one that named two targets would name two histories.
 * Who goes on by force takes an epoch so far above all that it has heard of.
 */
export const forcedEpochs = 2 ** 20;

/**
 * Whether who goes on may lack what was acknowledged, crashed or not; `before`: the members as it knows them, undefined: it has heard
 * of none. Both of two had everything; of more, those that are gone may have gone on without it.
 */
export const mayLack = (before: MembershipState | undefined): boolean =>
  before === undefined ||
  [before.current, before.next].some(
    (record) => record !== undefined && Object.keys(record.members).length > 2,
  );

/** What the person says. Members are named as the person knows them, by their pools. */
export interface ForcedWish {
  readonly volume: string;
  readonly survivors: readonly string[];
  readonly loss: string;
}

export interface ForcedView {
  readonly volume: string;
  /** Members of the record in force, and of each that may be by now. */
  readonly records: readonly (readonly string[])[];
  /** Undefined: the target does not answer, so nobody knows who is there. */
  readonly serving: boolean | undefined;
  /** Members whose pools the target reaches. */
  readonly connected: readonly string[];
}

/** Why it is not done, with the remedy; undefined: it may be done. */
export function refusalOf(wish: ForcedWish, view: ForcedView): string | undefined {
  const { survivors } = wish;
  if (wish.volume !== view.volume) {
    const said = wish.volume === '' ? 'no volume is named' : `volume ${wish.volume} is not this one`;
    return `${said}: name ${view.volume}, if it is the one you mean`;
  }
  const strangers = survivors.filter((name) => !view.records.every((members) => members.includes(name)));
  if (survivors.length === 0 || strangers.length > 0 || new Set(survivors).size !== survivors.length)
    return `survivors ${survivors.join(', ')}: name members, each once, of ${view.records.map((members) => members.join(', ')).join(' and of ')}`;
  if (view.serving === undefined)
    return 'the target does not answer: start it, it says who is there while it waits for the others';
  if (view.serving) return 'the volume serves: take replicas away or move them, nothing needs to be given up';
  const lost = [...new Set(view.records.flat())].filter((name) => !survivors.includes(name));
  const there = lost.filter((name) => view.connected.includes(name));
  if (there.length > 0)
    return `${there.join(', ')} is not lost, the target reaches it: name it among the survivors, or stop its pool for good`;
  return lossRefusal(wish, view.records, lost);
}

function lossRefusal(
  { loss, survivors }: ForcedWish,
  records: ForcedView['records'],
  lost: readonly string[],
): string | undefined {
  const expected = records.map((members) => expectedLoss(members.length, survivors.length));
  const worst = expectedLosses.findLast((one) => expected.includes(one));
  if (worst === undefined)
    return `${survivors.join(', ')} are a quorum and need nobody's consent: bring them back, the volume resumes by itself`;
  if (loss === worst) return undefined;
  return `without ${lost.join(', ')} ${expectedLossText[worst]}: confirm it by naming the loss ${worst}`;
}
