/** The target's part in rebuilds: who copies from whom, when to prove, when a base may go (R18, R19, R22, R25). */
import type { CopySource, ReplicaMessage, TargetSays } from '../messages.ts';
import type { MembershipState } from '../membership.ts';
import { proofSnapshot, type Values } from '../record.ts';
import { ackQuorum } from '../quorum.ts';
import type { Timing } from '../timing.ts';
import { isInSync, type Member, type RebuildProgress, type Report } from './member.ts';
import type { Seats } from './seats.ts';
import type { Stream } from './stream.ts';

interface RebuildsOptions {
  readonly seats: Seats;
  readonly timing: Timing;
  readonly say: (member: Member, message: TargetSays) => void;
  /** What the copier shows to the source (hexadecimal). */
  readonly ticket: (source: Member, copier: Member) => string;
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
  begin(
    member: Member,
    report: Report,
    stream: Stream,
    state: { readonly sizeBytes: number; readonly values: Values; readonly membership: MembershipState },
    nowMs: number,
  ): boolean {
    const source = this.#choose(member, undefined);
    if (!source) return false;
    this.#lastAttachId += 1;
    const rebuild: RebuildProgress = {
      attachId: this.#lastAttachId,
      firstLive: stream.last + 1,
      sourceId: source.id,
      failedSourceId: undefined,
      nextSourceAtMs: nowMs,
      proof: undefined,
      baseDropped: false,
      startedAtMs: nowMs,
      status: { percent: 0, bytesPerSecond: 0, etaSeconds: 0 },
    };
    member.state = { phase: 'rebuilding', report, rebuild };
    const { attachId, firstLive } = rebuild;
    const { epochs } = stream.history;
    const says = { type: 'rebuild', attachId, epochs, firstLive, ...state } as const;
    stream.joinLive(member, nowMs);
    this.#o.say(member, { ...says, source: this.#sourceFor(source, member) });
    return true;
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
    stream.issue({ kind: 'snapshot', name: proofSnapshot(number), replicas });
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
    const { percent, copiedBytes } = message;
    const seconds = Math.max(1, nowMs - rebuild.startedAtMs) / 1_000;
    const etaSeconds = percent > 0 ? Math.round((seconds * (100 - percent)) / percent) : 0;
    rebuild.status = { percent, bytesPerSecond: Math.round(copiedBytes / seconds), etaSeconds };
  }

  /** Finds sources for those without, and lets bases go that nobody can need any more. */
  tick(nowMs: number): void {
    for (const member of this.#o.seats.all) {
      const { state } = member;
      if (state.phase !== 'rebuilding') continue;
      this.#findSource(member, state.rebuild, nowMs);
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

  /** The one in sync that has come furthest; one that failed only when there is no other. */
  #choose(copier: Member, failed: string | undefined): Member | undefined {
    return this.#o.seats.all
      .filter((member) => member !== copier && isInSync(member))
      .toSorted((a, b) => Number(a.id === failed) - Number(b.id === failed) || b.received - a.received)[0];
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
