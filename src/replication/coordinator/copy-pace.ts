/** How fast replicas that rebuild may copy: they share one rate, which gives way to the writes of users (R16). */
import type { TargetSays } from '../messages.ts';
import { ackQuorum } from '../quorum.ts';
import { isInSync, type Member } from './member.ts';
import type { Pace } from './pace.ts';
import type { Seats } from './seats.ts';

interface CopyPaceOptions {
  readonly seats: Seats;
  readonly pace: Pace;
  readonly say: (member: Member, message: TargetSays) => void;
}

export class CopyPace {
  readonly #o: CopyPaceOptions;

  constructor(options: CopyPaceOptions) {
    this.#o = options;
  }

  tick(nowMs: number): void {
    const rebuilding = this.#rebuilding();
    if (this.#o.pace.tick(rebuilding.length > 0, this.#isExposed(), nowMs)) this.set(rebuilding);
  }

  /** They, who rebuild, share the rate with all others who do; with nothing to spare nobody waits. */
  set(members: readonly Member[]): void {
    const { pace, say } = this.#o;
    const each = this.#isExposed() ? 0 : Math.round(pace.bytesPerSecond / this.#rebuilding().length);
    for (const member of members) {
      if (!member.keepsPace || member.pace === each) continue;
      member.pace = each;
      say(member, { type: 'pace', bytesPerSecond: each });
    }
  }

  #rebuilding(): readonly Member[] {
    return this.#o.seats.all.filter(({ state }) => state.phase === 'rebuilding');
  }

  #isExposed(): boolean {
    return !this.#o.seats.meets(ackQuorum, isInSync);
  }
}
