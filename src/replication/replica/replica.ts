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
import type { CopyReply, CopyRequest } from '../copy.ts';
import type { PoolRoom, ReplicaMessage, ReplicaSays, TargetMessage } from '../messages.ts';
import type { Fence } from '../record.ts';
import type { Done, ReplicaStore } from '../store.ts';
import type { Timing } from '../timing.ts';
import { assert } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { Acknowledger } from './acknowledger.ts';
import { Answers } from './answers.ts';
import { takeIn, wantsCommit, wantsReceipt } from './entries.ts';
import { Groups } from './groups.ts';
import { Ledger } from './ledger.ts';
import { Promises, sameFence } from './promises.ts';
import { Rebuild, type RebuildEffects } from './rebuild.ts';
import { beginRebuild } from './rebuild-start.ts';
import { endSession, newSession, type LinkId, type Session } from './session.ts';
import { ToldSpace } from './told-space.ts';

/** Effects; none of them calls back from inside the call. */
export interface ReplicaEffects extends RebuildEffects {
  send(link: LinkId, message: ReplicaMessage): void;
  /** Ends the link after what was sent on it. Nothing is heard of it afterwards. */
  close(link: LinkId, reason: string): void;
  /** The state shown to people has changed. */
  changed(): void;
}

export type ReplicaState = 'Offline' | 'Degraded' | 'Rebuilding' | 'Healthy';

type Of<T extends TargetMessage['type']> = Extract<TargetMessage, { type: T }>;

export class Replica {
  readonly #ledger: Ledger;
  readonly #effects: ReplicaEffects;
  readonly #timing: Timing;
  readonly #promises: Promises;
  /** Has not crashed since it was last in sync (R5). */
  #clean: boolean;
  readonly #space = new ToldSpace();
  readonly #answers: Answers;
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
    this.#answers = new Answers({
      ledger: this.#ledger,
      effects: options.effects,
      timing: options.timing,
      session: () => this.#session,
      say: (session, message) => this.#say(session, message),
    });
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

  /** For the handshake: what a target that begins has to go above. */
  get heardEpoch(): number {
    return this.#promises.heard(this.#ledger.record.promised);
  }

  /** No tick changes anything before the next message. */
  get isAtRest(): boolean {
    const { acknowledger, rebuild } = this.#session ?? {};
    return this.#space.isToldAll && !this.#stopping && !rebuild && acknowledger?.isAtRest !== false;
  }

  /** Percent copied of the rebuild under way. */
  get rebuildPercent(): number | undefined {
    return this.#session?.rebuild?.percent;
  }

  /** Data of writes of the stream taken in since this object was made. */
  get takenBytes(): number {
    return this.#space.takenBytes;
  }

  /** Whether the pool is nearly full, and its room; the target hears of it as far as it has to. */
  setSpace(low: boolean, room?: PoolRoom): void {
    const isNews = this.#space.set(low, room);
    const session = this.#session;
    if (isNews && session && session.phase !== 'promising') this.#say(session, this.#space.message);
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
        return this.#answered(session, this.#answers.read(session, message));
      case 'dropBase':
        return this.#ledger.record.state.kind === 'rebuilding' ? this.#ledger.dropBase() : undefined;
      case 'dropProof':
        return this.#ledger.dropProof(message.number);
      case 'pace':
        session.budget.set(message.bytesPerSecond);
        return session.rebuild?.run(nowMs);
      case 'digest':
        return this.#answered(session, this.#answers.digest(session, message));
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
    this.#answers.copy(request, done);
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
    const session = newSession(link, asked);
    this.#session = session;
    this.#ledger.promise(asked, message.memberships);
    // The instant of the promise: from here to the answer nothing is taken in, so the report is of this instant (R2).
    this.#effects.commit(() => {
      if (this.#session !== session) return;
      session.phase = 'promised';
      if (this.#space.news) this.#say(session, this.#space.news);
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
    endSession(session);
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
      this.#space.took(entry.data.byteLength);
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

  /** `problem`: why the target's question breaks the link instead. */
  #answered(session: Session, problem: string | undefined): void {
    if (problem !== undefined) this.#breakOff(session, problem);
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
    endSession(session);
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

  #say(session: Session, message: ReplicaSays): void {
    if (this.#session === session) this.#effects.send(session.link, { ...session.fence, ...message });
  }
}
