/**
 * One change of membership after the other, while serving (R32):
 *
 *   settled ──newcomers in sync──▶ joint (entry issued; quorums in both) ──durable on both──▶ committed ──a quorum has
 *      ▲                                                                                          │   noted it, durably
 *      └───────────────── whom the configuration does not name any more is told to retire ────────┘
 *
 * A GUID that has retired never returns (R35), so nobody retires whom the configuration still names: the change may have
 * been taken back by it while it was made here, and then the members before it are those of the next one.
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import type { MembershipState } from '../membership.ts';
import type { TargetSays } from '../messages.ts';
import { ackQuorum } from '../quorum.ts';
import { isInSync, isLinked, type Member } from './member.ts';
import type { Seats } from './seats.ts';
import type { Stream } from './stream.ts';

interface ChangeOptions {
  readonly seats: Seats;
  /** What the configuration holds to be in force: it follows when a change is settled. */
  readonly configured: () => MembershipRecord;
  readonly say: (member: Member, message: TargetSays) => void;
  /** Is no member any more, and has been told so if it could be. */
  readonly dropped: (member: Member) => void;
}

interface Joint {
  readonly record: MembershipRecord;
  /** What has to be durable on a quorum of both. */
  readonly number: number;
}

export class MembershipChange {
  readonly #o: ChangeOptions;
  #current: MembershipRecord;
  #wanted: MembershipRecord | undefined;
  /** Issued and not committed. */
  #joint: Joint | undefined;
  /** Number of an entry by which a history holds the current record. */
  #heldAt = 0;

  constructor(current: MembershipRecord, options: ChangeOptions) {
    this.#current = current;
    this.#o = options;
  }

  get state(): MembershipState {
    return this.#joint ? { current: this.#current, next: this.#joint.record } : { current: this.#current };
  }

  /** Version of the change that is under way or asked for; 0: none. */
  get nextVersion(): number {
    const wanted = this.#joint?.record ?? this.#wanted;
    return wanted && wanted.version > this.#current.version ? wanted.version : 0;
  }

  /** The record that is asked for, or under way, is without this one. */
  leaves({ id, guid }: Member): boolean {
    const wanted = this.#joint?.record ?? this.#wanted;
    return wanted !== undefined && wanted.version > this.#current.version && wanted.members[id] !== guid;
  }

  /** A quorum has noted that the current one is committed: no recovery asks for the one before it any more. */
  get isSettled(): boolean {
    const { version } = this.#current;
    return !this.#joint && this.#o.seats.meets(ackQuorum, (member) => member.committed >= version);
  }

  /** A recovery has chosen: with `next`, whatever makes the adopt entry durable makes the change durable as well. */
  adopted(state: MembershipState, adoptNumber: number): void {
    this.#current = state.current;
    this.#joint = state.next && { record: state.next, number: adoptNumber };
    this.#heldAt = adoptNumber;
    this.#useSets();
  }

  /** The newest record asked for; an older one that has not begun is given up. */
  want(record: MembershipRecord): void {
    this.#wanted = record;
  }

  /** While serving. Answers whether something has changed. */
  step(stream: Stream): boolean {
    if (this.#joint) return this.#commit(stream, this.#joint);
    this.#tellCommitted();
    if (this.#retireOthers()) return true;
    const wanted = this.#wanted;
    if (!wanted || wanted.version <= this.#current.version || !this.isSettled) return false;
    if (!this.#isReady(wanted)) return false;
    const number = stream.issue({ kind: 'membership', from: this.#current, record: wanted });
    this.#joint = { record: wanted, number };
    this.#useSets();
    return true;
  }

  /** Exposure, not safety: whoever is to count holds everything, and the new set can acknowledge at once. */
  #isReady({ members }: MembershipRecord): boolean {
    const seats = Object.entries(members).map(([id, guid]) => this.#o.seats.find(id, guid));
    const isNew = (member: Member | undefined) => !member || this.#current.members[member.id] !== member.guid;
    const inSync = seats.filter((member) => member && isInSync(member));
    return (
      seats.filter(isNew).every((member) => member && isInSync(member)) &&
      inSync.length >= ackQuorum(seats.length)
    );
  }

  /** R34: durable on a quorum of both; `flushed` is counted in both since the entry was issued. */
  #commit(stream: Stream, joint: Joint): boolean {
    if (stream.flushed < joint.number) return false;
    this.#current = joint.record;
    this.#heldAt = joint.number;
    this.#joint = undefined;
    this.#useSets();
    return true;
  }

  #tellCommitted(): void {
    const { version } = this.#current;
    for (const member of this.#o.seats.counted) {
      const told = member.committed >= version || member.toldCommitted >= version;
      if (told || !isInSync(member) || member.sent < this.#heldAt) continue;
      member.toldCommitted = version;
      this.#o.say(member, { type: 'committed', version });
    }
  }

  /** Not before a recovery could do without them, and not while a withdrawal may call them back. */
  #retireOthers(): boolean {
    if (!this.isSettled) return false;
    const { seats } = this.#o;
    const wanted = this.#wanted && this.#wanted.version > this.#current.version ? this.#wanted.members : {};
    const configured = this.#o.configured().members;
    const others = seats.all.filter(
      (member) =>
        !seats.counts(member) && wanted[member.id] !== member.guid && configured[member.id] !== member.guid,
    );
    for (const member of others) {
      if (isLinked(member)) this.#o.say(member, { type: 'retire', version: this.#current.version });
      seats.all.splice(seats.all.indexOf(member), 1);
      this.#o.dropped(member);
    }
    return others.length > 0;
  }

  #useSets(): void {
    const { current, next } = this.state;
    this.#o.seats.use(next ? [current, next] : [current]);
  }
}
