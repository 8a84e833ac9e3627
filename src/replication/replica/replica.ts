/**
 * The replica side of replication, as a state machine: links, messages and ticks in; effects on links and store out.
 *
 * At most one link is in force, that of the target promised last; every message is checked against the promise (R3).
 *
 *   (no link) ──promise, durable──▶ promised ──attach──▶ streaming
 *       ▲                              │                    ▲
 *       │                              └──rebuild──▶ rebuilding (complete, proved)
 *       └────── link lost, leave, higher promise ───────────┘
 */
import { copySourceCheck } from './source-check.ts';
import type { CopyReply, CopyRequest } from '../copy.ts';
import { encodeStretch, firstStretch } from '../mapping.ts';
import type { PoolRoom, ReplicaMessage, ReplicaSays, TargetMessage } from '../messages.ts';
import { proofSnapshot, storedName, type Fence } from '../record.ts';
import type { Done, ReplicaStore } from '../store.ts';
import type { Timing } from '../timing.ts';
import { assert } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { Acknowledger } from './acknowledger.ts';
import { answerCensus, answerCopy, answerDigests } from './copy-answer.ts';
import { takeIn, wantsCommit, wantsReceipt } from './entries.ts';
import { Groups } from './groups.ts';
import { Ledger } from './ledger.ts';
import { Promises, sameFence } from './promises.ts';
import { Budget } from './budget.ts';
import { ownDigests } from './prover.ts';
import { Rebuild, type RebuildEffects } from './rebuild.ts';
import { beginRebuild } from './rebuild-start.ts';

export type LinkId = number;

/** Effects; none of them calls back from inside the call. */
export interface ReplicaEffects extends RebuildEffects {
  send(link: LinkId, message: ReplicaMessage): void;
  /** Ends the link after what was sent on it. Nothing is heard of it afterwards. */
  close(link: LinkId, reason: string): void;
  /** The state shown to people has changed. */
  changed(): void;
}

interface Session {
  readonly link: LinkId;
  readonly fence: Fence;
  phase: 'promising' | 'promised' | 'streaming' | 'rebuilding';
  acknowledger: Acknowledger | undefined;
  rebuild: Rebuild | undefined;
  /** Copied on this link and not compared yet, from one snapshot to the next. */
  groups: Groups | undefined;
  /** How fast the target lets it copy. */
  readonly budget: Budget;
}

/** After a pause of the link so much of the rate may be copied at once. */
const copyBurstMs = 100;

export type ReplicaState = 'Offline' | 'Degraded' | 'Rebuilding' | 'Healthy';

type Of<T extends TargetMessage['type']> = Extract<TargetMessage, { type: T }>;

export class Replica {
  readonly #ledger: Ledger;
  readonly #effects: ReplicaEffects;
  readonly #timing: Timing;
  readonly #promises: Promises;
  /** Has not crashed since it was last in sync (R5). */
  #clean: boolean;
  #low = false;
  #room: PoolRoom | undefined;
  #takenBytes = 0;
  /** `takenBytes` when the target was last told of the room, and when that was last looked at. */
  #toldAtBytes = 0;
  #lookedAtBytes = 0;
  #session: Session | undefined;
  #stopping: { readonly done: () => void } | 'stopped' | undefined;

  /** Throws RecordError when the store's record can not be understood. */
  constructor(options: {
    readonly store: ReplicaStore;
    readonly effects: ReplicaEffects;
    readonly timing: Timing;
    readonly nowMs: number;
  }) {
    this.#ledger = new Ledger(options.store);
    this.#effects = options.effects;
    this.#timing = options.timing;
    const { open, leased } = this.#ledger.record;
    this.#clean = !open;
    this.#promises = new Promises({ leaseMs: options.timing.leaseMs, forgot: leased, nowMs: options.nowMs });
  }

  get state(): ReplicaState {
    const session = this.#session;
    if (!session) return 'Offline';
    if (session.phase === 'rebuilding') return 'Rebuilding';
    return session.phase === 'streaming' && this.#clean ? 'Healthy' : 'Degraded';
  }

  /** For status: the epoch promised. */
  get epoch(): number {
    return this.#ledger.record.promised.epoch;
  }

  /** No tick changes anything before the next message. */
  get isAtRest(): boolean {
    const { acknowledger, rebuild } = this.#session ?? {};
    const isTold = this.#takenBytes === this.#toldAtBytes;
    return isTold && !this.#stopping && !rebuild && acknowledger?.isAtRest !== false;
  }

  /** Percent copied of the rebuild under way. */
  get rebuildPercent(): number | undefined {
    return this.#session?.rebuild?.percent;
  }

  /** Data of writes of the stream taken in since this object was made. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /**
   * Whether the pool is nearly full, and its room. The target hears of changes, with every report, and of what is left
   * after so much, or after all, that it sent: until then it counts that as gone.
   */
  setSpace(low: boolean, room?: PoolRoom): void {
    const untoldBytes = this.#takenBytes - this.#toldAtBytes;
    const isQuiet = this.#takenBytes === this.#lookedAtBytes;
    this.#lookedAtBytes = this.#takenBytes;
    const isOwed = room !== undefined && untoldBytes >= (isQuiet ? 1 : room.lowBytes / 4);
    if (low === this.#low && !isOwed && !hasMoved(this.#room, room)) return;
    this.#low = low;
    this.#room = room;
    this.#toldAtBytes = this.#takenBytes;
    const session = this.#session;
    if (session && session.phase !== 'promising') this.#saySpace(session);
  }

  /** Which target process is meant to serve the volume: until then others wait with their bids (R10). */
  hintTarget(instance: string, untilMs: number): void {
    this.#promises.hint(instance, untilMs);
  }

  disconnected(link: LinkId): void {
    if (this.#session?.link === link) this.#endSession();
  }

  /** Several messages may be given before one `endBatch`: they are acknowledged together. */
  message(link: LinkId, message: TargetMessage, nowMs: number): void {
    if (message.type === 'promise') return this.#promise(link, message, nowMs);
    const session = this.#session;
    const inForce = session?.link === link && sameFence(message, this.#ledger.record.promised);
    if (!session || !inForce || session.phase === 'promising') {
      return this.#fenceOff(link, message);
    }
    switch (message.type) {
      case 'attach':
        return this.#attach(session, message);
      case 'rebuild':
        return this.#rebuild(session, message, nowMs);
      case 'source':
        return session.rebuild?.useSource(message.source, nowMs);
      case 'entry':
        return this.#entry(session, message, nowMs);
      case 'inSync':
        return this.#inSync(session, message.cutBefore);
      case 'renew':
        return this.#renew(session, message.sentAtMs, nowMs);
      case 'release':
        return this.#release(session);
      case 'read':
        return this.#read(session, message);
      case 'dropBase':
        return this.#ledger.record.state.kind === 'rebuilding' ? this.#ledger.dropBase() : undefined;
      case 'dropProof':
        return this.#ledger.dropProof(message.number);
      case 'pace':
        session.budget.set(message.bytesPerSecond);
        return session.rebuild?.run(nowMs);
      case 'digest':
        return this.#digest(session, message);
      case 'repair':
        return this.#effects.repair(message.block, message.data);
      case 'committed':
        return this.#committed(session, message.version);
      case 'retire':
        return this.#retire(session);
    }
  }

  endBatch(): void {
    const session = this.#session;
    session?.acknowledger?.endBatch(session.phase === 'streaming');
  }

  tick(nowMs: number): void {
    const session = this.#session;
    session?.acknowledger?.tick(nowMs, session.phase === 'streaming' && this.#clean);
    session?.rebuild?.tick(nowMs);
    if (this.#stopping && this.#stopping !== 'stopped' && nowMs >= this.#promises.grantedUntilMs)
      this.#finishStop();
  }

  /** Another replica copies from this one. */
  copyRequest(request: CopyRequest, done: Done<CopyReply>): void {
    const check = () => copySourceCheck(request, this.#ledger, this.#session?.phase === 'streaming');
    const before = check();
    if (before) return done({ ok: true, value: before });
    const checked: Done<CopyReply> = (reply) => {
      const after = check(); // the promise may have moved on meanwhile (R3)
      done(after ? { ok: true, value: after } : reply);
    };
    if (request.type === 'digest') return answerDigests(request, this.#effects, checked);
    const blocks = this.#blocksOf(request);
    const answering = { effects: this.#effects, timing: this.#timing, blocks, done: checked };
    if (request.type === 'census') return answerCensus(request, answering);
    answerCopy({ request, ...answering });
  }

  /**
   * Orderly stop: leaves the target, so that no grant of ours outlives this process (R29), then makes everything
   * durable and notes that nothing can be missing. Nothing is taken in afterwards.
   */
  stop(nowMs: number, done: () => void): void {
    assert(!this.#stopping, 'stopped twice');
    this.#stopping = { done };
    const session = this.#session;
    if (session && nowMs < this.#promises.grantedUntilMs) this.#say(session, { type: 'leave' });
    else if (nowMs >= this.#promises.grantedUntilMs) this.#finishStop();
  }

  #promise(link: LinkId, message: Of<'promise'>, nowMs: number): void {
    const asked: Fence = { epoch: message.epoch, nonce: message.nonce };
    if (this.#stopping) return this.#effects.close(link, 'this replica is stopping');
    if (this.#ledger.record.retired === true)
      return this.#effects.close(link, 'this replica is no member of the volume any more');
    const { promised } = this.#ledger.record;
    const decision = this.#promises.decide(asked, promised, nowMs, message.instance);
    if (decision.answer === 'refuse') {
      return this.#effects.send(link, { ...asked, type: 'refuse', promised });
    }
    if (decision.answer === 'wait')
      return this.#effects.send(link, { ...asked, type: 'wait', ms: decision.ms });
    const old = this.#session;
    this.#endSession();
    if (old && old.link !== link) this.#effects.close(old.link, `superseded by epoch ${asked.epoch}`);
    const session: Session = {
      link,
      fence: asked,
      phase: 'promising',
      acknowledger: undefined,
      rebuild: undefined,
      groups: undefined,
      budget: new Budget({ burstMs: copyBurstMs }),
    };
    this.#session = session;
    this.#ledger.promise(asked, message.memberships);
    // The instant of the promise: from here to the answer nothing is taken in, so the report is of this instant (R2).
    this.#effects.commit(() => {
      if (this.#session !== session) return;
      session.phase = 'promised';
      if (this.#low || this.#room) this.#saySpace(session);
      this.#say(session, {
        type: 'report',
        complete: this.#ledger.complete(),
        last: this.#ledger.highest,
        clean: this.#clean,
        memberships: this.#ledger.record.memberships,
        committed: this.#ledger.record.committed ?? 0,
        snapshots: this.#ledger.snapshots,
      });
      this.#effects.changed();
    });
  }

  #attach(session: Session, message: Of<'attach'>): void {
    if (session.phase !== 'promised') return this.#breakOff(session, 'attached twice');
    const { state } = this.#ledger.record;
    if (message.revert && state.kind === 'rebuilding' && state.base) this.#ledger.revert(!this.#clean);
    const complete = this.#ledger.record.state.kind === 'complete';
    const { last } = this.#ledger.store;
    if (!complete || last !== message.from || this.#ledger.commonWith(message.epochs, last) !== last) {
      return this.#breakOff(session, `attach at ${message.from} does not fit ${last}`);
    }
    session.phase = 'streaming';
    session.acknowledger = this.#newAcknowledger(session);
    this.#effects.changed();
  }

  #rebuild(session: Session, message: Of<'rebuild'>, nowMs: number): void {
    const ledger = this.#ledger;
    const { firstLive, attachId, upTo, source } = message;
    session.rebuild?.end();
    session.acknowledger?.end();
    const begun = beginRebuild(ledger, message, this.#clean);
    if (!begun.ok) return this.#breakOff(session, begun.message);
    const { ranges } = begun;
    session.phase = 'rebuilding';
    session.acknowledger = upTo ? undefined : this.#newAcknowledger(session);
    session.groups ??= this.#newGroups(begun.resumed);
    session.rebuild = new Rebuild({
      ledger,
      effects: this.#effects,
      timing: this.#timing,
      fence: session.fence,
      attachId,
      firstLive,
      source,
      ranges,
      upTo,
      groups: session.groups,
      budget: session.budget,
      say: (says) => this.#say(session, says),
      onDone: () => this.#rebuilt(session, upTo !== undefined),
      onFailed: (why) => this.#breakOff(session, why),
    });
    session.rebuild.run(nowMs);
    this.#effects.changed();
  }

  /** `goesOn`: that was a snapshot; the target says what comes next. */
  #rebuilt(session: Session, goesOn: boolean): void {
    session.rebuild = undefined;
    if (goesOn) return;
    session.phase = 'streaming';
    session.groups = undefined;
    this.#effects.changed();
  }

  /** `resumed`: what was copied before has not been compared, as far as anybody knows. */
  #newGroups(resumed: boolean): Groups {
    const blocks = Math.floor(this.#ledger.store.sizeBytes / blockBytes);
    const groups = new Groups({ blocks, groupBlocks: this.#timing.groupBlocks });
    if (resumed) groups.touch({ block: 0, count: blocks });
    return groups;
  }

  #entry(session: Session, { entry }: Of<'entry'>, nowMs: number): void {
    if (session.phase !== 'streaming' && session.phase !== 'rebuilding') {
      return this.#breakOff(session, 'an entry before the attach');
    }
    const outcome = takeIn(this.#ledger, entry);
    if (!outcome.ok) {
      if (outcome.full) this.#say(session, { type: 'full', message: outcome.message });
      return this.#breakOff(session, outcome.message);
    }
    const { rebuild } = session;
    if (entry.kind === 'write') {
      this.#takenBytes += entry.data.byteLength;
      rebuild?.wrote({ block: entry.block, count: entry.data.byteLength / blockBytes });
    }
    if (entry.kind === 'unmap') rebuild?.wrote(entry);
    session.acknowledger?.took(nowMs, wantsCommit(entry), wantsReceipt(entry));
    const { replicaId } = this.#ledger.store.identity;
    rebuild?.took(entry.number, entry.kind === 'proof' && entry.replicas.includes(replicaId), nowMs);
  }

  #committed(session: Session, version: number): void {
    this.#ledger.commit(version);
    this.#effects.commit(() => this.#say(session, { type: 'committed', version }));
  }

  #retire(session: Session): void {
    this.#ledger.retire();
    this.#endSession();
    this.#effects.commit(() => this.#effects.close(session.link, 'retired'));
    this.#effects.changed();
  }

  #inSync(session: Session, cutBefore: number): void {
    if (session.phase !== 'streaming') return this.#breakOff(session, 'in sync before it is complete');
    this.#clean = true;
    this.#ledger.cut(cutBefore);
    this.#effects.changed();
  }

  #renew(session: Session, sentAtMs: number, nowMs: number): void {
    if (this.#stopping) return;
    const renewal = this.#promises.renew(session.fence, nowMs);
    if (renewal.granted) this.#say(session, { type: 'renewed', sentAtMs });
    else this.#say(session, { type: 'refuse', promised: { epoch: renewal.bid, nonce: 0 } });
  }

  #release(session: Session): void {
    this.#promises.release(session.fence);
    if (this.#stopping && this.#stopping !== 'stopped') this.#finishStop();
  }

  #read(session: Session, message: Of<'read'>): void {
    const { readId, after, block, count } = message;
    if (session.phase !== 'streaming' || after > this.#ledger.store.last) {
      return this.#breakOff(session, `a read behind ${after}, which is not here`);
    }
    if (message.map === true) return this.#readMap(session, message);
    this.#effects.readBriefly(block, count, (read) => {
      if (this.#session !== session) return;
      const { last } = this.#ledger.store;
      if (read.ok) this.#say(session, { type: 'data', readId, last, data: read.value });
      else this.#say(session, { type: 'readFailed', readId, message: read.message });
    });
  }

  #readMap(session: Session, { readId, block, count }: Of<'read'>): void {
    const range = { block, count };
    this.#effects.births(0, range, this.#timing.extentsMax, (born) => {
      if (this.#session !== session) return;
      const { last } = this.#ledger.store;
      if (!born.ok) return this.#say(session, { type: 'readFailed', readId, message: born.message });
      const data = encodeStretch(firstStretch(range, born.value.extents, born.value.next));
      this.#say(session, { type: 'data', readId, last, data });
    });
  }

  /** A scrub compares what was frozen at a proof entry with other replicas. */
  #digest(session: Session, { number, ranges, snapshot = proofSnapshot(number) }: Of<'digest'>): void {
    if (session.phase !== 'streaming') return this.#breakOff(session, 'a digest of a replica that has holes');
    const { last } = this.#ledger.store;
    // Entry and question come in order on one link: one of them got lost there (R11).
    if (number > last) return this.#breakOff(session, `a digest at ${number} does not follow ${last}`);
    ownDigests(this.#effects, ranges, snapshot, (found) => {
      const digests = found.map((digest) =>
        digest === undefined ? null : Buffer.from(digest).toString('hex'),
      );
      this.#say(session, { type: 'digests', number, digests });
    });
  }

  /** Of the snapshot asked of, else of the head. */
  #blocksOf({ snapshot }: CopyRequest): number {
    const found = this.#ledger.snapshots.find((one) => storedName(one) === snapshot);
    return Math.floor((found?.sizeBytes ?? this.#ledger.store.sizeBytes) / blockBytes);
  }

  #finishStop(): void {
    const stopping = this.#stopping;
    assert(stopping && stopping !== 'stopped', 'not stopping');
    this.#stopping = 'stopped';
    const session = this.#session;
    this.#endSession();
    if (session) this.#effects.close(session.link, 'this replica stops');
    const { open } = this.#ledger.record;
    this.#ledger.update({ open: open && !this.#clean, leased: false });
    this.#effects.commit(stopping.done);
  }

  #endSession(): void {
    const session = this.#session;
    if (!session) return;
    session.rebuild?.end();
    session.acknowledger?.end();
    this.#session = undefined;
    this.#ledger.dropProofs();
    this.#effects.changed();
  }

  /** The target broke the protocol, or this replica can not go on with it: the next attach begins from what is here. */
  #breakOff(session: Session, reason: string): void {
    this.#endSession();
    this.#effects.close(session.link, reason);
  }

  #fenceOff(link: LinkId, { epoch, nonce }: Fence): void {
    this.#effects.send(link, { epoch, nonce, type: 'refuse', promised: this.#ledger.record.promised });
    this.#effects.close(link, `epoch ${epoch} is not promised here`);
  }

  #newAcknowledger(session: Session): Acknowledger {
    return new Acknowledger({
      ledger: this.#ledger,
      effects: this.#effects,
      timing: this.#timing,
      say: (message) => this.#say(session, message),
    });
  }

  #saySpace(session: Session): void {
    this.#say(session, { type: 'space', low: this.#low, room: this.#room });
  }

  #say(session: Session, message: ReplicaSays): void {
    if (this.#session === session) this.#effects.send(session.link, { ...session.fence, ...message });
  }
}

/** It is known now, or changed by a good part of what decides whether it is low. */
const hasMoved = (told: PoolRoom | undefined, now: PoolRoom | undefined): boolean =>
  now !== undefined &&
  (told?.lowBytes !== now.lowBytes || Math.abs(now.freeBytes - told.freeBytes) >= now.lowBytes / 4);
