/**
 * How a target comes to serve: it collects promises, chooses one history, makes it durable, and then serves until it ends.
 *
 *   collecting ──enough reports: one choice──▶ adopting ──durable on CF, leases──▶ serving ──▶ ended
 *       ▲                                         │                                  ▲
 *       └──no replica left that holds the choice──┘ (a higher epoch, R8)             └ a higher epoch seen, or stop
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import { assert } from '../../shared/assert.ts';
import { mayLack } from '../forced-change.ts';
import { lossNoted } from '../loss.ts';
import { inForce } from '../membership.ts';
import type { Fence } from '../record.ts';
import type { Timing } from '../timing.ts';
import type { Candidacy } from './candidacy.ts';
import type { Leases } from './leases.ts';
import { isInSync, type Member, type Report } from './member.ts';
import type { MembershipChange } from './membership-change.ts';
import type { Reads } from './reads.ts';
import { adoption, type Choice } from './recovery.ts';
import type { Seats } from './seats.ts';
import { Stream } from './stream.ts';
import type { VolumeState } from './volume-state.ts';
import type { Window } from './window.ts';

interface TakeoverOptions {
  readonly seats: Seats;
  readonly timing: Timing;
  readonly candidacy: Candidacy;
  readonly members: MembershipChange;
  readonly leases: Leases;
  readonly reads: Reads;
  readonly volume: VolumeState;
  /** The newest record that was configured as the one in force. */
  readonly configured: () => MembershipRecord;
  readonly feed: (member: Member, window: Window, from: number, to: number) => void;
  /** Ends the link: where the replica is, it says on the next one (R11). */
  readonly detach: (member: Member, reason: string, nowMs: number) => void;
  /** This target never serves again. */
  readonly stop: (reason: string) => void;
  readonly changed: () => void;
}

export class Takeover {
  phase: 'collecting' | 'adopting' | 'serving' | 'ended' = 'collecting';
  /** It has served. */
  served = false;
  /** From the choice on. */
  stream: Stream | undefined;
  /** The epoch whose recovery may have lost acknowledged writes that were never flushed (R5); 0: none. */
  lossyEpoch = 0;
  /** What it waits for, or why it has ended. */
  message = 'starting';
  #beganMs: number | undefined;
  /** Until then those that were given up may have granted another target (R27, R36). */
  #quietUntilMs = -Infinity;
  readonly #o: TakeoverOptions;

  constructor(options: TakeoverOptions) {
    this.#o = options;
  }

  /** Asks whom it may, and chooses when it can. */
  step(nowMs: number): void {
    this.collect(nowMs);
    if (this.phase === 'collecting') this.#choose(nowMs);
  }

  collect(nowMs: number): void {
    this.#beganMs ??= nowMs;
    if (this.phase === 'collecting' && this.#o.candidacy.isOutbid)
      this.startOver('a replica has promised a higher epoch', nowMs);
    const missing = this.#o.candidacy.ask(nowMs);
    if (missing !== undefined) this.#tell(missing);
  }

  #choose(nowMs: number): void {
    if (this.#o.candidacy.epoch === 0) return;
    const choice = this.#o.candidacy.choice(nowMs);
    if (choice.ready) this.#adopt(choice, nowMs);
    else this.#tell(choice.why);
  }

  reported(member: Member, report: Report, nowMs: number): void {
    const why = this.#o.candidacy.reported(member, report, this.stream !== undefined, nowMs);
    if (why !== undefined) return this.#o.detach(member, why, nowMs);
    this.#o.changed();
  }

  /** R10: a rival is there. */
  refused(member: Member, promised: Fence, nowMs: number): void {
    const { epoch, nonce } = this.#o.candidacy.fence;
    const ours = promised.epoch === epoch && promised.nonce === nonce;
    // One epoch never has two targets: under an equal one of another we can not have this replica either (R1).
    if (ours || promised.epoch < epoch) return this.#o.detach(member, 'the link is not in force', nowMs);
    this.#o.candidacy.heard(promised.epoch);
    const why = rival(member.id, promised.epoch);
    // It has promised since it told us at the handshake. Whoever holds a promise leaves; else two would take each
    // other's promises away for ever.
    const early = this.phase === 'collecting' && this.#o.candidacy.reports.length === 0;
    if (early) this.startOver(why, nowMs);
    else this.#o.stop(why);
  }

  /** R8: another choice needs another epoch. Nothing was answered under this one. */
  startOver(why: string, nowMs: number): void {
    assert(this.phase === 'collecting' || this.phase === 'adopting', 'a serving target does not start over');
    this.phase = 'collecting';
    this.message = why;
    this.stream = undefined;
    this.#o.reads.restart();
    this.#o.candidacy.giveUp(nowMs);
    this.#o.changed();
  }

  adopting(stream: Stream, nowMs: number): void {
    if (!this.#o.seats.all.some(isInSync))
      return this.startOver('the only replica with the chosen history is gone', nowMs);
    if (!stream.adopted) return;
    if (!this.#o.leases.held(nowMs)) return;
    if (nowMs < this.#quietUntilMs)
      return this.#tell('waits for what was granted by those that are given up');
    this.phase = 'serving';
    this.served = true;
    this.#o.volume.settled();
    this.message = '';
    this.#o.changed();
  }

  #adopt({ chosen, lossy }: Extract<Choice, { ready: true }>, nowMs: number): void {
    const { reports, epoch } = this.#o.candidacy;
    const members = inForce(chosen.membership, this.#o.configured(), reports);
    if (!members.ok) return this.#tell(members.why);
    const { timing } = this.#o;
    const { numberJump } = timing;
    const { history, entry } = adoption({ chosen: chosen.history, epoch, reports, numberJump });
    this.#o.volume.adopt(chosen);
    // They were away before this process began, and nobody can ask them to let go.
    if (members.forced) this.#quietUntilMs = (this.#beganMs ?? nowMs) + timing.leaseMs;
    const givenUp = members.forced && mayLack(chosen.membership);
    if (lossy || givenUp) this.lossyEpoch = epoch;
    const noted = lossy || givenUp ? lossNoted(epoch, chosen.values) : undefined;
    this.#o.members.adopted(members.state, history.last);
    this.stream = new Stream({
      seats: this.#o.seats,
      timing,
      history,
      adopt: entry,
      noted,
      chosenLast: chosen.history.last,
      fence: this.#o.candidacy.fence,
      send: (member, window, from, to) => this.#o.feed(member, window, from, to),
      onSent: (member) => this.#o.reads.sendTo(member),
    });
    if (noted) this.#o.volume.follow({ ...noted, number: this.stream.last });
    this.phase = 'adopting';
    this.message = `adopting ${chosen.history.last} in epoch ${epoch}`;
  }

  #tell(message: string): void {
    if (this.message === message) return;
    this.message = message;
    this.#o.changed();
  }
}

/** R10. */
export const rival = (replicaId: string, epoch: number): string =>
  `replica ${replicaId} has promised epoch ${epoch} of another target`;
