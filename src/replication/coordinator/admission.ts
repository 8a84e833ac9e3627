/** How members come into the stream: resent what they lack, or rebuilt; and who is left out of it (R17–R19, R25). */
import { commonPoint, epochOf, historyAt } from '../history.ts';
import type { ReplicaMessage, TargetSays } from '../messages.ts';
import type { SnapshotInfo } from '../record.ts';
import type { Timing } from '../timing.ts';
import { isInSync, type Member, type Report } from './member.ts';
import { heldBack, setBack } from './patience.ts';
import type { Rebuilds } from './rebuilds.ts';
import type { Seats } from './seats.ts';
import type { Stream } from './stream.ts';

type Of<T extends ReplicaMessage['type']> = Extract<ReplicaMessage, { type: T }>;
export type RebuildMessage =
  | Of<'progress'>
  | Of<'sourceLost'>
  | Of<'copied'>
  | Of<'mismatch'>
  | Of<'complete'>;

interface AdmissionOptions {
  readonly seats: Seats;
  readonly timing: Timing;
  readonly rebuilds: Rebuilds;
  /** Of the volume, ascending. */
  readonly snapshots: () => readonly SnapshotInfo[];
  readonly say: (member: Member, message: TargetSays) => void;
  /** Ends the link: where the replica is, it says on the next one (R11). */
  readonly detach: (member: Member, reason: string, nowMs: number) => void;
  /** One more can be read from. */
  readonly inSync: () => void;
  readonly changed: () => void;
}

/** Of one history; without those before them more has to be copied than need be. */
const epochsMax = 64;

export class Admission {
  readonly #o: AdmissionOptions;
  #cutSaid = false;

  constructor(options: AdmissionOptions) {
    this.#o = options;
  }

  #settledBefore({ history }: Stream, epoch: number): number {
    const oldest = this.#o.snapshots()[0];
    const { epochs } = history;
    const needed = oldest ? epochOf(historyAt(history, oldest.number)) : epoch;
    return Math.max(Math.min(needed, epoch), epochs[epochs.length - epochsMax]?.epoch ?? 0);
  }

  /** Answers why this one can not come in before the numbers are higher; undefined otherwise. */
  letIn(member: Member, report: Report, stream: Stream, nowMs: number): string | undefined {
    const why = heldBack(member, this.#o.seats, nowMs);
    if (why === undefined) return this.#attach(member, report, stream, nowMs);
    if (member.message === why) return undefined;
    member.message = why;
    this.#o.changed();
    return undefined;
  }

  leaveOut(member: Member, reason: string, nowMs: number): void {
    setBack(member, this.#o.timing, nowMs);
    this.#o.detach(member, reason, nowMs);
  }

  /** A replica of an older release could not take in what it does not know (R24). */
  #knows(report: Report): boolean {
    return report.snapshots !== undefined || this.#o.snapshots().length === 0;
  }

  /** Resent what it lacks when it is complete at a point of this history that the window covers; else rebuilt (R18). */
  #attach(member: Member, report: Report, stream: Stream, nowMs: number): string | undefined {
    const { complete } = report;
    if (!this.#knows(report)) {
      member.message = 'its release knows no snapshots: upgrade its pool';
      return undefined;
    }
    const history = stream.historyAfter(complete?.history.last ?? 0);
    const { epochs } = history;
    const common = complete && commonPoint(complete.history, history);
    if (complete && common === complete.history.last && stream.covers(common)) {
      this.#o.say(member, { type: 'attach', epochs, from: common, revert: complete.isBase });
      stream.join(member, common, nowMs);
      this.#nowInSync(member, report, stream, nowMs);
      return undefined;
    }
    // One more than it has: growing takes a number, and what has grown must not pass for live.
    const lifted = stream.liftAbove(report.last + 1);
    if (lifted !== 'done') {
      const never = lifted === 'never';
      member.message = `holds entry ${report.last}, above ours: ${never ? 'replace this replica' : 'the numbers are being raised'}`;
      return never ? undefined : member.message;
    }
    if (!this.#o.rebuilds.begin(member, report, stream, nowMs)) {
      member.message = 'waits for a replica in sync to copy from';
      return undefined;
    }
    member.message = '';
    this.#o.changed();
    return undefined;
  }

  rebuilding(
    member: Member,
    state: Extract<Member['state'], { phase: 'rebuilding' }>,
    message: RebuildMessage,
    stream: Stream,
    nowMs: number,
  ): void {
    const { rebuilds } = this.#o;
    if (message.attachId !== state.rebuild.attachId) return;
    switch (message.type) {
      case 'progress':
        return rebuilds.progress(state, message, nowMs);
      case 'sourceLost':
        member.message = `copying from ${message.replicaId}: ${message.message}`;
        return rebuilds.sourceLost(state, message, nowMs);
      case 'copied':
        rebuilds.copied(member, state, message, stream);
        return stream.pumpAll();
      case 'mismatch':
        member.mismatches += message.groups;
        member.message = message.message;
        rebuilds.dropProof(state.rebuild);
        return this.#o.changed();
      case 'complete':
        if (state.rebuild.upTo) return rebuilds.whole(state);
        if (message.number > member.sent)
          return this.#o.detach(member, `claims entry ${message.number}`, nowMs);
        rebuilds.dropProof(state.rebuild);
        member.proof = message.proof;
        member.received = Math.max(member.received, message.number);
        member.durable = Math.max(member.durable, message.number);
        return this.#nowInSync(member, state.report, stream, nowMs);
    }
  }

  #nowInSync(member: Member, report: Report, stream: Stream, nowMs: number): void {
    member.state = { phase: 'inSync', report, caughtUpAt: stream.last, sinceMs: nowMs, told: false };
    member.message = '';
    this.#o.inSync();
    this.#o.changed();
  }

  /**
   * A replica that has all there was at its attach is clean again; when all have all, old epochs can be forgotten, but for
   * those that snapshots tell their place by.
   */
  sayInSync(stream: Stream, epoch: number): void {
    const { seats, say } = this.#o;
    const all = seats.all.every((member) => isInSync(member) && member.durable >= stream.adoptNumber);
    const cut = all && !this.#cutSaid;
    const cutBefore = all ? this.#settledBefore(stream, epoch) : 0;
    this.#cutSaid ||= cut;
    for (const member of seats.all) {
      const { state } = member;
      if (state.phase !== 'inSync' || member.received < state.caughtUpAt) continue;
      if (state.told && !cut) continue;
      state.told = true;
      say(member, { type: 'inSync', cutBefore });
    }
    if (cut) stream.cut(cutBefore);
  }
}
