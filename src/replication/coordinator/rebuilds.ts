/**
 * The target's part in rebuilds: who copies what from whom, when to prove, when a base may go (R18, R19, R22, R24, R25).
 *
 * A rebuild goes from one snapshot to the next, and then to the head while live entries flow. Where a new snapshot comes
 * by meanwhile, or a return to one, it goes on up to there first: content with holes has no name.
 */
import type { CopySource, ReplicaMessage, TargetSays } from '../messages.ts';
import type { MembershipState } from '../membership.ts';
import { historyAt } from '../history.ts';
import { sameSnapshot, type SnapshotInfo, type Values } from '../record.ts';
import { ackQuorum } from '../quorum.ts';
import type { Timing } from '../timing.ts';
import { isInSync, type Member, type RebuildProgress, type Report } from './member.ts';
import { Progress } from './progress.ts';
import type { Seats } from './seats.ts';
import type { Stream } from './stream.ts';

export interface VolumeFacts {
  readonly sizeBytes: number;
  readonly values: Values;
  readonly membership: MembershipState;
  /** Ascending. */
  readonly snapshots: readonly SnapshotInfo[];
}

interface RebuildsOptions {
  readonly seats: Seats;
  readonly timing: Timing;
  readonly say: (member: Member, message: TargetSays) => void;
  /** Tells it how fast it may copy, before it begins. */
  readonly setPace: (member: Member) => void;
  /** What the volume is, as issued: a rebuilding replica gets it with the content. */
  readonly volume: () => VolumeFacts;
  /** What the copier shows to the source (hexadecimal). */
  readonly ticket: (source: Member, copier: Member) => string;
  /** The change that is asked for is one without it. */
  readonly leaves: (member: Member) => boolean;
}

type Of<T extends ReplicaMessage['type']> = Extract<ReplicaMessage, { type: T }>;
type Rebuilding = Extract<Member['state'], { phase: 'rebuilding' }>;

/** How soon a source is looked for again after one failed. */
const sourceRetryMs = 500;

export class Rebuilds {
  readonly #o: RebuildsOptions;
  #lastAttachId = 0;

  constructor(options: RebuildsOptions) {
    this.#o = options;
  }

  /** Begins a rebuild if there is a replica to copy from. Answers whether it did. */
  begin(member: Member, report: Report, stream: Stream, nowMs: number): boolean {
    const { snapshots: held = [] } = report;
    return this.#start(member, report, stream, { held, baseDropped: false }, nowMs);
  }

  /** Whether it did: there may be nobody to copy from just now. */
  #start(
    member: Member,
    report: Report,
    stream: Stream,
    kept: Pick<RebuildProgress, 'held' | 'baseDropped'>,
    nowMs: number,
  ): boolean {
    const source = this.#choose(member, undefined);
    if (!source) return false;
    const { snapshots, ...volume } = this.#o.volume();
    const upTo = snapshots.find((one) => !kept.held.some((other) => sameSnapshot(one, other)));
    this.#lastAttachId += 1;
    const rebuild: RebuildProgress = {
      held: kept.held,
      baseDropped: kept.baseDropped,
      attachId: this.#lastAttachId,
      upTo,
      firstLive: stream.last + 1,
      sourceId: source.id,
      failedSourceId: undefined,
      nextSourceAtMs: nowMs,
      proof: undefined,
      progress: new Progress(nowMs),
      status: { percent: 0, bytesPerSecond: 0, etaSeconds: 0 },
    };
    member.state = { phase: 'rebuilding', report, rebuild };
    const { attachId, firstLive } = rebuild;
    const { epochs } = stream.history;
    const live = { epochs, firstLive, sizeBytes: volume.sizeBytes };
    const goal = upTo ? upToSnapshot(stream, upTo) : live;
    if (!upTo) stream.joinLive(member, nowMs);
    this.#o.setPace(member);
    const says = { type: 'rebuild', attachId, ...volume, snapshots, ...goal } as const;
    this.#o.say(member, { ...says, source: this.#sourceFor(source, member) });
    return true;
  }

  /** It holds the snapshot that it was to have: from there it goes on. */
  whole({ rebuild }: Rebuilding): void {
    if (rebuild.upTo) rebuild.held = [...rebuild.held, rebuild.upTo];
  }

  /** What is copied is not what has to be copied next. */
  #isOver(member: Member, { upTo, held }: RebuildProgress, stream: Stream): boolean {
    if (!upTo) return stream.isAtBarrier(member);
    const isIt = (one: SnapshotInfo) => sameSnapshot(one, upTo);
    return held.some(isIt) || !this.#o.volume().snapshots.some(isIt);
  }

  /** A replica is gone: whoever copies from it needs another source. */
  lost(gone: Member): void {
    for (const member of this.#o.seats.all) {
      const { state } = member;
      if (state.phase !== 'rebuilding' || state.rebuild.sourceId !== gone.id) continue;
      state.rebuild.sourceId = undefined;
      state.rebuild.nextSourceAtMs = -Infinity;
    }
  }

  sourceLost(state: Rebuilding, message: Of<'sourceLost'>, nowMs: number): void {
    const { rebuild } = state;
    if (message.attachId !== rebuild.attachId || message.replicaId !== rebuild.sourceId) return;
    rebuild.failedSourceId = message.replicaId;
    rebuild.sourceId = undefined;
    rebuild.nextSourceAtMs = nowMs + sourceRetryMs;
  }

  /** All is copied: from the entry made here on both compare their content. */
  copied(member: Member, state: Rebuilding, message: Of<'copied'>, stream: Stream): void {
    const { rebuild } = state;
    if (message.attachId !== rebuild.attachId || rebuild.sourceId === undefined) return;
    this.dropProof(rebuild);
    const number = stream.last + 1;
    const replicas = [member.id, rebuild.sourceId];
    stream.issue({ kind: 'proof', replicas });
    rebuild.proof = number;
  }

  /** The source may let go of its side of the proof. */
  dropProof(rebuild: RebuildProgress): void {
    const { proof, sourceId } = rebuild;
    const source = this.#o.seats.all.find(({ id }) => id === sourceId);
    rebuild.proof = undefined;
    if (proof !== undefined && source && isInSync(source))
      this.#o.say(source, { type: 'dropProof', number: proof });
  }

  progress({ rebuild }: Rebuilding, message: Of<'progress'>, nowMs: number): void {
    if (message.attachId !== rebuild.attachId) return;
    rebuild.status = rebuild.progress.take(message, nowMs);
  }

  /** Goes on where a part is done, finds sources for those without, and lets bases go that nobody can need any more. */
  tick(stream: Stream, nowMs: number): void {
    for (const member of this.#o.seats.all) {
      const { state } = member;
      if (state.phase !== 'rebuilding') continue;
      const { rebuild, report } = state;
      if (this.#isOver(member, rebuild, stream)) {
        this.dropProof(rebuild);
        if (this.#start(member, report, stream, rebuild, nowMs)) continue;
      }
      this.#findSource(member, rebuild, nowMs);
      this.#dropBase(member, state);
    }
  }

  #findSource(member: Member, rebuild: RebuildProgress, nowMs: number): void {
    if (rebuild.sourceId !== undefined || nowMs < rebuild.nextSourceAtMs) return;
    const source = this.#choose(member, rebuild.failedSourceId);
    if (!source) return;
    rebuild.sourceId = source.id;
    rebuild.proof = undefined;
    const { attachId } = rebuild;
    this.#o.say(member, { type: 'source', attachId, source: this.#sourceFor(source, member) });
  }

  /** R19: when a quorum of others in sync has everything durable that this replica's new state is built on. */
  #dropBase(member: Member, { report, rebuild }: Rebuilding): void {
    if (rebuild.baseDropped || report.complete === undefined) return;
    const isSafe = (other: Member) =>
      other !== member && isInSync(other) && other.durable >= rebuild.firstLive - 1;
    if (!this.#o.seats.meets(ackQuorum, isSafe)) return;
    rebuild.baseDropped = true;
    this.#o.say(member, { type: 'dropBase' });
  }

  /**
   * The one in sync that has come furthest; one that failed only when there is no other, and one that is to leave only when
   * there is no better: perhaps it leaves for what it holds.
   */
  #choose(copier: Member, failed: string | undefined): Member | undefined {
    const isWorse = (member: Member) => 2 * Number(member.id === failed) + Number(this.#o.leaves(member));
    return this.#o.seats.all
      .filter((member) => member !== copier && isInSync(member))
      .toSorted((a, b) => isWorse(a) - isWorse(b) || b.received - a.received)[0];
  }

  #sourceFor(source: Member, copier: Member): CopySource {
    return {
      replicaId: source.id,
      address: source.copyAddress,
      ticket: this.#o.ticket(source, copier),
      goodCopies: this.#o.seats.counted.filter(isInSync).length,
    };
  }
}

const upToSnapshot = (stream: Stream, upTo: SnapshotInfo) => ({
  epochs: historyAt(stream.history, upTo.number).epochs,
  firstLive: upTo.number + 1,
  sizeBytes: upTo.sizeBytes,
  upTo,
});
