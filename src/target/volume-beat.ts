/** When a volume's coordinator is told the time: often while something is under way, seldom while nothing is. */
import { untilBeatMs } from '../shared/beats.ts';
import type { Clock } from '../shared/clock.ts';

const tickMs = 50;
/** While nothing is going on: idle volumes cost as little as can be. Leases are renewed in time all the same. */
const calmTickMs = 250;
/**
 * When nobody has asked for anything for so long, leases are renewed at each tick, before the one before has run out. Where
 * one is late the first who asks has a tick at once.
 */
const restAfterMs = 5_000;
const restTickMs = 2_000;

interface Beating {
  readonly isCalm: boolean;
  /** While it stays as it is nobody asks for anything. */
  readonly asked: number;
}

export class VolumeBeat {
  readonly #clock: Clock;
  readonly #of: Beating;
  readonly #tick: (nowMs: number) => void;
  #cancel: () => void = () => undefined;
  #isResting = false;
  #isStopping = false;
  #asked = 0;
  #askedAtMs = 0;

  /** `tick` comes first when `start` is called. */
  constructor(clock: Clock, of: Beating, tick: (nowMs: number) => void) {
    this.#clock = clock;
    this.#of = of;
    this.#tick = tick;
  }

  start(): void {
    const nowMs = this.#clock.nowMs();
    this.#later(nowMs);
    this.#tick(nowMs);
  }

  /** Something has changed: who rests may have to wake. */
  changed(): void {
    if (this.#isResting && !this.#of.isCalm) this.#later(this.#clock.nowMs());
  }

  /** The volume is about to stop, and does not rest any more. */
  stopping(): void {
    this.#isStopping = true;
    this.#later(this.#clock.nowMs());
  }

  end(): void {
    this.#cancel();
  }

  #later(nowMs: number): void {
    const { asked, isCalm } = this.#of;
    if (asked !== this.#asked || !isCalm || this.#isStopping) this.#askedAtMs = nowMs;
    this.#asked = asked;
    this.#isResting = nowMs - this.#askedAtMs >= restAfterMs;
    const calmMs = this.#isResting ? restTickMs : calmTickMs;
    this.#cancel();
    this.#cancel = this.#clock.after(isCalm ? untilBeatMs(nowMs, calmMs) : tickMs, () => this.start());
  }
}
