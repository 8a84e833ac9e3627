/**
 * The target side of replication, as a state machine: requests, messages of replicas and ticks in; messages, answers
 * and notices out.
 *
 * Nothing is answered outside `serving`, and nothing in it without the leases (R14, R27, R28).
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import { assert } from '../../shared/assert.ts';
import { ackQuorum } from '../quorum.ts';
import { blockBytes } from '../../shared/block-size.ts';
import {
  digestFeature,
  paceFeature,
  roomFeature,
  protocolFeatures,
  snapshotDigestFeature,
} from '../handshake.ts';
import { decodeStretch, type Stretch } from '../mapping.ts';
import type { PoolRoom, ReplicaMessage, TargetSays } from '../messages.ts';
import type { SnapshotInfo, Values } from '../record.ts';
import type { MembershipStatus, VolumeStatus } from '../status.ts';
import { Admission } from './admission.ts';
import { Candidacy } from './candidacy.ts';
import { Changes } from './changes.ts';
import { Leases } from './leases.ts';
import { isInSync, isLinked, isNearlyFull, newMember, reportOf, type Member } from './member.ts';
import { Reads } from './reads.ts';
import { Rebuilds } from './rebuilds.ts';
import type { CoordinatorOptions, MemberPlace } from './options.ts';
import type { Answer, WriteRequest } from './requests.ts';
import { newWrite } from './write-request.ts';
import { MembershipChange } from './membership-change.ts';
import { Pace } from './pace.ts';
import { Scrub } from './scrub.ts';
import type { Mend } from './scrub-mends.ts';
import { Seats } from './seats.ts';
import type { SnapshotAnswer, SnapshotCommands } from './snapshot-commands.ts';
import { Replies } from './replies.ts';
import type { Stream } from './stream.ts';
import { rival, Takeover } from './takeover.ts';
import { VolumeState } from './volume-state.ts';
import { volumeStatus } from './volume-status.ts';

export class Coordinator {
  readonly #o: CoordinatorOptions;
  readonly #seats: Seats;
  readonly #members: MembershipChange;
  /** The newest record that was configured as the one in force. */
  #configured: MembershipRecord;
  readonly #changes: Changes;
  readonly #candidacy: Candidacy;
  readonly #leases: Leases;
  readonly #reads: Reads;
  readonly #rebuilds: Rebuilds;
  readonly #admission: Admission;
  readonly #scrub: Scrub;
  readonly #pace: Pace;
  readonly #volume = new VolumeState();
  readonly #takeover: Takeover;
  /** As of the last step, until something happens that is no position and no data. */
  #isSteady = false;
  /** Between `hold` and `release`. */
  #isHeld = false;
  readonly #replies: Replies;

  constructor(options: CoordinatorOptions) {
    this.#o = options;
    const { membership, nextMembership } = options;
    this.#configured = membership;
    this.#seats = new Seats(options.places.map(newMember), [membership]);
    const { timing, nonce, instance } = options;
    const seats = this.#seats;
    const say = (member: Member, message: TargetSays) => this.#say(member, message);
    this.#candidacy = new Candidacy({
      seats,
      timing,
      nonce,
      instance,
      say,
      configured: () => this.#configured,
      current: () => this.#members.state.current,
    });
    this.#leases = new Leases({ seats, timing, say });
    this.#changes = new Changes({ seats, timing, volume: this.#volume });
    this.#reads = new Reads({
      members: seats.all,
      say,
      ask: (member, read) => options.effects.ask(member.id, this.#candidacy.fence, read),
      settled: () => this.#takeover.stream?.settled ?? 0,
      unsettled: (block, count, upTo) => this.#takeover.stream?.unsettledTouching(block, count, upTo) ?? 0,
    });
    this.#rebuilds = new Rebuilds({
      seats,
      timing,
      say,
      setPace: (member) => this.#setPace([member]),
      volume: () => ({ ...this.#volume.issued, membership: this.#members.state }),
      ticket: (source, copier) => options.effects.ticket(source.id, copier.guid, this.#candidacy.fence),
      leaves: (member) => this.#members.leaves(member),
    });
    this.#admission = new Admission({
      seats,
      timing,
      rebuilds: this.#rebuilds,
      snapshots: () => this.#volume.issued.snapshots,
      say,
      detach: (member, reason, nowMs) => this.#detach(member, reason, nowMs),
      inSync: () => this.#reads.placeWaiting(),
      changed: () => options.effects.changed(),
    });
    this.#pace = new Pace(timing);
    this.#scrub = new Scrub({
      seats,
      groupBlocks: timing.groupBlocks,
      say,
      changed: () => options.effects.changed(),
    });
    this.#members = new MembershipChange(membership, {
      seats,
      configured: () => this.#configured,
      say,
      dropped: (member) => this.#dropped(member),
    });
    const detach = (member: Member, reason: string, nowMs: number) => this.#detach(member, reason, nowMs);
    const changed = () => options.effects.changed();
    this.#takeover = new Takeover({
      seats,
      timing,
      candidacy: this.#candidacy,
      members: this.#members,
      leases: this.#leases,
      reads: this.#reads,
      volume: this.#volume,
      configured: () => this.#configured,
      feed: (member, window, from, to) => options.effects.feed(member.id, window, from, to),
      detach,
      stop: (reason) => this.stop(reason),
      changed,
    });
    this.#replies = new Replies({
      takeover: this.#takeover,
      admission: this.#admission,
      leases: this.#leases,
      reads: this.#reads,
      scrub: this.#scrub,
      say,
      detach,
      changed,
    });
    if (nextMembership) this.#members.want(nextMembership);
  }

  get sizeBytes(): number {
    return this.#volume.shown.sizeBytes;
  }

  get values(): Values {
    return this.#volume.shown.values;
  }

  /** A pool of a replica in sync is nearly full; its writes are not refused yet. */
  get spaceIsLow(): boolean {
    return this.#seats.all.some((member) => isInSync(member) && isNearlyFull(member));
  }

  /** What may still be written to the fullest pool of those in sync that say it; below `lowBytes` space is low. */
  get space(): PoolRoom | undefined {
    const rooms = this.#seats.all.flatMap((member) => (isInSync(member) && member.room) || []);
    if (rooms.length === 0) return undefined;
    const { freeBytes, lowBytes } = rooms.reduce((a, b) => (b.freeBytes < a.freeBytes ? b : a));
    return { freeBytes: Math.max(0, freeBytes - lowBytes), lowBytes };
  }

  get serving(): boolean {
    return this.#takeover.phase === 'serving';
  }

  /** The epoch whose recovery may have lost acknowledged writes that were never flushed (R5); 0: none. */
  get lossyEpoch(): number {
    return this.#takeover.lossyEpoch;
  }

  /** R28: checked immediately before an answer goes out. */
  mayAnswer(nowMs: number): boolean {
    return this.#takeover.phase === 'serving' && this.#leases.held(nowMs);
  }

  /** `sinceMs`, here and below: since when its initiator waits, which it does once for all that a command takes (R16). */
  write(
    block: number,
    data: Uint8Array,
    fua: boolean,
    nowMs: number,
    answer: Answer<void>,
    sinceMs = nowMs,
  ): void {
    this.submitWrite(newWrite(block, data, fua, answer), nowMs, sinceMs);
  }

  /** As `write`: its fields but number and deadline are set; until its answer nobody changes it. */
  submitWrite(request: WriteRequest, nowMs: number, sinceMs: number): void {
    request.number = 0;
    if (this.#takeover.phase === 'ended') return request.answer({ ok: false, problem: 'busy' });
    request.deadlineMs = sinceMs + this.#o.timing.quorumWaitMs;
    this.#changes.write(request);
    this.#admit(nowMs);
  }

  /** What is submitted until `release`, within the same turn of the loop, gets its numbers there and goes out together. */
  hold(): void {
    this.#isHeld = true;
  }

  release(nowMs: number): void {
    this.#isHeld = false;
    this.#admit(nowMs);
  }

  unmap(block: number, count: number, nowMs: number, answer: Answer<void>, sinceMs = nowMs): void {
    this.#change(nowMs, answer, (changes) => changes.unmap(block, count, sinceMs, answer));
  }

  flush(nowMs: number, answer: Answer<void>): void {
    if (this.#isFlushed(nowMs)) return answer({ ok: true, value: undefined });
    this.#change(nowMs, answer, (changes) => changes.flush(nowMs, answer));
  }

  resize(sizeBytes: number, nowMs: number, answer: Answer<void>): void {
    this.#change(nowMs, answer, (changes) => changes.resize(sizeBytes, nowMs, answer));
  }

  setValue(key: string, value: string, nowMs: number, answer: Answer<void>): void {
    this.#change(nowMs, answer, (changes) => changes.setValue(key, value, nowMs, answer));
  }

  /** Of users, durable, ascending by number. */
  get snapshots(): readonly SnapshotInfo[] {
    return this.#volume.shown.snapshots;
  }

  /** Names the state after all that was acknowledged so far; again with the same name it only confirms. */
  takeSnapshot(name: string, createdAtMs: number, nowMs: number, answer: SnapshotAnswer): void {
    this.#command(nowMs, answer, (commands) => commands.take(name, createdAtMs, nowMs, answer));
  }

  /** There being none is no error. */
  deleteSnapshot(name: string, nowMs: number, answer: SnapshotAnswer): void {
    this.#command(nowMs, answer, (commands) => commands.delete(name, nowMs, answer));
  }

  /** Content becomes that of the snapshot; `removeNewer`: at the cost of those taken since. */
  revert(name: string, removeNewer: boolean, nowMs: number, answer: SnapshotAnswer): void {
    this.#command(nowMs, answer, (commands) => commands.revert(name, removeNewer, nowMs, answer));
  }

  read(block: number, count: number, nowMs: number, answer: Answer<Uint8Array>, sinceMs = nowMs): void {
    if (this.#takeover.phase === 'ended') return answer({ ok: false, problem: 'busy' });
    const deadlineMs = sinceMs + this.#o.timing.quorumWaitMs;
    this.#reads.submit({ block, count, map: false }, deadlineMs, answer);
  }

  /** As this replica has it: for comparing and mending. */
  readFrom(replicaId: string, block: number, count: number, nowMs: number, answer: Answer<Uint8Array>): void {
    if (this.#takeover.phase === 'ended') return answer({ ok: false, problem: 'busy' });
    const deadlineMs = nowMs + this.#o.timing.quorumWaitMs;
    this.#reads.submit({ block, count, map: false, from: replicaId }, deadlineMs, answer);
  }

  /** Compares the replicas in the background, and writes anew what differs; `status().scrub` tells of it. */
  scrub(mend: Mend): void {
    this.#isSteady = false;
    if (this.#takeover.phase !== 'ended') this.#scrub.start(mend);
  }

  /** The first stretch of the range that takes space, or takes none. */
  mapping(block: number, count: number, nowMs: number, answer: Answer<Stretch>): void {
    if (this.#takeover.phase === 'ended') return answer({ ok: false, problem: 'busy' });
    const deadlineMs = nowMs + this.#o.timing.quorumWaitMs;
    this.#reads.submit({ block, count, map: true }, deadlineMs, (result) => {
      if (!result.ok) return answer(result);
      const value = decodeStretch(result.value);
      answer(value === undefined ? { ok: false, problem: 'unreadable' } : { ok: true, value });
    });
  }

  /**
   * An initiator does not want to wait any more: while nothing can be answered whatever waits hears busy now instead of when
   * its time is over (R16).
   */
  hurry(nowMs: number): void {
    if (this.mayAnswer(nowMs) && this.#meetsQuorum()) return;
    this.#changes.expire(Infinity);
    this.#reads.expire(Infinity);
  }

  /** The replica is found elsewhere; who copies from it hears of it with the next source. */
  setPlace(replicaId: string, pool: string, copyAddress: string): void {
    const member = this.#member(replicaId);
    member.pool = pool;
    member.copyAddress = copyAddress;
  }

  /** An authenticated link to this replica stands; it says which epoch it has promised. */
  connected(
    replicaId: string,
    promisedEpoch: number,
    nowMs: number,
    features: readonly string[] = protocolFeatures,
  ): void {
    const member = this.#member(replicaId);
    this.#isSteady = false;
    member.digests = features.includes(digestFeature);
    member.snapshotDigests = features.includes(snapshotDigestFeature);
    member.keepsPace = features.includes(paceFeature);
    member.tellsRoom = features.includes(roomFeature);
    member.pace = 0;
    const { epoch } = this.#candidacy;
    const wasOurs = epoch > 0 && member.promisedEpoch === epoch;
    member.state = { phase: 'connected' };
    member.promisedEpoch = promisedEpoch;
    member.low = false;
    member.room = undefined;
    member.toldCommitted = 0;
    member.connectedAtMs = nowMs;
    member.message = '';
    this.#candidacy.heard(promisedEpoch);
    if (this.#takeover.phase === 'ended') return this.#o.effects.close(replicaId, 'this target has ended');
    if (wasOurs && promisedEpoch > epoch) return this.stop(rival(replicaId, promisedEpoch));
    this.#takeover.collect(nowMs);
    this.#o.effects.changed();
  }

  disconnected(replicaId: string, reason: string, nowMs: number): void {
    const member = this.#member(replicaId);
    this.#isSteady = false;
    member.message = reason;
    if (!isLinked(member)) return this.#o.effects.changed();
    if (member.state.phase === 'rebuilding') this.#rebuilds.dropProof(member.state.rebuild);
    member.state = { phase: 'offline' };
    member.connectedAtMs = undefined;
    this.#reads.lost(member);
    this.#rebuilds.lost(member);
    this.#scrub.lost(member);
    this.#step(nowMs);
  }

  message(replicaId: string, message: ReplicaMessage, nowMs: number): void {
    const member = this.#member(replicaId);
    const ours = message.epoch === this.#candidacy.epoch && message.nonce === this.#o.nonce;
    // What was said under another epoch of ours is void; nobody else's is said on our links.
    if (!ours || !isLinked(member) || this.#takeover.phase === 'ended') return;
    this.#take(member, message, nowMs);
    this.#follow(nowMs);
  }

  /**
   * As `message`, one of several that came together: what follows from them all is done by `endBatch`, until which the data
   * that they carry has to stay as it is.
   */
  receive(replicaId: string, message: ReplicaMessage, nowMs: number): void {
    const member = this.#member(replicaId);
    const ours = message.epoch === this.#candidacy.epoch && message.nonce === this.#o.nonce;
    if (!ours || !isLinked(member) || this.#takeover.phase === 'ended') return;
    if (message.type === 'data') this.#reads.data(member, message, true);
    else this.#take(member, message, nowMs);
  }

  #take(member: Member, message: ReplicaMessage, nowMs: number): void {
    const { type } = message;
    if (type !== 'received' && type !== 'durable' && type !== 'data') this.#isSteady = false;
    this.#replies.take(member, message, nowMs);
  }

  endBatch(nowMs: number): void {
    this.#follow(nowMs);
    this.#reads.keep();
  }

  tick(nowMs: number): void {
    if (this.#takeover.phase === 'ended') return;
    this.#changes.expire(nowMs);
    this.#reads.expire(nowMs);
    if (this.#takeover.stream) this.#leases.renew(nowMs);
    for (const member of this.#seats.all) {
      if (this.#takeover.stream?.tooSlow(member, nowMs))
        this.#admission.leaveOut(member, 'too slow: entries wait for it too long', nowMs);
    }
    this.#keepPace(nowMs);
    this.#step(nowMs);
  }

  #keepPace(nowMs: number): void {
    const rebuilding = this.#seats.all.filter(({ state }) => state.phase === 'rebuilding');
    const exposed = !this.#seats.meets(ackQuorum, isInSync);
    if (this.#pace.tick(rebuilding.length > 0, exposed, nowMs)) this.#setPace(rebuilding);
  }

  /** They, who rebuild, share the rate with all others who do. */
  #setPace(members: readonly Member[]): void {
    const rebuilding = this.#seats.all.filter(({ state }) => state.phase === 'rebuilding');
    const exposed = !this.#seats.meets(ackQuorum, isInSync);
    const each = exposed ? 0 : Math.round(this.#pace.bytesPerSecond / rebuilding.length);
    for (const member of members) {
      if (!member.keepsPace || member.pace === each) continue;
      member.pace = each;
      this.#say(member, { type: 'pace', bytesPerSecond: each });
    }
  }

  /** Ends for good: what is open hears busy, grants are given back. The caller has flushed if it wanted to. */
  stop(reason: string): void {
    if (this.#takeover.phase === 'ended') return;
    this.#takeover.phase = 'ended'; // first: from here on nothing may be answered
    this.#takeover.message = reason;
    for (const member of this.#seats.all) if (reportOf(member)) this.#say(member, { type: 'release' });
    this.#changes.failAll();
    this.#reads.failAll();
    this.#o.effects.changed();
    this.#o.effects.ended(reason);
  }

  status(): VolumeStatus {
    return volumeStatus({
      seats: this.#seats,
      membership: this.#membershipStatus(),
      ended: this.#takeover.phase === 'ended',
      serving: this.#takeover.phase === 'serving',
      served: this.#takeover.served,
      epoch: this.#candidacy.epoch,
      last: this.#takeover.stream?.last ?? 0,
      flushed: this.#takeover.stream?.flushed ?? 0,
      sizeBytes: this.#volume.shown.sizeBytes,
      lossyEpoch: this.#takeover.lossyEpoch,
      message: this.#takeover.message,
      scrub: this.#scrub.status,
    });
  }

  /** Nothing waits for time to pass but leases, and what is durable by itself. */
  get isCalm(): boolean {
    const everyone = this.#takeover.phase === 'serving' && this.#seats.all.every(isInSync);
    return everyone && this.#changes.waiting === 0 && this.#reads.isEmpty;
  }

  /** Of reads and of entries; while it stays as it is nobody asks for anything. */
  get asked(): number {
    return this.#reads.asked + (this.#takeover.stream?.last ?? 0);
  }

  /** What is kept for the moment, all of it bounded. */
  load(): { readonly windowBytes: number; readonly waiting: number } {
    return { windowBytes: this.#takeover.stream?.windowBytes ?? 0, waiting: this.#changes.waiting };
  }

  /**
   * The configuration has changed. `next`: the members are to be these (R32); newcomers among `places` are linked and
   * rebuilt first, and a change that has begun is finished before. Whom an old file names and nobody needs is dropped within
   * the call: its link has to be there before it.
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
    if (this.#takeover.phase === 'ended') return;
    if (membership.version > this.#configured.version) this.#configured = membership;
    this.#members.want(next ?? membership);
    if (!this.#takeover.stream) this.#seats.use(this.#candidacy.required);
    this.#step(nowMs);
  }

  /** This replica's disk is gone, and its seat is to be another one's; it still counts where it is a member. */
  forget(replicaId: string): void {
    const member = this.#member(replicaId);
    assert(!isLinked(member), `${replicaId} is linked`);
    this.#seats.all.splice(this.#seats.all.indexOf(member), 1);
  }

  #membershipStatus(): MembershipStatus {
    const { state, nextVersion, isSettled } = this.#members;
    return { version: state.current.version, nextVersion, settled: this.serving && isSettled };
  }

  #dropped(member: Member): void {
    this.#reads.lost(member);
    this.#rebuilds.lost(member);
    this.#scrub.lost(member);
    this.#o.effects.dropped(member.id, member.guid);
  }

  #member(replicaId: string): Member {
    const member = this.#seats.all.find(({ id }) => id === replicaId);
    assert(member, `${replicaId} is no member`);
    return member;
  }

  #say(member: Member, message: TargetSays): void {
    this.#o.effects.send(member.id, { ...this.#candidacy.fence, ...message });
  }

  /** Whether a flush that comes now has nothing to wait for. */
  #isFlushed(nowMs: number): boolean {
    const { stream } = this.#takeover;
    const mayPass = this.#changes.waiting === 0 && this.mayAnswer(nowMs) && this.#meetsQuorum();
    return mayPass && stream !== undefined && stream.flushedAll();
  }

  #change(nowMs: number, answer: Answer<void>, submit: (changes: Changes) => void): void {
    if (this.#takeover.phase === 'ended') return answer({ ok: false, problem: 'busy' });
    submit(this.#changes);
    this.#admit(nowMs);
  }

  #meetsQuorum(): boolean {
    return this.#seats.meets(ackQuorum, isInSync);
  }

  /** Before it serves a target does not know what there is. */
  #command(nowMs: number, answer: SnapshotAnswer, ask: (commands: SnapshotCommands) => void): void {
    if (this.#takeover.phase !== 'serving') return answer({ ok: false, problem: 'busy' });
    ask(this.#changes.snapshots);
    this.#admit(nowMs);
  }

  #admit(nowMs: number): void {
    const stream = this.#takeover.stream;
    if (this.#isHeld || !stream || this.#takeover.phase !== 'serving' || !this.#changes.admit(stream)) return;
    if (stream.windowBytes > this.#o.timing.windowBytesMax) this.#trim(stream, nowMs);
    this.#pace.issued(stream.last, nowMs);
    stream.pumpAll();
  }

  #trim(stream: Stream, nowMs: number): void {
    for (const member of stream.recount()) this.#admission.leaveOut(member, 'fell behind the window', nowMs);
  }

  /** One look at everything that may go on now. */
  #step(nowMs: number): void {
    if (this.#takeover.phase === 'ended') return;
    this.#isSteady = false;
    this.#takeover.step(nowMs);
    const { stream } = this.#takeover;
    if (!stream) return;
    for (const member of this.#seats.all) {
      if (member.state.phase !== 'reported') continue;
      const tooLow = this.#admission.letIn(member, member.state.report, stream, nowMs);
      // Before anything is answered another epoch costs nothing, and begins above what has now been heard.
      if (tooLow !== undefined && this.#takeover.phase === 'adopting')
        this.#takeover.startOver(tooLow, nowMs);
    }
    this.#trim(stream, nowMs);
    if (this.#takeover.stream !== stream) return;
    if (this.#takeover.phase === 'adopting') this.#takeover.adopting(stream, nowMs);
    if (this.#takeover.stream !== stream) return;
    if (this.serving && this.#members.step(stream)) this.#o.effects.changed();
    this.#rebuilds.tick(stream, nowMs);
    const blocks = Math.floor(this.#volume.shown.sizeBytes / blockBytes);
    if (this.serving) this.#scrub.step(stream, blocks, this.#volume.issued.snapshots);
    this.#admission.sayInSync(stream, this.#candidacy.epoch);
    this.#isSteady = this.serving && this.#hasNothingElse();
    this.#goOn(stream, nowMs);
  }

  /** Nobody is to be let in, rebuilt, told or compared: what comes next are positions and data. */
  #hasNothingElse(): boolean {
    const { state: none, nextVersion, isSettled } = this.#members;
    const isTold = ({ state }: Member) => state.phase === 'inSync' && state.told;
    return (
      !none.next && nextVersion === 0 && isSettled && !this.#scrub.isRunning && this.#seats.all.every(isTold)
    );
  }

  /** What follows from positions and data alone; the rest of a step has nothing to do when all are in sync. */
  #follow(nowMs: number): void {
    const { stream } = this.#takeover;
    if (!this.#isSteady || !stream) return this.#step(nowMs);
    this.#trim(stream, nowMs);
    if (this.#takeover.phase === 'serving') this.#goOn(stream, nowMs);
  }

  /** Numbers for what waits, entries to those that lack them, answers to those whose quorum is there. */
  #goOn(stream: Stream, nowMs: number): void {
    this.#admit(nowMs);
    stream.pumpAll();
    this.#changes.settle(stream);
    this.#pace.settled(stream.settled, nowMs);
    if (!this.mayAnswer(nowMs)) return;
    this.#changes.answerReady();
    this.#reads.answerReady(stream.settled);
  }

  /** Ends the link: where the replica is, it says on the next one (R11). */
  #detach(member: Member, reason: string, nowMs: number): void {
    this.#o.effects.close(member.id, reason);
    this.disconnected(member.id, reason, nowMs);
  }
}
