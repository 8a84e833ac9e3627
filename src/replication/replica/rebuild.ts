/**
 * One rebuild of this replica: from an attach that could not be resent to a proved, complete state (R18–R25).
 *
 *   copying ──all ranges, stream past every birth met──▶ copied ──snapshot entry──▶ proving ──equal──▶ finishing ──▶ done
 *      ▲                                                                              │
 *      └───────────────────────────────── wrong groups, from birth 0 ─────────────────┘
 *
 * With `upTo` what is copied is a snapshot of the source, and no entries come meanwhile: it is compared as soon as it is
 * copied, and named here. The next rebuild begins from there (R24).
 *
 * Copying and proving pause while no source is known. Whatever ends the link ends the rebuild; its progress is in the record.
 */
import type { BlockRange, CopyReply, CopyRequest } from '../copy.ts';
import type { CopySource, ReplicaSays } from '../messages.ts';
import { proofSnapshot, storedName, type CopyRangeState, type Fence, type SnapshotInfo } from '../record.ts';
import type { Done, Outcome, StoreEffects } from '../store.ts';
import type { Timing } from '../timing.ts';
import { assert } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { Census } from './census.ts';
import { Copier, type StepOutcome } from './copier.ts';
import type { Budget } from './budget.ts';
import type { Groups } from './groups.ts';
import type { Ledger } from './ledger.ts';
import { Prover, type ProofOutcome } from './prover.ts';
import { Lanes } from './lanes.ts';
import { Ranges } from './ranges.ts';

export interface RebuildEffects extends StoreEffects {
  copy(source: CopySource, request: CopyRequest, done: Done<CopyReply>): void;
}

export interface RebuildOptions {
  readonly ledger: Ledger;
  readonly effects: RebuildEffects;
  readonly timing: Timing;
  readonly fence: Fence;
  readonly attachId: number;
  readonly firstLive: number;
  readonly source: CopySource;
  readonly ranges: readonly CopyRangeState[];
  readonly upTo: SnapshotInfo | undefined;
  /** What was copied and has not been compared yet. */
  readonly groups: Groups;
  readonly budget: Budget;
  readonly say: (message: ReplicaSays) => void;
  /** Complete, proved and durable; the snapshot, or all of it. */
  readonly onDone: () => void;
  /** Nothing that another source could mend. */
  readonly onFailed: (message: string) => void;
}

/** A full pool does not empty at once. */
const fullRetryMs = 2_000;

type Phase = 'copying' | 'copied' | 'proving' | 'finishing';

export class Rebuild {
  readonly #o: RebuildOptions;
  readonly #ranges: Ranges;
  readonly #groups: Groups;
  readonly #copier: Copier;
  readonly #lanes: Lanes;
  readonly #census: Census;
  readonly #blocks: number;
  /** Of the source, by its stored name. */
  readonly #snapshot: string | undefined;
  #phase: Phase = 'copying';
  #source: CopySource | undefined;
  #prover: Prover | undefined;
  /** A part of the proof is under way. */
  #isProving = false;
  #ended = false;
  #isKeeping = false;
  #retryAtMs = 0;
  #notedAtMs = -Infinity;
  #nowMs = 0;
  #copiedBytes = 0;

  constructor(options: RebuildOptions) {
    this.#o = options;
    const { ledger, upTo } = options;
    this.#blocks = Math.floor(ledger.store.sizeBytes / blockBytes);
    const { copyBytesMax, listMax } = options.timing;
    this.#ranges = new Ranges(options.ranges, copyBytesMax / blockBytes, listMax > 0);
    this.#groups = options.groups;
    this.#groups.cover(Math.floor(ledger.record.sizeBytes / blockBytes)); // what the volume has, the store may have more
    this.#source = options.source;
    this.#snapshot = upTo && storedName(upTo);
    this.#copier = new Copier({
      ...options,
      snapshot: this.#snapshot,
      source: this.#link(),
      onStored: (range) => this.#groups.touch(range),
    });
    const { budget, timing } = options;
    const { fence, attachId, firstLive } = options;
    this.#census = new Census({
      fence,
      attachId,
      firstLive,
      snapshot: this.#snapshot,
      ranges: options.ranges,
      ask: (request, done) => this.#link().ask(request, done),
    });
    const onStep = (outcome: StepOutcome) => this.#onStep(outcome);
    this.#lanes = new Lanes({ ranges: this.#ranges, copier: this.#copier, budget, timing, onStep });
  }

  /** Percent of the volume that is copied. */
  get percent(): number {
    const blocksDone = this.#ranges.blocksDone + this.#lanes.blocksDone;
    return this.#blocks === 0 ? 100 : Math.min(100, (100 * blocksDone) / this.#blocks);
  }

  run(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#ended || !this.#source || nowMs < this.#retryAtMs) return;
    if (this.#phase === 'copying') {
      this.#lanes.run(nowMs);
      this.#census.run(nowMs);
    } else if (this.#phase === 'proving' && !this.#isProving) this.#prove();
  }

  tick(nowMs: number): void {
    if (!this.#ended && nowMs - this.#notedAtMs >= this.#o.timing.progressMs) this.#note(nowMs);
    this.run(nowMs);
  }

  useSource(source: CopySource, nowMs: number): void {
    this.#source = source;
    if (this.#o.upTo) return this.run(nowMs); // any source has the same snapshot
    // The new source has no snapshot of the proof under way, and the target may have had nobody to prove against when it
    // heard that all is copied: another number is needed.
    if (this.#phase === 'proving' || this.#phase === 'copied') this.#announceCopied();
    this.run(nowMs);
  }

  wrote(range: BlockRange): void {
    this.#copier.wrote(range);
  }

  /** An entry was taken in. `proof`: it was the snapshot for ours. */
  took(number: number, proof: boolean, nowMs: number): void {
    if (proof && (this.#phase === 'copied' || this.#phase === 'proving')) {
      this.#dropProof(); // of a source that is gone
      this.#phase = 'proving';
      this.#prover = this.#newProver(number);
    } else if (proof) this.#o.ledger.dropProof(number); // made for a copy that has begun anew
    if (this.#phase === 'copying') this.#advance();
    this.run(nowMs);
  }

  /** The link or the process ends: what is done is noted for the next attach. */
  end(): void {
    if (this.#ended) return;
    if (this.#phase !== 'finishing') this.#saveRanges();
    this.#ended = true;
  }

  #link() {
    return {
      ask: (request: CopyRequest, done: (reply: Outcome<CopyReply>) => void) => {
        const source = this.#source;
        if (!source) return done({ ok: true, value: { type: 'notYet' } });
        this.#o.effects.copy(source, request, (reply) => {
          if (this.#ended) return; // late answers are dropped (R22e)
          const isLost = !reply.ok || reply.value.type === 'refused';
          done(isLost && source !== this.#source ? { ok: true, value: { type: 'notYet' } } : reply);
        });
      },
    };
  }

  #onStep(outcome: StepOutcome): void {
    if (this.#ended) return;
    if (outcome.outcome !== 'copied') return this.#onSetback(outcome);
    this.#copiedBytes += outcome.bytes;
    this.#advance();
    this.run(this.#nowMs);
  }

  /** What a finished range holds everything up to. */
  get #reached(): number {
    return this.#o.upTo?.number ?? this.#o.ledger.store.last;
  }

  #advance(): void {
    if (this.#phase !== 'copying' || !this.#ranges.passed(this.#reached)) return;
    if (this.#o.upTo) this.#compare(this.#o.upTo);
    else this.#announceCopied();
  }

  /** Nothing changes here: what is compared with the source's snapshot can be frozen at once. */
  #compare({ number }: SnapshotInfo): void {
    this.#dropProof();
    this.#o.ledger.store.snapshot(proofSnapshot(number));
    this.#prover = this.#newProver(number);
    this.#phase = 'proving';
    this.run(this.#nowMs);
  }

  #newProver(number: number): Prover {
    const snapshot = this.#snapshot;
    return new Prover({ ...this.#o, source: this.#link(), snapshot, number, groups: this.#groups });
  }

  #announceCopied(): void {
    this.#dropProof();
    this.#phase = 'copied';
    this.#o.say({ type: 'copied', attachId: this.#o.attachId });
  }

  #prove(): void {
    const prover = this.#prover;
    assert(prover, 'proving without a number');
    this.#isProving = true;
    prover.run((outcome) => {
      if (this.#ended) return;
      this.#isProving = false;
      if (prover === this.#prover) this.#onProof(outcome);
      else this.run(this.#nowMs);
    });
  }

  #onProof(outcome: ProofOutcome): void {
    if (outcome.outcome === 'equal') return this.#finish(outcome.root);
    if (outcome.outcome !== 'differs') return this.#onSetback(outcome);
    const { groups } = outcome;
    const blocks = groups.map(({ block }) => block).slice(0, 8);
    const message = `content differs from the source in ${groups.length} groups, at blocks ${blocks.join(', ')}`;
    this.#o.say({ type: 'mismatch', attachId: this.#o.attachId, groups: groups.length, message });
    this.#dropProof();
    this.#ranges.again(groups);
    this.#phase = 'copying';
    this.run(this.#nowMs);
  }

  #onSetback(
    outcome: Exclude<StepOutcome | ProofOutcome, { outcome: 'copied' | 'equal' | 'differs' }>,
  ): void {
    this.#retryAtMs = this.#nowMs + this.#o.timing.retryMs;
    if (outcome.outcome === 'again') return;
    if (outcome.outcome === 'full') {
      this.#retryAtMs = this.#nowMs + fullRetryMs;
      return this.#o.say({ type: 'full', message: outcome.message });
    }
    if (outcome.outcome === 'failed') return this.#o.onFailed(outcome.message);
    const { replicaId } = this.#source ?? { replicaId: '' };
    this.#source = undefined;
    const { message } = outcome;
    this.#o.say({ type: 'sourceLost', attachId: this.#o.attachId, replicaId, message });
  }

  /** One instant: complete, proved, and the base given up. It counts once that instant is durable (R22d). */
  #finish(root: string): void {
    const { ledger, attachId, effects, say, upTo } = this.#o;
    const proof = { number: this.#prover?.number ?? 0, root };
    this.#phase = 'finishing';
    this.#dropProof();
    this.#groups.clear();
    if (upTo) ledger.addWhole(upTo, this.#ranges.state(upTo.number));
    else {
      ledger.dropBase();
      ledger.update({ state: { kind: 'complete' }, open: true });
    }
    const number = this.#reached;
    effects.commit(() => {
      if (this.#ended) return;
      this.#ended = true;
      this.#o.onDone();
      say({ type: 'complete', attachId, number, proof });
    });
  }

  #dropProof(): void {
    if (this.#prover) this.#o.ledger.dropProof(this.#prover.number);
    this.#prover = undefined;
  }

  #note(nowMs: number): void {
    this.#notedAtMs = nowMs;
    if (this.#phase !== 'finishing') {
      this.#saveRanges();
      this.#keep();
    }
    const { attachId, say } = this.#o;
    const copiedBytes = this.#copiedBytes;
    const all = this.#census.bytes;
    const remaining = this.#phase === 'copying' ? Math.max((all ?? 0) - copiedBytes, 0) : 0;
    const known = all === undefined ? {} : { remainingBytes: remaining };
    say({ type: 'progress', attachId, percent: this.percent, copiedBytes, ...known });
  }

  /** Where nobody writes, nothing else would make what is copied durable, and a crash would take all of it. */
  #keep(): void {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    this.#o.effects.commit(() => (this.#isKeeping = false));
  }

  #saveRanges(): void {
    const { ledger } = this.#o;
    const { state } = ledger.record;
    assert(state.kind === 'rebuilding', 'progress of a replica that is complete');
    this.#ranges.passed(this.#reached);
    ledger.update({ state: { ...state, ranges: this.#ranges.state(this.#reached) } });
  }
}
