/**
 * Beside each target, somebody who only counts the messages on its links: what this target may claim of quorums, leases
 * and waiting (R4, R5, R7, R12, R13, R27), worked out in a second, plainer way.
 */
import type { ReplicaMessage, TargetMessage } from '../../replication/messages.ts';
import type { SimLink } from './sim-network.ts';
import type { SimProcess } from './sim-process.ts';
import { hold } from './sim-truth.ts';
import type { SimPlan } from './sim-plan.ts';

interface Seen {
  readonly replicaId: string;
  /** Epoch under which each happened on this link; 0: not. */
  reported: number;
  clean: boolean;
  /** Attached as complete, or become complete. */
  counts: number;
  received: number;
  durable: number;
}

/** RF → how many acknowledge, promise; how many leases and clean reports are needed (docs/replication.md, "Words"). */
const table = [
  { ack: 0, lease: 0, clean: 0 },
  { ack: 1, lease: 1, clean: 1 },
  { ack: 2, lease: 1, clean: 1 },
  { ack: 2, lease: 2, clean: 2 },
  { ack: 3, lease: 2, clean: 2 },
  { ack: 3, lease: 3, clean: 3 },
] as const;

export class Witness {
  readonly #plan: SimPlan;
  readonly #process: SimProcess;
  readonly #links = new Map<SimLink, Seen>();
  readonly #leases = new Map<string, number>();
  readonly #need: { readonly ack: number; readonly lease: number; readonly clean: number };
  #epoch = 0;
  #adopt = 0;
  #enoughSinceMs: number | undefined;
  settled = 0;
  flushed = 0;

  constructor(plan: SimPlan, process: SimProcess) {
    this.#plan = plan;
    this.#process = process;
    this.#need = table[plan.replicas] ?? table[0];
  }

  connected(link: SimLink): void {
    const { id: replicaId } = link.replica;
    const nothing = { reported: 0, clean: false, counts: 0, received: 0, durable: 0 };
    this.#links.set(link, { replicaId, ...nothing });
  }

  lost(link: SimLink): void {
    this.#links.delete(link);
  }

  /** This target sends. */
  sent(link: SimLink, message: TargetMessage): void {
    const seen = this.#links.get(link);
    if (message.epoch > this.#epoch) {
      this.#epoch = message.epoch;
      this.#enoughSinceMs = undefined;
      [this.settled, this.flushed] = [0, 0];
    }
    if (!seen) return;
    if (message.type === 'attach') {
      this.#adopt = message.epochs.at(-1)?.first ?? 0;
      Object.assign(seen, { counts: message.epoch, received: message.from, durable: message.from });
      this.#count();
    }
  }

  received(link: SimLink, message: ReplicaMessage): void {
    const seen = this.#links.get(link);
    if (!seen || message.epoch !== this.#epoch) return;
    if (message.type === 'report') {
      [seen.reported, seen.clean] = [message.epoch, message.clean];
      const enough = this.#reports().length >= this.#need.ack;
      this.#enoughSinceMs ??= enough ? this.#process.nowMs : undefined;
    }
    if (message.type === 'complete') {
      seen.counts = message.epoch;
      seen.received = Math.max(seen.received, message.number);
      seen.durable = Math.max(seen.durable, message.number);
    }
    if (message.type === 'received') seen.received = Math.max(seen.received, message.number);
    if (message.type === 'durable') {
      seen.durable = Math.max(seen.durable, message.number);
      seen.received = Math.max(seen.received, message.number);
    }
    if (message.type === 'renewed') {
      const { leaseMs, driftBound } = this.#plan.timing;
      const untilMs = message.sentAtMs + leaseMs * (1 - driftBound);
      this.#leases.set(seen.replicaId, Math.max(untilMs, this.#leases.get(seen.replicaId) ?? 0));
    }
    this.#count();
  }

  /** The target shows what it has chosen. */
  chose(lossy: boolean): void {
    const reports = this.#reports();
    const { cleanWaitMs } = this.#plan.timing;
    hold(reports.length >= this.#need.ack, `R4: chosen from ${reports.length} reports`);
    const clean = reports.filter((report) => report.clean).length;
    hold(lossy || clean >= this.#need.clean, `R5: ${clean} clean reports, and no word of a loss`);
    const waitedMs = this.#process.nowMs - (this.#enoughSinceMs ?? Infinity);
    const all = reports.length === this.#plan.replicas;
    hold(!lossy || all || waitedMs >= cleanWaitMs, `R5: a loss is declared after ${waitedMs} ms`);
  }

  serving(): void {
    hold(this.flushed >= this.#adopt, `R7: serves before ${this.#adopt} is durable on a quorum`);
  }

  /** The target says that everything up to here is flushed. */
  claimsFlushed(number: number): void {
    hold(number <= this.flushed, `R13: ${number} is called durable, a quorum has ${this.flushed}`);
  }

  /** An answer is given for a write with this number. */
  claimsSettled(number: number): void {
    hold(number <= this.settled, `R12: ${number} is acknowledged, a quorum has ${this.settled}`);
  }

  /** An answer goes out. */
  answers(): void {
    const held = [...this.#leases.values()].filter((untilMs) => untilMs > this.#process.nowMs).length;
    hold(held >= this.#need.lease, `R27: an answer with ${held} leases of ${this.#need.lease}`);
  }

  #reports(): Seen[] {
    return [...this.#links.values()].filter(({ reported }) => reported === this.#epoch);
  }

  #count(): void {
    const inSync = [...this.#links.values()].filter(({ counts }) => counts === this.#epoch);
    const nth = (numbers: number[]) => numbers.toSorted((a, b) => b - a)[this.#need.ack - 1] ?? 0;
    this.settled = Math.max(this.settled, nth(inSync.map(({ received }) => received)));
    this.flushed = Math.max(this.flushed, nth(inSync.map(({ durable }) => durable)));
  }
}
