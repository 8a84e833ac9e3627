/**
 * Reads, each from one replica in sync, behind the entries on its link (R26).
 *
 * The answer tells up to which number the replica had taken in entries when it read. It is held back while any write
 * to those blocks up to that number is not yet acknowledged: what it shows could still vanish.
 */
import { isInSync, type Member } from './member.ts';
import type { Answer } from './requests.ts';
import type { ReplicaMessage, TargetSays } from '../messages.ts';
import type { ReadAsked } from '../read-frame.ts';

interface Read {
  readonly readId: number;
  readonly block: number;
  readonly count: number;
  /** What is mapped is asked for, not what is there. */
  readonly map: boolean;
  /** The only replica that may answer; undefined: any. */
  readonly from: string | undefined;
  /** What is read is written again: behind every entry there is, acknowledged or not. */
  readonly newest: boolean;
  readonly deadlineMs: number;
  readonly answer: Answer<Uint8Array>;
  /** Replicas that have no good copy; undefined: none was heard to. */
  failed: Set<string> | undefined;
  /**
   * waiting: no replica in sync to ask. queued: to be sent to `member` once its cursor is at `after`. held: read; to be
   * answered once `need` is settled.
   */
  at: 'waiting' | 'queued' | 'sent' | 'held';
  member: Member | undefined;
  after: number;
  need: number;
  data: Uint8Array;
  /** `data` is the memory of somebody else, who uses it again soon. */
  borrowed: boolean;
}

const nothing = new Uint8Array(0);
const wideBlocksMin = 8;
/** Blocks side by side that one replica is asked for first: what initiators read at once of a file that is read in order. */
const placeBlocks = 32;

/** Spreads neighbouring places evenly, whatever the distance at which somebody reads them. */
const homeOf = (block: number): number => Math.imul(Math.floor(block / placeBlocks), 0x9e37_79b1) >>> 16;

interface ReadsOptions {
  readonly members: readonly Member[];
  readonly say: (member: Member, message: TargetSays) => void;
  readonly ask: (member: Member, read: ReadAsked) => void;
  /** Everything acknowledged so far is at or below this number. */
  readonly settled: () => number;
  /** The number of the last entry there is. */
  readonly issued: () => number;
  /** The newest write not yet settled, at or below `upTo`, that touches these blocks. */
  readonly unsettled: (block: number, count: number, upTo: number) => number;
}

export class Reads {
  readonly #o: ReadsOptions;
  /** By read id, in order of submission. */
  readonly #reads = new Map<number, Read>();
  readonly #queued = new Set<Read>();
  #held: Read[] = [];
  /** No read has to be answered before. */
  #nothingDueBeforeMs = Infinity;
  #lastId = 0;
  #turn = 0;

  constructor(options: ReadsOptions) {
    this.#o = options;
  }

  /** So many, since the start. */
  get asked(): number {
    return this.#lastId;
  }

  submit(
    asked: Pick<Read, 'block' | 'count' | 'map'> & { readonly from?: string; readonly newest?: boolean },
    deadlineMs: number,
    answer: Answer<Uint8Array>,
  ): void {
    this.#lastId += 1;
    const { block, count, map, from, newest = false } = asked;
    const read: Read = {
      readId: this.#lastId,
      block,
      count,
      map,
      from,
      newest,
      deadlineMs,
      answer,
      failed: undefined,
      at: 'waiting',
      member: undefined,
      after: 0,
      need: 0,
      data: nothing,
      borrowed: false,
    };
    this.#reads.set(read.readId, read);
    if (deadlineMs < this.#nothingDueBeforeMs) this.#nothingDueBeforeMs = deadlineMs;
    this.#place(read);
  }

  get isEmpty(): boolean {
    return this.#reads.size === 0;
  }

  /** Reads that found no replica look again: one has come into sync. */
  placeWaiting(): void {
    for (const read of this.#reads.values()) if (read.at === 'waiting') this.#place(read);
  }

  /** The cursor of this member has moved. */
  sendTo(member: Member): void {
    if (this.#queued.size === 0 || !isInSync(member)) return;
    for (const read of this.#queued) this.#sendIfBehind(read);
  }

  /** Another history is chosen: what was read before does not count. */
  restart(): void {
    this.#queued.clear();
    this.#held = [];
    for (const read of this.#reads.values()) read.at = 'waiting';
  }

  /** What was asked of this member will not be answered. */
  lost(member: Member): void {
    member.inflightReads = 0;
    for (const read of this.#reads.values())
      if ((read.at === 'queued' || read.at === 'sent') && read.member === member) this.#place(read);
  }

  /** `borrowed`: the data is valid until `keep` is called. */
  data(member: Member, message: Extract<ReplicaMessage, { type: 'data' }>, borrowed = false): void {
    const read = this.#sentTo(member, message.readId);
    if (!read) return;
    member.inflightReads -= 1;
    if (read.failed) this.#repair(read, read.failed, new Uint8Array(message.data));
    read.at = 'held';
    read.need = this.#o.unsettled(read.block, read.count, message.last);
    read.data = message.data;
    read.borrowed = borrowed;
    this.#held.push(read);
  }

  /** This replica has no good copy: another one is asked; when none has, the blocks are unreadable. */
  failed(member: Member, message: Extract<ReplicaMessage, { type: 'readFailed' }>): void {
    const read = this.#sentTo(member, message.readId);
    if (!read) return;
    member.inflightReads -= 1;
    read.failed ??= new Set();
    read.failed.add(member.id);
    this.#place(read);
  }

  /** Called while the lease holds (R14, R28). */
  answerReady(settled: number): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const read of held) {
      if (read.at !== 'held') continue; // it has been given up
      if (read.need > settled) {
        this.#held.push(read);
        continue;
      }
      this.#forget(read);
      read.answer({ ok: true, value: read.data });
    }
  }

  /** Borrowed data is used for something else from now on. */
  keep(): void {
    for (const read of this.#held) {
      if (read.borrowed) read.data = new Uint8Array(read.data);
      read.borrowed = false;
    }
  }

  expire(nowMs: number): void {
    if (nowMs < this.#nothingDueBeforeMs) return;
    this.#nothingDueBeforeMs = Infinity;
    for (const read of this.#reads.values()) {
      const { at, member, deadlineMs } = read;
      if (deadlineMs > nowMs) {
        this.#nothingDueBeforeMs = Math.min(this.#nothingDueBeforeMs, deadlineMs);
        continue;
      }
      this.#forget(read);
      if ((at === 'queued' || at === 'sent') && member && member.inflightReads > 0) member.inflightReads -= 1;
      read.answer({ ok: false, problem: 'busy' });
    }
  }

  failAll(): void {
    const reads = [...this.#reads.values()];
    this.#reads.clear();
    this.restart();
    for (const read of reads) {
      read.at = 'waiting';
      read.answer({ ok: false, problem: 'busy' });
    }
  }

  /** Who could not read these blocks gets them back. It takes only what its own checksums promise, whatever was written since. */
  #repair({ block, map }: Read, failed: ReadonlySet<string>, data: Uint8Array): void {
    if (map) return;
    for (const member of this.#o.members)
      if (failed.has(member.id) && isInSync(member)) this.#o.say(member, { type: 'repair', block, data });
  }

  #forget(read: Read): void {
    this.#reads.delete(read.readId);
    if (read.at === 'queued') this.#queued.delete(read);
    read.at = 'waiting'; // of those held it is left out when they are looked at
  }

  #sentTo(member: Member, readId: number): Read | undefined {
    const read = this.#reads.get(readId);
    return read?.at === 'sent' && read.member === member ? read : undefined;
  }

  /**
   * The least busy replica in sync takes it; equal ones in turn. A wide read goes where others of its place go unless that
   * replica is much busier, so that each pool has its own part of what is read again and again in memory.
   */
  #place(read: Read): void {
    if (read.at === 'queued') this.#queued.delete(read);
    const { members } = this.#o;
    const isWide = read.count >= wideBlocksMin;
    this.#turn += 1;
    const first = (isWide ? homeOf(read.block) : this.#turn) % members.length;
    let best: Member | undefined;
    let home: Member | undefined;
    let inSync = 0;
    for (let i = 0; i < members.length; i++) {
      const member = members[(first + i) % members.length];
      if (!member || !isInSync(member)) continue;
      inSync += 1;
      if (read.from !== undefined && member.id !== read.from) continue;
      if (read.failed?.has(member.id) === true) continue;
      if (i === 0 && isWide) home = member;
      if (!best || member.inflightReads < best.inflightReads) best = member;
    }
    if (home && best && home.inflightReads <= best.inflightReads * 2 + 2) best = home;
    if (!best) {
      read.at = 'waiting';
      // Someone out of sync may have a good copy, but can not show that it is the newest.
      if (inSync === 0 || !read.failed) return;
      this.#forget(read);
      return read.answer({ ok: false, problem: 'unreadable' });
    }
    best.inflightReads += 1;
    read.at = 'queued';
    read.member = best;
    read.after = read.newest ? this.#o.issued() : this.#o.settled();
    if (!this.#sendIfBehind(read)) this.#queued.add(read);
  }

  #sendIfBehind(read: Read): boolean {
    const { member, after } = read;
    if (read.at !== 'queued' || !member || member.sent < after) return false;
    this.#queued.delete(read);
    read.at = 'sent';
    this.#o.ask(member, read);
    return true;
  }
}
