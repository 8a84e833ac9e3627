/**
 * The target side of replication, as a state machine: requests, messages of replicas and ticks in; messages, answers
 * and notices out.
 *
 * Nothing is answered outside `serving`, and nothing in it without the leases (R14, R27, R28).
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import { assert } from '../../shared/assert.ts';
import { ackQuorum } from '../quorum.ts';
import {
  digestFeature,
  paceFeature,
  roomFeature,
  protocolFeatures,
  snapshotDigestFeature,
} from '../handshake.ts';
import { decodeStretch, type Stretch } from '../mapping.ts';
import type { PoolRoom, ReplicaMessage } from '../messages.ts';
import type { SnapshotInfo, Values } from '../record.ts';
import type { MembershipStatus, VolumeStatus } from '../status.ts';
import type { Candidacy } from './candidacy.ts';
import type { Changes } from './changes.ts';
import { isInSync, isLinked, newMember, reportOf, type Member } from './member.ts';
import type { MembershipChange } from './membership-change.ts';
import type { CoordinatorOptions, MemberPlace } from './options.ts';
import { assemble, type Parts } from './parts.ts';
import type { Reads } from './reads.ts';
import type { Answer, WriteRequest } from './requests.ts';
import type { Mend } from './scrub-mends.ts';
import type { Seats } from './seats.ts';
import type { SnapshotAnswer, SnapshotCommands } from './snapshot-commands.ts';
import { Steps } from './steps.ts';
import { rival, type Takeover } from './takeover.ts';
import { isRoomLow, roomLeft } from './volume-room.ts';
import type { VolumeState } from './volume-state.ts';
import { volumeStatus } from './volume-status.ts';
import { newWrite } from './write-request.ts';

export class Coordinator {
  readonly #o: CoordinatorOptions;
  readonly #parts: Parts;
  readonly #steps: Steps;
  readonly #seats: Seats;
  readonly #members: MembershipChange;
  readonly #changes: Changes;
  readonly #candidacy: Candidacy;
  readonly #reads: Reads;
  readonly #takeover: Takeover;
  readonly #volume: VolumeState;
  /** The newest record that was configured as the one in force. */
  #configured: MembershipRecord;

  constructor(options: CoordinatorOptions) {
    this.#o = options;
    const { membership, nextMembership, timing, effects } = options;
    this.#configured = membership;
    this.#parts = assemble(options, {
      configured: () => this.#configured,
      detach: (member, reason, nowMs) => this.#detach(member, reason, nowMs),
      dropped: (member) => this.#dropped(member),
      stop: (reason) => this.stop(reason),
    });
    const { seats, members, changes, candidacy, reads, takeover, volume } = this.#parts;
    [this.#seats, this.#members, this.#changes] = [seats, members, changes];
    [this.#candidacy, this.#reads, this.#takeover, this.#volume] = [candidacy, reads, takeover, volume];
    this.#steps = new Steps(this.#parts, timing, () => effects.changed());
    if (nextMembership) members.want(nextMembership);
  }

  get sizeBytes(): number {
    return this.#volume.shown.sizeBytes;
  }

  get values(): Values {
    return this.#volume.shown.values;
  }

  /** A pool of a replica in sync is nearly full; its writes are not refused yet. */
  get spaceIsLow(): boolean {
    return isRoomLow(this.#seats.all);
  }

  /** What may still be written to the fullest pool of those in sync that say it; below `lowBytes` space is low. */
  get space(): PoolRoom | undefined {
    return roomLeft(this.#seats.all);
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
    return this.#steps.mayAnswer(nowMs);
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
    this.#steps.admit(nowMs);
  }

  /** What is submitted until `release`, within the same turn of the loop, gets its numbers there and goes out together. */
  hold(): void {
    this.#steps.hold();
  }

  release(nowMs: number): void {
    this.#steps.release(nowMs);
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

  /**
   * As `read`, of what is going to be written again with changes: a write that was given up and has a number all the same may
   * come between what is acknowledged and that, and is not to be undone by it.
   */
  readNewest(block: number, count: number, nowMs: number, answer: Answer<Uint8Array>, sinceMs = nowMs): void {
    if (this.#takeover.phase === 'ended') return answer({ ok: false, problem: 'busy' });
    const deadlineMs = sinceMs + this.#o.timing.quorumWaitMs;
    this.#reads.submit({ block, count, map: false, newest: true }, deadlineMs, answer);
  }

  /** As this replica has it, for comparing and mending; as `readNewest`. */
  readFrom(replicaId: string, block: number, count: number, nowMs: number, answer: Answer<Uint8Array>): void {
    if (this.#takeover.phase === 'ended') return answer({ ok: false, problem: 'busy' });
    const deadlineMs = nowMs + this.#o.timing.quorumWaitMs;
    this.#reads.submit({ block, count, map: false, from: replicaId, newest: true }, deadlineMs, answer);
  }

  /** Compares the replicas in the background, and writes anew what differs; `status().scrub` tells of it. */
  scrub(mend: Mend): void {
    this.#steps.stir();
    if (this.#takeover.phase !== 'ended') this.#parts.scrub.start(mend);
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
    this.#steps.stir();
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
    this.#steps.stir();
    member.message = reason;
    if (!isLinked(member)) return this.#o.effects.changed();
    if (member.state.phase === 'rebuilding') this.#parts.rebuilds.dropProof(member.state.rebuild);
    member.state = { phase: 'offline' };
    member.connectedAtMs = undefined;
    this.#reads.lost(member);
    this.#parts.rebuilds.lost(member);
    this.#parts.scrub.lost(member);
    this.#steps.step(nowMs);
  }

  message(replicaId: string, message: ReplicaMessage, nowMs: number): void {
    const member = this.#member(replicaId);
    const ours = message.epoch === this.#candidacy.epoch && message.nonce === this.#o.nonce;
    // What was said under another epoch of ours is void; nobody else's is said on our links.
    if (!ours || !isLinked(member) || this.#takeover.phase === 'ended') return;
    this.#take(member, message, nowMs);
    this.#steps.follow(nowMs);
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
    if (type !== 'received' && type !== 'durable' && type !== 'data') this.#steps.stir();
    this.#parts.replies.take(member, message, nowMs);
  }

  endBatch(nowMs: number): void {
    this.#steps.follow(nowMs);
    this.#reads.keep();
  }

  tick(nowMs: number): void {
    if (this.#takeover.phase === 'ended') return;
    this.#changes.expire(nowMs);
    this.#reads.expire(nowMs);
    if (this.#takeover.stream) this.#parts.leases.renew(nowMs);
    for (const member of this.#seats.all) {
      if (this.#takeover.stream?.tooSlow(member, nowMs))
        this.#parts.admission.leaveOut(member, 'too slow: entries wait for it too long', nowMs);
    }
    this.#parts.copyPace.tick(nowMs);
    this.#steps.step(nowMs);
  }

  /** Ends for good: what is open hears busy, grants are given back. The caller has flushed if it wanted to. */
  stop(reason: string): void {
    if (this.#takeover.phase === 'ended') return;
    this.#takeover.phase = 'ended'; // first: from here on nothing may be answered
    this.#takeover.message = reason;
    for (const member of this.#seats.all) if (reportOf(member)) this.#parts.say(member, { type: 'release' });
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
      scrub: this.#parts.scrub.status,
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
    this.#steps.step(nowMs);
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
    this.#parts.rebuilds.lost(member);
    this.#parts.scrub.lost(member);
    this.#o.effects.dropped(member.id, member.guid);
  }

  #member(replicaId: string): Member {
    const member = this.#seats.all.find(({ id }) => id === replicaId);
    assert(member, `${replicaId} is no member`);
    return member;
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
    this.#steps.admit(nowMs);
  }

  #meetsQuorum(): boolean {
    return this.#seats.meets(ackQuorum, isInSync);
  }

  /** Before it serves a target does not know what there is. */
  #command(nowMs: number, answer: SnapshotAnswer, ask: (commands: SnapshotCommands) => void): void {
    if (this.#takeover.phase !== 'serving') return answer({ ok: false, problem: 'busy' });
    ask(this.#changes.snapshots);
    this.#steps.admit(nowMs);
  }

  /** Ends the link: where the replica is, it says on the next one (R11). */
  #detach(member: Member, reason: string, nowMs: number): void {
    this.#o.effects.close(member.id, reason);
    this.disconnected(member.id, reason, nowMs);
  }
}
