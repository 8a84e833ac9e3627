/**
 * The one order of entries of this target's epoch, and how far each replica has come in it (R11–R13, R17).
 *
 * Each replica is fed from the window by a cursor of its own: the window is the only queue. `settled` and `flushed` are
 * what a quorum in sync was seen to have received and to have durable; they never fall.
 */
import { cutHistory, returned, type EpochStart, type History } from '../history.ts';
import type { DatalessBody } from '../messages.ts';
import { ackQuorum } from '../quorum.ts';
import type { Fence } from '../record.ts';
import type { Timing } from '../timing.ts';
import { assert } from '../../shared/assert.ts';
import { isAttached, isInSync, type Member } from './member.ts';
import type { Seats } from './seats.ts';
import { FlushForecast } from './flush-forecast.ts';
import { Window, type WriteBody } from './window.ts';

interface StreamOptions {
  readonly seats: Seats;
  readonly timing: Timing;
  /** The adopted history, ending in the adopt entry. */
  readonly history: History;
  readonly adopt: DatalessBody;
  /** What is made durable with the adopt entry before anybody is served. */
  readonly noted?: DatalessBody | undefined;
  /** Of this target: its entries are sent under it. */
  readonly fence: Fence;
  /** Number at which the chosen history ended. */
  readonly chosenLast: number;
  /** Sends the entries from number `from` to `to`, in order. */
  readonly send: (member: Member, window: Window, from: number, to: number) => void;
  /** The cursor of this member has moved to `member.sent`. */
  readonly onSent: (member: Member) => void;
}

/** Entries of one lot. */
const liftMax = 1_024;
/** Targets that died in a row while they adopted, each unheard by the next, generously. */
const liftsMax = 16;

export class Stream {
  readonly #o: StreamOptions;
  readonly #window: Window;
  readonly #adoptNumber: number;
  /** Of what the recovery notes behind its adopt entry, or of that itself. */
  readonly #notedAt: number;
  #epochs: readonly EpochStart[];
  /** What `#epochs` was before each return to a snapshot, and the number of that entry; ascending. */
  #returns: readonly { readonly at: number; readonly epochs: readonly EpochStart[] }[] = [];
  #settled = 0;
  #flushed = 0;
  /** Number of the last flush entry that the target made by itself. */
  #ownFlush = 0;
  /** Number of the last entry made to lift the numbers. */
  #lifted = 0;
  readonly #forecast = new FlushForecast();
  /** Number of the last entry that changes anything: a flush does not. */
  #changed: number;
  /** Up to here replicas were asked to make everything durable at once. */
  #urged: number;

  constructor(options: StreamOptions) {
    this.#o = options;
    this.#adoptNumber = options.history.last;
    this.#window = new Window(this.#adoptNumber, options.fence);
    this.#window.push(options.adopt);
    if (options.noted) this.#window.push(options.noted);
    this.#notedAt = this.#window.last;
    this.#changed = this.#notedAt;
    this.#urged = this.#notedAt;
    this.#epochs = options.history.epochs;
  }

  get last(): number {
    return this.#window.last;
  }

  get history(): History {
    return { epochs: this.#epochs, last: this.last };
  }

  /** As it was after entry `number` of this target: a return to a snapshot comes only later. */
  historyAfter(number: number): History {
    const next = this.#returns.find(({ at }) => at > number);
    return next ? { epochs: next.epochs, last: next.at - 1 } : this.history;
  }

  get windowBytes(): number {
    return this.#window.bytes;
  }

  /** Every member has settled the epochs below. */
  cut(before: number): void {
    this.#epochs = cutHistory(this.#epochs, before);
    this.#returns = this.#returns.map(({ at, epochs }) => ({ at, epochs: cutHistory(epochs, before) }));
  }

  /** Every entry up to here is acknowledged, or could be. */
  get settled(): number {
    return this.#settled;
  }

  /** Every entry up to here is durable on a quorum in sync. */
  get flushed(): number {
    return this.#flushed;
  }

  /** The chosen history, the adopt entry and what was noted with it are durable on a quorum (R7). */
  get adopted(): boolean {
    return this.#flushed >= this.#notedAt;
  }

  get adoptNumber(): number {
    return this.#adoptNumber;
  }

  /** Whether a replica complete at `number` of this history can be resent what follows. */
  covers(number: number): boolean {
    const atChoice = number === this.#o.chosenLast && this.#window.first === this.#adoptNumber;
    return atChoice || (number >= this.#window.first - 1 && number <= this.last);
  }

  /** Whether one more entry may be made for a user: bytes not yet durable and numbers are bounded. */
  hasRoom(): boolean {
    const { windowBytesMax, numberJump } = this.#o.timing;
    return (
      this.#window.bytesAbove(this.#flushed) < windowBytesMax &&
      this.last - Math.max(this.#flushed, this.#adoptNumber) < (numberJump * 7) / 8 // the rest is for entries of our own (R9)
    );
  }

  /**
   * Whether the pool of this member has room for one more write: what may not have been in it when it told of its room
   * must fit into half of what it keeps for that.
   */
  fits({ tellsRoom, room, roomAtBytes }: Member): boolean {
    if (!tellsRoom || room === undefined) return true;
    return room.freeBytes - (this.#window.bytesIssued - roomAtBytes) >= room.lowBytes / 2;
  }

  issue(body: DatalessBody): number {
    const number = this.#window.push(body);
    if (body.kind === 'revert') this.#return(body.to, number);
    if (body.kind !== 'flush') this.#changed = number;
    if (body.kind !== 'unmap' && body.kind !== 'proof') this.#urged = number;
    return this.#near(number);
  }

  issueWrite(write: WriteBody): number {
    const soon = !write.fua && this.#forecast.wrote();
    const number = this.#near(this.#window.pushWrite(write, soon));
    this.#changed = number;
    if (soon || write.fua) this.#urged = number;
    return number;
  }

  /** A user wants all so far to be durable: whether it is. */
  flushedAll(): boolean {
    if (this.#flushed < this.#changed) return false;
    this.#forecast.flushed();
    return true;
  }

  /**
   * The same, of one that has to wait: all so far is durable when this number is (R13). An entry is made of it only when the
   * replicas have not been asked for that.
   */
  issueFlush(): number {
    this.#forecast.flushed();
    if (this.#urged < this.#changed) this.issue({ kind: 'flush' });
    return this.#changed;
  }

  /** R9. */
  #near(number: number): number {
    const { numberJump } = this.#o.timing;
    assert(number - Math.max(this.#flushed, this.#adoptNumber) < numberJump, 'too far above the last flush');
    return number;
  }

  /**
   * Makes the next number higher than `number` by entries that change nothing. Targets that died while they adopted may
   * have left the numbers of their adopt entries above ours; no block has them (R9), but a replica's numbers only grow.
   * A few at a time, each lot flushed before the next: we stay as near to our last flush as ever. The last lot waits for
   * no flush: a rebuild that is begun again takes one number each time, and may be what a quorum that could flush lacks.
   * `later`: ask again. `never`: too many to have come about so.
   */
  liftAbove(number: number): 'done' | 'later' | 'never' {
    const { numberJump } = this.#o.timing;
    if (number - this.last > liftsMax * numberJump) return 'never';
    if (this.#lifted <= this.#flushed || number - this.last <= liftMax) {
      // Above where users stop: without a quorum nothing is flushed, and who is to make it one has to be let in.
      const bound = Math.max(this.#flushed, this.#adoptNumber) + Math.floor((numberJump * 15) / 16);
      const until = Math.min(number, this.last + liftMax, bound);
      while (this.last < until) this.#lifted = this.issue({ kind: 'flush' });
    }
    return number <= this.last ? 'done' : 'later';
  }

  /** Sends what may be sent to everyone, and flushes before a bound is met. */
  pumpAll(): void {
    this.#flushEarly();
    for (const member of this.#o.seats.all) this.pump(member);
  }

  pump(member: Member): void {
    if (!isAttached(member)) return;
    const window = this.#window;
    const from = Math.max(member.sent + 1, window.first);
    const bytesMax = member.receivedBytes + this.#o.timing.linkBytesMax;
    let next = from;
    // Entries that have left the window meanwhile are still on their way: too much, rather than too little.
    while (next <= window.last && window.bytesUpTo(next - 1) < bytesMax) {
      if (!isInSync(member) && window.isBarrier(next)) break;
      next += 1;
    }
    if (next > from) {
      this.#o.send(member, window, from, next - 1);
      member.sent = next - 1;
    }
    this.#o.onSent(member);
  }

  /** A rebuilding member has come to an entry that content with holes can not take in (R24). */
  isAtBarrier(member: Member): boolean {
    const next = member.sent + 1;
    // Begun again it may be sent as much again: only when nothing is on its way to it any more.
    if (member.received < member.sent || next < this.#window.first || next > this.last) return false;
    return this.#window.isBarrier(next) && !isInSync(member);
  }

  /** A replica complete at `from`: the entries after it follow. */
  join(member: Member, from: number, nowMs: number): void {
    member.receivedBytes = this.#window.bytesUpTo(from);
    member.roomAtBytes = member.receivedBytes;
    member.movedAtMs = nowMs; // what went before on another link says nothing of this one
    member.sent = from;
    member.received = from;
    member.durable = from;
  }

  /** A rebuilding replica: live entries from the next one on follow. It has nothing that counts. */
  joinLive(member: Member, nowMs: number): void {
    member.receivedBytes = this.#window.bytesUpTo(this.last);
    member.roomAtBytes = member.receivedBytes;
    member.movedAtMs = nowMs;
    member.sent = this.last;
    member.received = this.last;
    member.durable = 0;
  }

  received(member: Member, number: number, nowMs: number): void {
    assert(number <= member.sent, 'received what was never sent');
    this.#receive(member, number);
    member.movedAtMs = nowMs;
    this.pump(member);
  }

  durable(member: Member, number: number, nowMs: number): void {
    assert(number <= member.sent, 'durable what was never sent');
    member.durable = Math.max(member.durable, number);
    // Of entries that wait to be durable nothing else is told.
    if (number > member.received) member.movedAtMs = nowMs;
    this.#receive(member, number);
    this.pump(member);
  }

  /** Counts who has what (R12, R13): replicas in sync now. Answers those that have fallen out of the window. */
  recount(): readonly Member[] {
    const by = (position: (member: Member) => number) =>
      this.#o.seats.reached(ackQuorum, (member) => (isInSync(member) ? position(member) : undefined));
    this.#settled = Math.max(
      this.#settled,
      by((member) => member.received),
    );
    this.#flushed = Math.max(
      this.#flushed,
      by((member) => member.durable),
    );
    this.#window.trim(this.#o.timing.windowBytesMax, this.#flushed);
    return this.#o.seats.all.filter((member) => isAttached(member) && !this.covers(member.sent));
  }

  /** In sync, but a quorum has had for long what this one has not (R17). */
  tooSlow(member: Member, nowMs: number): boolean {
    if (member.received >= member.sent) member.movedAtMs = nowMs;
    const late = nowMs - member.movedAtMs > this.#o.timing.latencyMsMax;
    return isAttached(member) && late && member.received < this.#settled;
  }

  /** The newest entry not yet settled, at or below `upTo`, that changes one of these blocks; 0: none. */
  unsettledTouching(block: number, count: number, upTo: number): number {
    return this.#window.newestTouching(block, count, this.#settled, upTo);
  }

  /** Who is complete before that entry takes it in like any other, so what was is kept while it is in the window. */
  #return(to: number, at: number): void {
    const known = this.#returns.filter((one) => one.at >= this.#window.first);
    this.#returns = [...known, { at, epochs: this.#epochs }];
    this.#epochs = returned(this.history, to, at).epochs;
  }

  #receive(member: Member, number: number): void {
    member.received = Math.max(member.received, number);
    if (this.covers(member.received)) member.receivedBytes = this.#window.bytesUpTo(member.received);
  }

  #flushEarly(): void {
    const { windowBytesMax, numberJump } = this.#o.timing;
    const from = Math.max(this.#flushed, this.#adoptNumber);
    const many = this.last - from > numberJump / 2;
    const much = this.#window.bytesAbove(this.#flushed) > windowBytesMax / 2;
    if ((many || much) && this.#ownFlush <= this.#flushed) this.#ownFlush = this.issue({ kind: 'flush' });
  }
}
