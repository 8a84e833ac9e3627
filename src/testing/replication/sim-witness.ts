/**
 * Beside each target, somebody who only counts the messages on its links: what this target may claim of quorums, leases
 * and waiting (R4, R5, R7, R12, R13, R27), worked out in a second, plainer way.
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import type { ReplicaMessage, TargetMessage } from '../../replication/messages.ts';
import type { SimLink } from './sim-network.ts';
import type { SimProcess } from './sim-process.ts';
import { hold } from './sim-truth.ts';
import type { SimPlan } from './sim-plan.ts';

interface Seen {
  readonly guid: string;
  /** Epoch under which each happened on this link; 0: not. */
  reported: number;
  clean: boolean;
  /** Attached as complete, or become complete. */
  counts: number;
  received: number;
  durable: number;
  /** When the newest grant was asked for, by the target's clock. */
  renewedMs: number;
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
  /** GUIDs of the members in each record in force. */
  #sets: readonly (readonly string[])[] = [];
  #joint: { readonly number: number; readonly after: MembershipRecord } | undefined;
  #epoch = 0;
  #adopt = 0;
  #enoughSinceMs = Infinity;
  #renewFromMs = -Infinity;
  readonly #issued = new Set<number>();
  settled = 0;
  flushed = 0;

  constructor(plan: SimPlan, process: SimProcess) {
    this.#plan = plan;
    this.#process = process;
  }

  connected(link: SimLink): void {
    const { guid } = link.replica.store.identity;
    const nothing = { reported: 0, clean: false, counts: 0, received: 0, durable: 0, renewedMs: 0 };
    this.#links.set(link, { guid, ...nothing });
  }

  lost(link: SimLink): void {
    this.#links.delete(link);
  }

  /** This target sends. */
  sent(link: SimLink, message: TargetMessage): void {
    const seen = this.#links.get(link);
    if (message.epoch > this.#epoch) {
      this.#epoch = message.epoch;
      this.#enoughSinceMs = Infinity;
      [this.settled, this.flushed] = [0, 0];
    }
    if (!seen) return;
    if (message.type === 'attach') {
      this.#adopt = message.epochs.at(-1)?.first ?? 0;
      Object.assign(seen, { counts: message.epoch, received: message.from, durable: message.from });
      this.#count();
    }
    if (
      message.type === 'entry' &&
      message.entry.kind === 'membership' &&
      !this.#issued.has(message.entry.number)
    ) {
      const { from, record, number } = message.entry;
      this.#issued.add(number);
      this.#use([from, record]);
      this.#joint = { number, after: record };
    }
  }

  received(link: SimLink, message: ReplicaMessage): void {
    const seen = this.#links.get(link);
    if (!seen || message.epoch !== this.#epoch) return;
    if (message.type === 'report') {
      [seen.reported, seen.clean] = [message.epoch, message.clean];
      // No set of members can do with fewer; which set counts is known when the target has chosen.
      this.#enoughSinceMs = Math.min(this.#enoughSinceMs, this.#process.nowMs);
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
      seen.renewedMs = message.sentAtMs;
      this.#leases.set(seen.guid, Math.max(untilMs, this.#leases.get(seen.guid) ?? 0));
    }
    this.#count();
  }

  /** The target shows what it has chosen; `records`: whose quorums that takes. */
  chose(lossy: boolean, records: readonly MembershipRecord[], adoptNumber: number): void {
    this.#use(records);
    const [, after] = records;
    this.#joint = after && { number: adoptNumber, after };
    const { cleanWaitMs } = this.#plan.timing;
    const reports = new Map(this.#reports().map((seen) => [seen.guid, seen.clean]));
    const enough = this.#meets('ack', (guid) => reports.has(guid));
    hold(enough, `R4: chosen from ${reports.size} reports`);
    const clean = this.#meets('clean', (guid) => reports.get(guid) === true);
    hold(lossy || clean, 'R5: too few clean reports, and no word of a loss');
    const waitedMs = this.#process.nowMs - this.#enoughSinceMs;
    const all = this.#sets.flat().every((guid) => reports.has(guid));
    hold(!lossy || all || waitedMs >= cleanWaitMs, `R5: a loss is declared after ${waitedMs} ms`);
  }

  serving(): void {
    hold(this.flushed >= this.#adopt, `R7: serves before ${this.#adopt} is durable on a quorum`);
  }

  /** The target says that everything up to here is flushed. */
  claimsFlushed(number: number): void {
    hold(number <= this.flushed, `R13: ${number} is called durable, a quorum has ${this.flushed}`);
  }

  /** The target says that this version of membership is committed (R34). */
  claimsCommitted(version: number): void {
    const joint = this.#joint?.after.version ?? Infinity;
    hold(version < joint, `R34: ${version} is called committed, a quorum of both has ${this.flushed}`);
  }

  /** An answer is given for a write with this number. */
  claimsSettled(number: number): void {
    hold(number <= this.settled, `R12: ${number} is acknowledged, a quorum has ${this.settled}`);
  }

  /** An answer goes out. */
  answers(): void {
    const holds = (guid: string) => (this.#leases.get(guid) ?? 0) > this.#process.nowMs;
    hold(this.#meets('lease', holds), 'R27: an answer with too few leases');
  }

  /** Grants that were asked for before now prove nothing. */
  awaitRenewals(): void {
    this.#renewFromMs = this.#process.nowMs;
  }

  /** Each in sync has granted since. */
  get isRenewed(): boolean {
    return this.#inSync().every(({ renewedMs }) => renewedMs >= this.#renewFromMs);
  }

  #use(records: readonly MembershipRecord[]): void {
    this.#sets = records.map(({ members }) => Object.values(members));
  }

  #meets(what: 'ack' | 'lease' | 'clean', holds: (guid: string) => boolean): boolean {
    return this.#sets.every((set) => set.filter(holds).length >= (table[set.length] ?? table[0])[what]);
  }

  #reports(): Seen[] {
    return [...this.#links.values()].filter(({ reported }) => reported === this.#epoch);
  }

  #inSync(): Seen[] {
    return [...this.#links.values()].filter(({ counts }) => counts === this.#epoch);
  }

  #count(): void {
    const inSync = this.#inSync();
    const reached = (position: (seen: Seen) => number) => {
      const of = new Map(inSync.map((seen) => [seen.guid, position(seen)]));
      const each = this.#sets.map((set) => {
        const numbers = set.flatMap((guid) => of.get(guid) ?? []).toSorted((a, b) => b - a);
        return numbers[(table[set.length] ?? table[0]).ack - 1] ?? 0;
      });
      return each.length === 0 ? 0 : Math.min(...each);
    };
    this.settled = Math.max(
      this.settled,
      reached(({ received }) => received),
    );
    this.flushed = Math.max(
      this.flushed,
      reached(({ durable }) => durable),
    );
    if (!this.#joint || this.flushed < this.#joint.number) return;
    this.#use([this.#joint.after]);
    this.#joint = undefined;
    this.#count();
  }
}
