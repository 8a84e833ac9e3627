/**
 * Reads, each from one replica in sync, behind the entries on its link (R26).
 *
 * The answer tells up to which number the replica had taken in entries when it read. It is held back while any write
 * to those blocks up to that number is not yet acknowledged: what it shows could still vanish.
 */
import { isInSync, type Member } from './member.ts';
import type { Answer } from './requests.ts';
import type { ReplicaMessage, TargetSays } from '../messages.ts';
import { assert } from '../../shared/assert.ts';

interface ReadRequest {
  readonly readId: number;
  readonly block: number;
  readonly count: number;
  /** What is mapped is asked for, not what is there. */
  readonly map: boolean;
  readonly deadlineMs: number;
  readonly answer: Answer<Uint8Array>;
  /** Replicas that have no good copy. */
  readonly failed: Set<string>;
}

type Place =
  /** No replica in sync to ask. */
  | { readonly at: 'waiting' }
  /** To be sent once the replica's cursor is at `after`. */
  | { readonly at: 'queued' | 'sent'; readonly memberId: string; readonly after: number }
  /** Read; to be answered once `need` is settled. */
  | { readonly at: 'held'; readonly need: number; readonly data: Uint8Array };

interface Read {
  readonly request: ReadRequest;
  place: Place;
}

interface ReadsOptions {
  readonly members: readonly Member[];
  readonly say: (member: Member, message: TargetSays) => void;
  /** Everything acknowledged so far is at or below this number. */
  readonly settled: () => number;
  /** The newest write not yet settled, at or below `upTo`, that touches these blocks. */
  readonly unsettled: (block: number, count: number, upTo: number) => number;
}

export class Reads {
  readonly #o: ReadsOptions;
  /** By read id, in order of submission. */
  readonly #reads = new Map<number, Read>();
  readonly #queued = new Set<Read>();
  readonly #held = new Set<Read>();
  #lastId = 0;
  #turn = 0;

  constructor(options: ReadsOptions) {
    this.#o = options;
  }

  submit(
    { block, count, map }: Pick<ReadRequest, 'block' | 'count' | 'map'>,
    deadlineMs: number,
    answer: Answer<Uint8Array>,
  ): void {
    this.#lastId += 1;
    const readId = this.#lastId;
    const request = { readId, block, count, map, deadlineMs, answer, failed: new Set<string>() };
    const read: Read = { request, place: { at: 'waiting' } };
    this.#reads.set(this.#lastId, read);
    this.#place(read);
  }

  /** Reads that found no replica look again: one has come into sync. */
  placeWaiting(): void {
    for (const read of this.#reads.values()) if (read.place.at === 'waiting') this.#place(read);
  }

  /** The cursor of this member has moved. */
  sendTo(member: Member): void {
    if (!isInSync(member) || member.inflightReads === 0) return;
    for (const read of this.#queued) this.#sendIfBehind(read, member);
  }

  /** Another history is chosen: what was read before does not count. */
  restart(): void {
    this.#queued.clear();
    this.#held.clear();
    for (const read of this.#reads.values()) read.place = { at: 'waiting' };
  }

  /** What was asked of this member will not be answered. */
  lost(member: Member): void {
    member.inflightReads = 0;
    for (const read of this.#reads.values()) {
      const { place } = read;
      if ((place.at === 'queued' || place.at === 'sent') && place.memberId === member.id) this.#place(read);
    }
  }

  data(member: Member, message: Extract<ReplicaMessage, { type: 'data' }>): void {
    const read = this.#sentTo(member, message.readId);
    if (!read) return;
    const { block, count } = read.request;
    member.inflightReads -= 1;
    this.#repair(read.request, message.data);
    read.place = { at: 'held', need: this.#o.unsettled(block, count, message.last), data: message.data };
    this.#held.add(read);
  }

  /** This replica has no good copy: another one is asked; when none has, the blocks are unreadable. */
  failed(member: Member, message: Extract<ReplicaMessage, { type: 'readFailed' }>): void {
    const read = this.#sentTo(member, message.readId);
    if (!read) return;
    member.inflightReads -= 1;
    read.request.failed.add(member.id);
    this.#place(read);
  }

  /** Called while the lease holds (R14, R28). */
  answerReady(settled: number): void {
    for (const read of this.#held) {
      const { request, place } = read;
      if (place.at !== 'held' || place.need > settled) continue;
      this.#forget(read);
      request.answer({ ok: true, value: place.data });
    }
  }

  expire(nowMs: number): void {
    for (const read of this.#reads.values()) {
      const { request, place } = read;
      if (request.deadlineMs > nowMs) break;
      this.#forget(read);
      if (place.at === 'queued' || place.at === 'sent') this.#giveBack(place.memberId);
      request.answer({ ok: false, problem: 'busy' });
    }
  }

  failAll(): void {
    for (const { request } of this.#reads.values()) request.answer({ ok: false, problem: 'busy' });
    this.#reads.clear();
    this.restart();
  }

  /** Who could not read these blocks gets them back. It takes only what its own checksums promise, whatever was written since. */
  #repair({ block, failed, map }: ReadRequest, data: Uint8Array): void {
    if (map) return;
    for (const member of this.#o.members)
      if (failed.has(member.id) && isInSync(member)) this.#o.say(member, { type: 'repair', block, data });
  }

  #forget(read: Read): void {
    this.#reads.delete(read.request.readId);
    this.#queued.delete(read);
    this.#held.delete(read);
  }

  #giveBack(memberId: string): void {
    const member = this.#o.members.find(({ id }) => id === memberId);
    if (member && member.inflightReads > 0) member.inflightReads -= 1;
  }

  #sentTo(member: Member, readId: number): Read | undefined {
    const read = this.#reads.get(readId);
    return read?.place.at === 'sent' && read.place.memberId === member.id ? read : undefined;
  }

  /** The least busy replica in sync takes it; equal ones in turn. */
  #place(read: Read): void {
    const { request } = read;
    this.#queued.delete(read);
    const inSync = this.#o.members.filter(isInSync);
    const able = inSync.filter(({ id }) => !request.failed.has(id));
    if (able.length === 0) {
      read.place = { at: 'waiting' };
      // Someone out of sync may have a good copy, but can not show that it is the newest.
      if (inSync.length === 0 || request.failed.size === 0) return;
      this.#forget(read);
      return request.answer({ ok: false, problem: 'unreadable' });
    }
    this.#turn += 1;
    const least = Math.min(...able.map(({ inflightReads }) => inflightReads));
    const idle = able.filter(({ inflightReads }) => inflightReads === least);
    const member = idle[this.#turn % idle.length];
    assert(member, 'the least of some is one of them');
    member.inflightReads += 1;
    read.place = { at: 'queued', memberId: member.id, after: this.#o.settled() };
    this.#queued.add(read);
    this.#sendIfBehind(read, member);
  }

  #sendIfBehind(read: Read, member: Member): void {
    const { place, request } = read;
    if (place.at !== 'queued' || place.memberId !== member.id || member.sent < place.after) return;
    const { readId, block, count, map } = request;
    this.#queued.delete(read);
    read.place = { at: 'sent', memberId: member.id, after: place.after };
    this.#o.say(member, { type: 'read', readId, after: place.after, block, count, ...(map ? { map } : {}) });
  }
}
