/** The target's right to answer: grants of its members, asked for again and again, each counted from when it was asked (R27). */
import { leaseQuorum } from '../quorum.ts';
import type { TargetSays } from '../messages.ts';
import type { Timing } from '../timing.ts';
import { reportOf, type Member } from './member.ts';
import type { Seats } from './seats.ts';

interface LeasesOptions {
  readonly seats: Seats;
  readonly timing: Timing;
  readonly say: (member: Member, message: TargetSays) => void;
}

export class Leases {
  readonly #o: LeasesOptions;
  #renewedAtMs = -Infinity;

  constructor(options: LeasesOptions) {
    this.#o = options;
  }

  /** R14, R28. */
  held(nowMs: number): boolean {
    return this.#o.seats.meets(leaseQuorum, ({ leaseUntilMs }) => leaseUntilMs > nowMs);
  }

  renew(nowMs: number): void {
    const { seats, timing, say } = this.#o;
    if (nowMs - this.#renewedAtMs < timing.renewMs) return;
    this.#renewedAtMs = nowMs;
    for (const member of seats.all) if (reportOf(member)) say(member, { type: 'renew', sentAtMs: nowMs });
  }

  renewed(member: Member, sentAtMs: number): void {
    const { leaseMs, driftBound } = this.#o.timing;
    member.leaseUntilMs = Math.max(member.leaseUntilMs, sentAtMs + leaseMs * (1 - driftBound));
  }
}
