/**
 * How a target comes by an epoch, and by what it may choose under it: whom it has asked for a promise, who has reported,
 * and how long it waits for more (R1, R2, R4, R5, R10).
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import { forcedEpochs } from '../forced-change.ts';
import { epochOf, isHistory } from '../history.ts';
import { required } from '../membership.ts';
import type { TargetSays } from '../messages.ts';
import { cleanQuorum, promiseQuorum } from '../quorum.ts';
import type { Fence } from '../record.ts';
import type { Timing } from '../timing.ts';
import { isLinked, reportOf, type Member, type Report } from './member.ts';
import { choose, type Choice } from './recovery.ts';
import type { Seats } from './seats.ts';

interface CandidacyOptions {
  readonly seats: Seats;
  readonly timing: Timing;
  /** Random, of this process. */
  readonly nonce: number;
  /** Of this process, by name. */
  readonly instance: string | undefined;
  /** The newest record that was configured as the one in force. */
  readonly configured: () => MembershipRecord;
  /** What is told to a member that is asked. */
  readonly current: () => MembershipRecord;
  readonly say: (member: Member, message: TargetSays) => void;
}

export class Candidacy {
  readonly #o: CandidacyOptions;
  /** 0: not chosen yet. */
  #epoch = 0;
  #highestSeen = 0;
  #askFromMs = -Infinity;
  #attempts = 0;
  #linkedSinceMs: number | undefined;
  #enoughSinceMs: number | undefined;

  constructor(options: CandidacyOptions) {
    this.#o = options;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get fence(): Fence {
    return { epoch: this.#epoch, nonce: this.#o.nonce };
  }

  /** A member has promised this epoch to somebody. */
  heard(epoch: number): void {
    this.#highestSeen = Math.max(this.#highestSeen, epoch);
  }

  get isOutbid(): boolean {
    return this.#epoch > 0 && this.#highestSeen > this.#epoch;
  }

  get reports(): readonly Report[] {
    return this.#o.seats.all.flatMap((member) => reportOf(member) ?? []);
  }

  /** R33: the records in which promises are needed, as far as anybody has told. */
  get required(): readonly MembershipRecord[] {
    return required(this.#o.configured(), this.reports);
  }

  /** Asks for promises: under an epoch above all that were heard of, once there are enough. Answers what is missing. */
  ask(nowMs: number): string | undefined {
    const { seats } = this.#o;
    if (this.#epoch === 0) {
      if (!seats.meets(promiseQuorum, isLinked)) {
        this.#linkedSinceMs = undefined;
        return `${seats.shortOf(promiseQuorum, isLinked)} replicas needed are connected`;
      }
      if (!this.#mayAsk(nowMs)) return undefined;
      this.#epoch = this.#highestSeen + (this.#o.configured().forced === true ? forcedEpochs : 1);
    }
    for (const member of seats.all) {
      const { state } = member;
      const again = state.phase === 'asked' && (state.askAgainAtMs ?? Infinity) <= nowMs;
      if (state.phase === 'connected' || again) this.#ask(member);
    }
    return undefined;
  }

  /** There are enough; others get a moment, for what they have promised or hold is better known at once. */
  #mayAsk(nowMs: number): boolean {
    const { seats, timing } = this.#o;
    this.#linkedSinceMs ??= nowMs;
    const settled = seats.counted.every(isLinked) || nowMs - this.#linkedSinceMs >= timing.settleMs;
    return settled && nowMs >= this.#askFromMs;
  }

  #ask(member: Member): void {
    member.state = { phase: 'asked', askAgainAtMs: undefined };
    const { instance, current, say } = this.#o;
    say(member, { type: 'promise', memberships: [current()], instance });
  }

  /** `adopted`: the choice under this epoch is made. Answers why this report can not be taken; undefined: it is. */
  reported(member: Member, report: Report, adopted: boolean, nowMs: number): string | undefined {
    const history = report.complete?.history;
    // While nothing is adopted under this epoch nobody can have it in a history.
    const newest = adopted ? this.#epoch : this.#epoch - 1;
    if (history && (!isHistory(history) || epochOf(history) > newest))
      return 'reports a history that can not be: replace this replica';
    member.state = { phase: 'reported', report };
    member.full &&= member.low; // what it says of its space comes before its report
    member.promisedEpoch = this.#epoch;
    member.message = '';
    member.committed = Math.max(member.committed, report.committed);
    const { seats } = this.#o;
    if (!adopted) seats.use(this.required);
    const enough = seats.meets(promiseQuorum, (one) => reportOf(one) !== undefined);
    this.#enoughSinceMs ??= enough ? nowMs : undefined;
    return undefined;
  }

  choice(nowMs: number): Choice {
    const { seats, timing } = this.#o;
    if (this.#epoch === 0) return { ready: false, why: 'no epoch yet' };
    const isClean = (member: Member) => reportOf(member)?.clean === true;
    const hasReported = (member: Member) => reportOf(member) !== undefined;
    return choose({
      reports: this.reports,
      enough: seats.meets(promiseQuorum, hasReported),
      clean: seats.meets(cleanQuorum, isClean),
      everyone: seats.counted.every(hasReported),
      shortOf: seats.shortOf(promiseQuorum, hasReported),
      shortOfClean: seats.shortOf(cleanQuorum, isClean),
      waitedMs: this.#enoughSinceMs === undefined ? 0 : nowMs - this.#enoughSinceMs,
      cleanWaitMs: timing.cleanWaitMs,
      settleMs: timing.settleMs,
      asked: seats.all.filter(({ state }) => state.phase === 'asked' && state.askAgainAtMs === undefined)
        .length,
    });
  }

  /** R8: another choice needs another epoch. All that are linked are to be asked again. */
  giveUp(nowMs: number): void {
    this.#attempts += 1;
    this.#highestSeen = Math.max(this.#highestSeen, this.#epoch);
    this.#epoch = 0;
    this.#enoughSinceMs = undefined;
    // Two that start at once do not meet again and again: the pause grows and differs by nonce.
    const pauseMs = Math.min(this.#attempts, 10) * (50 + (this.#o.nonce % 200));
    this.#askFromMs = nowMs + pauseMs;
    for (const member of this.#o.seats.all) {
      member.inflightReads = 0;
      if (isLinked(member)) member.state = { phase: 'connected' };
    }
  }
}
