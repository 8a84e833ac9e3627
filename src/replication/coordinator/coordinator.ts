/**
 * The target side of replication, as a state machine: requests, messages of replicas and ticks in; messages, answers
 * and notices out.
 *
 *   collecting ──enough reports: one choice──▶ adopting ──durable on CF, leases──▶ serving ──▶ ended
 *       ▲                                         │                                  ▲
 *       └──no replica left that holds the choice──┘ (a higher epoch, R8)             └ a higher epoch seen, or stop
 *
 * Nothing is answered outside `serving`, and nothing in it without the leases (R14, R27, R28).
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import { assert } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { commonPoint, epochOf, isHistory } from '../history.ts';
import { decodeStretch, type Stretch } from '../mapping.ts';
import type { EntryBody, ReplicaMessage, TargetMessage, TargetSays } from '../messages.ts';
import { inForce, required, type MembershipState } from '../membership.ts';
import { ackQuorum, cleanQuorum, leaseQuorum, promiseQuorum } from '../quorum.ts';
import type { Fence, Values } from '../record.ts';
import type { MembershipStatus, VolumeStatus } from '../status.ts';
import type { Timing } from '../timing.ts';
import { isAttached, isInSync, isLinked, newMember, reportOf, type Member, type Report } from './member.ts';
import { heldBack, setBack } from './patience.ts';
import { Reads } from './reads.ts';
import { Rebuilds } from './rebuilds.ts';
import { adoption, choose } from './recovery.ts';
import { Requests, type Answer, type Need } from './requests.ts';
import { MembershipChange } from './membership-change.ts';
import { Seats } from './seats.ts';
import { Stream } from './stream.ts';
import { volumeStatus } from './volume-status.ts';

/** Effects; none of them calls back from inside the call. */
export interface CoordinatorEffects {
  send(replicaId: string, message: TargetMessage): void;
  /** Ends the link after what was sent on it. Nothing more is heard of this link; a new one may follow. */
  close(replicaId: string, reason: string): void;
  /** This replica is no member any more; its link is not needed. */
  dropped(replicaId: string, guid: string): void;
  /** The proof that lets `copier` copy from `source` under this fence, hexadecimal. */
  ticket(sourceId: string, copierGuid: string, fence: Fence): string;
  /** The state shown to people may have changed. */
  changed(): void;
  /** Once: this target never serves again. */
  ended(reason: string): void;
}

export interface MemberPlace {
  readonly id: string;
  readonly guid: string;
  readonly pool: string;
  readonly copyAddress: string;
}

export interface CoordinatorOptions {
  readonly membership: MembershipRecord;
  /** A change that is to be made, or was being made. */
  readonly nextMembership?: MembershipRecord | undefined;
  /** Of the members, and of newcomers. */
  readonly places: readonly MemberPlace[];
  /** Random, of this process. */
  readonly nonce: number;
  readonly timing: Timing;
  readonly effects: CoordinatorEffects;
}

type Phase = 'collecting' | 'adopting' | 'serving' | 'ended';
type Of<T extends ReplicaMessage['type']> = Extract<ReplicaMessage, { type: T }>;

export class Coordinator {
  readonly #o: CoordinatorOptions;
  readonly #seats: Seats;
  readonly #change: MembershipChange;
  /** The newest record that was configured as the one in force. */
  #configured: MembershipRecord;
  readonly #requests = new Requests();
  readonly #reads: Reads;
  readonly #rebuilds: Rebuilds;
  #phase: Phase = 'collecting';
  #served = false;
  /** 0: not chosen yet. */
  #epoch = 0;
  #highestSeen = 0;
  #askFromMs = -Infinity;
  #attempts = 0;
  #linkedSinceMs: number | undefined;
  #enoughSinceMs: number | undefined;
  #stream: Stream | undefined;
  /** As issued: what a rebuilding replica gets. What is shown follows when it is durable. */
  #issued: { sizeBytes: number; values: Values } = { sizeBytes: 0, values: {} };
  #shown: { sizeBytes: number; values: Values } = { sizeBytes: 0, values: {} };
  #lossyEpoch = 0;
  #renewedAtMs = -Infinity;
  #cutSaid = false;
  #message = 'starting';

  constructor(options: CoordinatorOptions) {
    this.#o = options;
    const { membership, nextMembership } = options;
    this.#configured = membership;
    this.#seats = new Seats(options.places.map(newMember), [membership]);
    const say = (member: Member, message: TargetSays) => this.#say(member, message);
    this.#reads = new Reads({
      members: this.#seats.all,
      say,
      settled: () => this.#stream?.settled ?? 0,
      unsettled: (block, count, upTo) => this.#stream?.unsettledTouching(block, count, upTo) ?? 0,
    });
    this.#rebuilds = new Rebuilds({
      seats: this.#seats,
      timing: options.timing,
      say,
      ticket: (source, copier) => options.effects.ticket(source.id, copier.guid, this.#fence),
    });
    this.#change = new MembershipChange(membership, {
      seats: this.#seats,
      say,
      dropped: (member) => this.#dropped(member),
    });
    if (nextMembership) this.#change.want(nextMembership);
  }

  get sizeBytes(): number {
    return this.#shown.sizeBytes;
  }

  get values(): Values {
    return this.#shown.values;
  }

  /** A pool of a replica in sync is nearly full. */
  get spaceIsLow(): boolean {
    return this.#seats.all.some((member) => isInSync(member) && member.low);
  }

  get serving(): boolean {
    return this.#phase === 'serving';
  }

  /** The epoch whose recovery may have lost acknowledged writes that were never flushed (R5); 0: none. */
  get lossyEpoch(): number {
    return this.#lossyEpoch;
  }

  /** R28: checked immediately before an answer goes out. */
  mayAnswer(nowMs: number): boolean {
    if (this.#phase !== 'serving') return false;
    return this.#seats.meets(leaseQuorum, ({ leaseUntilMs }) => leaseUntilMs > nowMs);
  }

  write(block: number, data: Uint8Array, fua: boolean, nowMs: number, answer: Answer<void>): void {
    const count = data.byteLength / blockBytes;
    assert(Number.isInteger(count) && count > 0, 'writes are whole blocks');
    if (this.#isFull()) return answer({ ok: false, problem: 'noSpace' });
    this.#submit({ kind: 'write', block, count, data, fua }, fua ? 'durable' : 'received', nowMs, answer);
  }

  unmap(block: number, count: number, nowMs: number, answer: Answer<void>): void {
    this.#submit({ kind: 'unmap', block, count }, 'received', nowMs, answer);
  }

  flush(nowMs: number, answer: Answer<void>): void {
    this.#submit({ kind: 'flush' }, 'durable', nowMs, answer);
  }

  resize(sizeBytes: number, nowMs: number, answer: Answer<void>): void {
    this.#submit({ kind: 'resize', sizeBytes }, 'durable', nowMs, (result) => {
      if (result.ok) this.#shown = { ...this.#shown, sizeBytes: Math.max(sizeBytes, this.#shown.sizeBytes) };
      answer(result);
    });
  }

  setValue(key: string, value: string, nowMs: number, answer: Answer<void>): void {
    this.#submit({ kind: 'state', key, value }, 'durable', nowMs, (result) => {
      if (result.ok) this.#shown = { ...this.#shown, values: { ...this.#shown.values, [key]: value } };
      answer(result);
    });
  }

  read(block: number, count: number, nowMs: number, answer: Answer<Uint8Array>): void {
    if (this.#phase === 'ended') return answer({ ok: false, problem: 'busy' });
    const deadlineMs = nowMs + this.#o.timing.quorumWaitMs;
    this.#reads.submit({ block, count, map: false }, deadlineMs, answer);
  }

  /** The first stretch of the range that takes space, or takes none. */
  mapping(block: number, count: number, nowMs: number, answer: Answer<Stretch>): void {
    if (this.#phase === 'ended') return answer({ ok: false, problem: 'busy' });
    const deadlineMs = nowMs + this.#o.timing.quorumWaitMs;
    this.#reads.submit({ block, count, map: true }, deadlineMs, (result) => {
      if (!result.ok) return answer(result);
      const value = decodeStretch(result.value);
      answer(value === undefined ? { ok: false, problem: 'unreadable' } : { ok: true, value });
    });
  }

  /** The replica is found elsewhere; who copies from it hears of it with the next source. */
  setPlace(replicaId: string, pool: string, copyAddress: string): void {
    const member = this.#member(replicaId);
    member.pool = pool;
    member.copyAddress = copyAddress;
  }

  /** An authenticated link to this replica stands; it says which epoch it has promised. */
  connected(replicaId: string, promisedEpoch: number, nowMs: number): void {
    const member = this.#member(replicaId);
    const wasOurs = this.#epoch > 0 && member.promisedEpoch === this.#epoch;
    member.state = { phase: 'connected' };
    member.promisedEpoch = promisedEpoch;
    member.low = false;
    member.toldCommitted = 0;
    member.connectedAtMs = nowMs;
    member.message = '';
    this.#highestSeen = Math.max(this.#highestSeen, promisedEpoch);
    if (this.#phase === 'ended') return this.#o.effects.close(replicaId, 'this target has ended');
    if (wasOurs && promisedEpoch > this.#epoch) return this.stop(rival(replicaId, promisedEpoch));
    this.#collect(nowMs);
    this.#o.effects.changed();
  }

  disconnected(replicaId: string, reason: string, nowMs: number): void {
    const member = this.#member(replicaId);
    member.message = reason;
    if (!isLinked(member)) return this.#o.effects.changed();
    if (member.state.phase === 'rebuilding') this.#rebuilds.dropProof(member.state.rebuild);
    member.state = { phase: 'offline' };
    member.connectedAtMs = undefined;
    this.#reads.lost(member);
    this.#rebuilds.lost(member, nowMs);
    this.#step(nowMs);
  }

  message(replicaId: string, message: ReplicaMessage, nowMs: number): void {
    const member = this.#member(replicaId);
    const ours = message.epoch === this.#epoch && message.nonce === this.#o.nonce;
    // What was said under another epoch of ours is void; nobody else's is said on our links.
    if (!ours || !isLinked(member) || this.#phase === 'ended') return;
    this.#handle(member, message, nowMs);
    this.#step(nowMs);
  }

  tick(nowMs: number): void {
    if (this.#phase === 'ended') return;
    this.#requests.expire(nowMs);
    this.#reads.expire(nowMs);
    this.#renew(nowMs);
    for (const member of this.#seats.all) {
      if (this.#stream?.tooSlow(member, nowMs))
        this.#leaveOut(member, 'too slow: entries wait for it too long', nowMs);
    }
    this.#step(nowMs);
  }

  /** Ends for good: what is open hears busy, grants are given back. The caller has flushed if it wanted to. */
  stop(reason: string): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended'; // first: from here on nothing may be answered
    this.#message = reason;
    for (const member of this.#seats.all) if (reportOf(member)) this.#say(member, { type: 'release' });
    this.#requests.failAll('busy');
    this.#reads.failAll();
    this.#o.effects.changed();
    this.#o.effects.ended(reason);
  }

  status(): VolumeStatus {
    return volumeStatus({
      seats: this.#seats,
      membership: this.#membershipStatus(),
      ended: this.#phase === 'ended',
      serving: this.#phase === 'serving',
      served: this.#served,
      epoch: this.#epoch,
      last: this.#stream?.last ?? 0,
      flushed: this.#stream?.flushed ?? 0,
      sizeBytes: this.#shown.sizeBytes,
      lossyEpoch: this.#lossyEpoch,
      message: this.#message,
    });
  }

  /** What is kept for the moment, all of it bounded. */
  load(): { readonly windowBytes: number; readonly waiting: number } {
    return { windowBytes: this.#stream?.windowBytes ?? 0, waiting: this.#requests.waiting };
  }

  /**
   * The configuration has changed. `next`: the members are to be these (R32); newcomers among `places` are linked and
   * rebuilt first, and a change that has begun is finished before.
   */
  setMembers(
    membership: MembershipRecord,
    next: MembershipRecord | undefined,
    places: readonly MemberPlace[],
    nowMs: number,
  ): void {
    for (const place of places) {
      const present = this.#seats.all.find(({ id }) => id === place.id);
      if (present?.guid === place.guid) continue;
      assert(!present, `${place.id} is linked under another GUID`);
      this.#seats.add(newMember(place));
    }
    if (this.#phase === 'ended') return;
    if (membership.version > this.#configured.version) this.#configured = membership;
    this.#change.want(next ?? membership);
    if (!this.#stream) this.#seats.use(this.#required());
    this.#step(nowMs);
  }

  /** This replica's disk is gone, and its seat is to be another one's; it still counts where it is a member. */
  forget(replicaId: string): void {
    const member = this.#member(replicaId);
    assert(!isLinked(member), `${replicaId} is linked`);
    this.#seats.all.splice(this.#seats.all.indexOf(member), 1);
  }

  #membershipStatus(): MembershipStatus {
    const { state, nextVersion, isSettled } = this.#change;
    return { version: state.current.version, nextVersion, settled: this.serving && isSettled };
  }

  /** What a rebuilding replica gets with the content. */
  get #copied() {
    return { ...this.#issued, membership: this.#change.state };
  }

  #hadMany(before: MembershipState | undefined): boolean {
    return before !== undefined && Object.keys(before.current.members).length > 2;
  }

  #dropped(member: Member): void {
    this.#reads.lost(member);
    this.#rebuilds.lost(member, this.#renewedAtMs);
    this.#o.effects.dropped(member.id, member.guid);
  }

  get #fence(): Fence {
    return { epoch: this.#epoch, nonce: this.#o.nonce };
  }

  #member(replicaId: string): Member {
    const member = this.#seats.all.find(({ id }) => id === replicaId);
    assert(member, `${replicaId} is no member`);
    return member;
  }

  #say(member: Member, message: TargetSays): void {
    this.#o.effects.send(member.id, { ...this.#fence, ...message });
  }

  /**
   * A write that a full pool can not take in would stop all that comes behind it, unmaps too: it is refused before it has
   * a number, while the pools still have room for what is on its way.
   */
  #isFull(): boolean {
    const hasRoom = (member: Member) => isInSync(member) && !member.low;
    return this.#seats.meets(ackQuorum, isInSync) && !this.#seats.meets(ackQuorum, hasRoom);
  }

  #submit(body: EntryBody, need: Need, nowMs: number, answer: Answer<void>): void {
    if (this.#phase === 'ended') return answer({ ok: false, problem: 'busy' });
    this.#requests.submit({ body, need, answer, deadlineMs: nowMs + this.#o.timing.quorumWaitMs });
    this.#admit(nowMs);
  }

  /** Without CF in sync a request waits without a number: what then hears busy has never happened (R15, R16). */
  #admit(nowMs: number): void {
    const stream = this.#stream;
    if (!stream || this.#phase !== 'serving' || this.#requests.waiting === 0) return;
    if (!this.#seats.meets(ackQuorum, isInSync)) return;
    this.#requests.admit(
      () => stream.hasRoom(),
      (body) => stream.issue(this.#noted(body)),
    );
    if (stream.windowBytes > this.#o.timing.windowBytesMax) this.#trim(stream, nowMs);
    stream.pumpAll();
  }

  /** What the volume is after this entry. Of two resizes under way the larger one holds: a volume never shrinks. */
  #noted(body: EntryBody): EntryBody {
    if (body.kind === 'resize') {
      const sizeBytes = Math.max(body.sizeBytes, this.#issued.sizeBytes);
      this.#issued = { ...this.#issued, sizeBytes };
      return { kind: 'resize', sizeBytes };
    }
    if (body.kind === 'state') {
      this.#issued = { ...this.#issued, values: { ...this.#issued.values, [body.key]: body.value } };
    }
    return body;
  }

  #trim(stream: Stream, nowMs: number): void {
    for (const member of stream.recount()) this.#leaveOut(member, 'fell behind the window', nowMs);
  }

  #handle(member: Member, message: ReplicaMessage, nowMs: number): void {
    const { state } = member;
    switch (message.type) {
      case 'report':
        if (state.phase === 'asked') this.#reported(member, message, nowMs);
        return;
      case 'refuse':
        return this.#refused(member, message.promised, nowMs);
      case 'wait':
        if (state.phase === 'asked') state.askAgainAtMs = nowMs + message.ms;
        member.message = `bound to another target for ${message.ms} ms more`;
        return;
      case 'renewed':
        return this.#leased(member, message.sentAtMs);
      case 'committed':
        member.committed = Math.max(member.committed, message.version);
        return this.#o.effects.changed();
      case 'leave':
        member.leaseUntilMs = -Infinity;
        this.#say(member, { type: 'release' });
        return this.#detach(member, 'its pool stops', nowMs);
      case 'space':
        member.low = message.low;
        member.full &&= message.low;
        member.message = message.low ? 'its pool is nearly full' : '';
        return this.#o.effects.changed();
      case 'full':
        member.full = true;
        member.message = message.message;
        return this.#o.effects.changed();
      case 'data':
        return this.#reads.data(member, message);
      case 'readFailed':
        member.message = message.message;
        return this.#reads.failed(member, message);
      case 'received':
      case 'durable':
        return this.#position(member, message, nowMs);
      case 'progress':
      case 'sourceLost':
      case 'copied':
      case 'mismatch':
      case 'complete':
        if (state.phase === 'rebuilding') this.#rebuilding(member, state, message, nowMs);
        return;
    }
  }

  #position(member: Member, message: Of<'received'> | Of<'durable'>, nowMs: number): void {
    if (!isAttached(member)) return;
    if (message.number > member.sent) return this.#detach(member, `claims entry ${message.number}`, nowMs);
    if (message.type === 'received') this.#stream?.received(member, message.number, nowMs);
    else this.#stream?.durable(member, message.number);
  }

  #rebuilding(
    member: Member,
    state: Extract<Member['state'], { phase: 'rebuilding' }>,
    message: Of<'progress'> | Of<'sourceLost'> | Of<'copied'> | Of<'mismatch'> | Of<'complete'>,
    nowMs: number,
  ): void {
    const stream = this.#stream;
    if (!stream || message.attachId !== state.rebuild.attachId) return;
    switch (message.type) {
      case 'progress':
        return this.#rebuilds.progress(state, message, nowMs);
      case 'sourceLost':
        member.message = `copying from ${message.replicaId}: ${message.message}`;
        return this.#rebuilds.sourceLost(state, message, nowMs);
      case 'copied':
        this.#rebuilds.copied(member, state, message, stream);
        return stream.pumpAll();
      case 'mismatch':
        member.mismatches += message.groups;
        member.message = message.message;
        this.#rebuilds.dropProof(state.rebuild);
        return this.#o.effects.changed();
      case 'complete':
        if (message.number > member.sent)
          return this.#detach(member, `claims entry ${message.number}`, nowMs);
        this.#rebuilds.dropProof(state.rebuild);
        member.received = Math.max(member.received, message.number);
        member.durable = Math.max(member.durable, message.number);
        return this.#nowInSync(member, state.report, nowMs);
    }
  }

  /** Asks for promises: under an epoch above all that were heard of, once enough replicas are there to be heard. */
  #collect(nowMs: number): void {
    if (this.#phase === 'collecting' && this.#epoch > 0 && this.#highestSeen > this.#epoch) {
      this.#startOver('a replica has promised a higher epoch', nowMs);
    }
    const linked = this.#seats.all.filter(isLinked);
    if (this.#epoch === 0) {
      if (!this.#enoughLinked(nowMs)) return;
      this.#epoch = this.#highestSeen + 1;
    }
    for (const member of linked) {
      const { state } = member;
      const again = state.phase === 'asked' && (state.askAgainAtMs ?? Infinity) <= nowMs;
      if (state.phase === 'connected' || again) this.#ask(member);
    }
  }

  /** Enough for a recovery; others get a moment, for what they have promised or hold is better known at once. */
  #enoughLinked(nowMs: number): boolean {
    if (!this.#seats.meets(promiseQuorum, isLinked)) {
      this.#linkedSinceMs = undefined;
      this.#tell(`${this.#seats.shortOf(promiseQuorum, isLinked)} replicas needed are connected`);
      return false;
    }
    this.#linkedSinceMs ??= nowMs;
    const settled =
      this.#seats.counted.every(isLinked) || nowMs - this.#linkedSinceMs >= this.#o.timing.settleMs;
    return settled && nowMs >= this.#askFromMs;
  }

  #ask(member: Member): void {
    member.state = { phase: 'asked', askAgainAtMs: undefined };
    this.#say(member, { type: 'promise', memberships: [this.#change.state.current] });
  }

  #reported(member: Member, report: Of<'report'>, nowMs: number): void {
    const history = report.complete?.history;
    // While nothing is adopted under this epoch nobody can have it in a history.
    const newest = this.#stream ? this.#epoch : this.#epoch - 1;
    if (history && (!isHistory(history) || epochOf(history) > newest)) {
      return this.#detach(member, 'reports a history that can not be: replace this replica', nowMs);
    }
    member.state = { phase: 'reported', report };
    member.full &&= member.low; // what it says of its space comes before its report
    member.promisedEpoch = this.#epoch;
    member.message = '';
    member.committed = Math.max(member.committed, report.committed);
    if (!this.#stream) this.#seats.use(this.#required());
    const enough = this.#seats.meets(promiseQuorum, (one) => reportOf(one) !== undefined);
    this.#enoughSinceMs ??= enough ? nowMs : undefined;
    this.#o.effects.changed();
  }

  /** R10: a rival is there. */
  #refused(member: Member, promised: Fence, nowMs: number): void {
    const ours = promised.epoch === this.#epoch && promised.nonce === this.#o.nonce;
    // One epoch never has two targets: under an equal one of another we can not have this replica either (R1).
    if (ours || promised.epoch < this.#epoch) return this.#detach(member, 'the link is not in force', nowMs);
    this.#highestSeen = Math.max(this.#highestSeen, promised.epoch);
    const why = rival(member.id, promised.epoch);
    // It has promised since it told us at the handshake. Whoever holds a promise leaves; else two would take each
    // other's promises away for ever.
    const early = this.#phase === 'collecting' && this.#reports().length === 0;
    if (early) this.#startOver(why, nowMs);
    else this.stop(why);
  }

  /** R8: another choice needs another epoch. Nothing was answered under this one. */
  #startOver(why: string, nowMs: number): void {
    assert(
      this.#phase === 'collecting' || this.#phase === 'adopting',
      'a serving target does not start over',
    );
    this.#attempts += 1;
    this.#phase = 'collecting';
    this.#highestSeen = Math.max(this.#highestSeen, this.#epoch);
    this.#epoch = 0;
    this.#message = why;
    this.#stream = undefined;
    this.#enoughSinceMs = undefined;
    // Two that start at once do not meet again and again: the pause grows and differs by nonce.
    const pauseMs = Math.min(this.#attempts, 10) * (50 + (this.#o.nonce % 200));
    this.#askFromMs = nowMs + pauseMs;
    this.#reads.restart();
    for (const member of this.#seats.all) {
      member.inflightReads = 0;
      if (isLinked(member)) member.state = { phase: 'connected' };
    }
    this.#o.effects.changed();
  }

  #reports(): readonly Of<'report'>[] {
    return this.#seats.all.flatMap((member) => reportOf(member) ?? []);
  }

  /** R33: the records in which promises are needed, as far as anybody has told. */
  #required(): readonly MembershipRecord[] {
    return required(this.#configured, this.#reports());
  }

  /** One look at everything that may go on now. */
  #step(nowMs: number): void {
    if (this.#phase === 'ended') return;
    this.#collect(nowMs);
    if (this.#phase === 'collecting') this.#choose(nowMs);
    const stream = this.#stream;
    if (!stream) return;
    for (const member of this.#seats.all) {
      if (member.state.phase === 'reported') this.#letIn(member, member.state.report, stream, nowMs);
    }
    this.#trim(stream, nowMs);
    if (this.#stream !== stream) return;
    if (this.#phase === 'adopting') this.#adopting(stream, nowMs);
    if (this.#stream !== stream) return;
    if (this.#phase === 'serving' && this.#change.step(stream)) this.#o.effects.changed();
    this.#rebuilds.tick(nowMs);
    this.#sayInSync(stream);
    this.#admit(nowMs);
    stream.pumpAll();
    this.#requests.settle(stream.settled, stream.flushed);
    if (!this.mayAnswer(nowMs)) return;
    this.#requests.answerReady();
    this.#reads.answerReady(stream.settled);
  }

  #choose(nowMs: number): void {
    const reports = this.#reports();
    if (this.#epoch === 0) return;
    const seats = this.#seats;
    const isClean = (member: Member) => reportOf(member)?.clean === true;
    const hasReported = (member: Member) => reportOf(member) !== undefined;
    const choice = choose({
      reports,
      enough: seats.meets(promiseQuorum, hasReported),
      clean: seats.meets(cleanQuorum, isClean),
      everyone: seats.counted.every(hasReported),
      shortOf: seats.shortOf(promiseQuorum, hasReported),
      shortOfClean: seats.shortOf(cleanQuorum, isClean),
      waitedMs: this.#enoughSinceMs === undefined ? 0 : nowMs - this.#enoughSinceMs,
      cleanWaitMs: this.#o.timing.cleanWaitMs,
      settleMs: this.#o.timing.settleMs,
      asked: seats.all.filter(({ state }) => state.phase === 'asked' && state.askAgainAtMs === undefined)
        .length,
    });
    if (!choice.ready) {
      this.#tell(choice.why);
      return;
    }
    const { chosen } = choice;
    const committed = Math.max(0, ...reports.map((report) => report.committed));
    const members = inForce(chosen.membership, this.#configured, committed);
    if (!members.ok) return this.#tell(members.why);
    const { history, entry } = adoption({
      chosen: chosen.history,
      epoch: this.#epoch,
      reports,
      numberJump: this.#o.timing.numberJump,
    });
    this.#issued = { sizeBytes: chosen.sizeBytes, values: chosen.values };
    // Of three or more members those that are left may never have had what was flushed (R36).
    const givenUp = members.forced && this.#hadMany(chosen.membership);
    if (choice.lossy || givenUp) this.#lossyEpoch = this.#epoch;
    this.#change.adopted(members.state, history.last);
    this.#stream = new Stream({
      seats: this.#seats,
      timing: this.#o.timing,
      history,
      adopt: entry,
      chosenLast: chosen.history.last,
      say: (member, message) => this.#say(member, message),
      onSent: (member) => this.#reads.sendTo(member),
    });
    this.#phase = 'adopting';
    this.#message = `adopting ${chosen.history.last} in epoch ${this.#epoch}`;
  }

  #adopting(stream: Stream, nowMs: number): void {
    if (!this.#seats.all.some(isInSync))
      return this.#startOver('the only replica with the chosen history is gone', nowMs);
    if (!stream.adopted) return;
    if (!this.#seats.meets(leaseQuorum, ({ leaseUntilMs }) => leaseUntilMs > nowMs)) return;
    this.#phase = 'serving';
    this.#served = true;
    this.#shown = this.#issued;
    this.#message = '';
    this.#o.effects.changed();
  }

  #letIn(member: Member, report: Report, stream: Stream, nowMs: number): void {
    const why = heldBack(member, this.#seats, nowMs);
    if (why === undefined) return this.#attach(member, report, stream, nowMs);
    if (member.message === why) return;
    member.message = why;
    this.#o.effects.changed();
  }

  #leaveOut(member: Member, reason: string, nowMs: number): void {
    setBack(member, this.#o.timing, nowMs);
    this.#detach(member, reason, nowMs);
  }

  /** Resent what it lacks when it is complete at a point of this history that the window covers; else rebuilt (R18). */
  #attach(member: Member, report: Of<'report'>, stream: Stream, nowMs: number): void {
    const { complete } = report;
    const { epochs } = stream.history;
    const common = complete && commonPoint(complete.history, stream.history);
    if (complete && common === complete.history.last && stream.covers(common)) {
      this.#say(member, { type: 'attach', epochs, from: common, revert: complete.isBase });
      stream.join(member, common, nowMs);
      return this.#nowInSync(member, report, nowMs);
    }
    const lifted = stream.liftAbove(report.last);
    if (lifted !== 'done') {
      const never = lifted === 'never';
      member.message = `holds entry ${report.last}, above ours: ${never ? 'replace this replica' : 'the numbers are being raised'}`;
      // Before anything is answered another epoch costs nothing, and begins above what has now been heard.
      if (this.#phase === 'adopting' && !never) this.#startOver(member.message, nowMs);
      return;
    }
    if (!this.#rebuilds.begin(member, report, stream, this.#copied, nowMs)) {
      member.message = 'waits for a replica in sync to copy from';
      return;
    }
    member.message = '';
    this.#o.effects.changed();
  }

  #nowInSync(member: Member, report: Report, nowMs: number): void {
    const caughtUpAt = this.#stream?.last ?? 0;
    member.state = { phase: 'inSync', report, caughtUpAt, sinceMs: nowMs, told: false };
    member.message = '';
    this.#reads.placeWaiting();
    this.#o.effects.changed();
  }

  /** A replica that has all there was at its attach is clean again; when all have all, old epochs can be forgotten. */
  #sayInSync(stream: Stream): void {
    const all = this.#seats.all.every((member) => isInSync(member) && member.durable >= stream.adoptNumber);
    const cut = all && !this.#cutSaid;
    this.#cutSaid ||= cut;
    for (const member of this.#seats.all) {
      const { state } = member;
      if (state.phase !== 'inSync' || member.received < state.caughtUpAt) continue;
      if (state.told && !cut) continue;
      state.told = true;
      this.#say(member, { type: 'inSync', cutBefore: all ? this.#epoch : 0 });
    }
    if (cut) stream.cut(this.#epoch);
  }

  #leased(member: Member, sentAtMs: number): void {
    const { leaseMs, driftBound } = this.#o.timing;
    member.leaseUntilMs = Math.max(member.leaseUntilMs, sentAtMs + leaseMs * (1 - driftBound));
  }

  #renew(nowMs: number): void {
    if (!this.#stream || nowMs - this.#renewedAtMs < this.#o.timing.renewMs) return;
    this.#renewedAtMs = nowMs;
    for (const member of this.#seats.all)
      if (reportOf(member)) this.#say(member, { type: 'renew', sentAtMs: nowMs });
  }

  /** Ends the link: where the replica is, it says on the next one (R11). */
  #detach(member: Member, reason: string, nowMs: number): void {
    this.#o.effects.close(member.id, reason);
    this.disconnected(member.id, reason, nowMs);
  }

  #tell(message: string): void {
    if (this.#message === message) return;
    this.#message = message;
    this.#o.effects.changed();
  }
}

const rival = (replicaId: string, epoch: number): string =>
  `replica ${replicaId} has promised epoch ${epoch} of another target`;
