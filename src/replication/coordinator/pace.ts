/**
 * How fast rebuilds may copy, by what the writes of users feel (R16: not at all bounded while fewer than CF are in sync).
 *
 * One write after the other is timed from its number to its quorum. An interval in which the slow ones of these took
 * clearly longer than without a rebuild lowers the rate by a part of itself, any other raises it: copying takes what is
 * left over, gives way within a second, and never stops. Where they are as slow beside the least of copying, that is not
 * what slows them (a replica that was away takes part again): what they take there becomes what is compared with.
 */
import type { Timing } from '../timing.ts';

type PaceTiming = Pick<Timing, 'paceMs' | 'paceBytesFirst' | 'paceBytesMin' | 'paceBytesMax'>;

/** Of an interval's samples, the slow ones that are looked at. */
const slowPart = 0.9;
/** How much longer they may take than without a rebuild, and at least: below this nobody feels anything. */
const slowerFactor = 1.6;
const slowerMsMin = 0.4;
const lowerBy = 0.7;
const raiseBy = 1.15;
/** While they take hardly longer than that there is much room. */
const easyFactor = 1.3;
const easyRaiseBy = 1.4;
/** Nobody writes: nobody is in the way. The first who does is made way for at once. */
const idleRaiseBy = 2;
const idleFirst = 128;
/** Of what is known, how much an interval without a rebuild changes, or one beside the least of copying. */
const calmPart = 0.2;
/** A calm that was never seen is guessed from the best interval, and guessed anew as time goes by. */
const guessRises = 1.02;
const samplesMax = 512;

export class Pace {
  readonly #timing: PaceTiming;
  /** The write that is timed. */
  #marked: { readonly number: number; readonly atMs: number } | undefined;
  #markedUpTo = 0;
  #samples: number[] = [];
  #intervalAtMs = -Infinity;
  /** What the slow ones take when nothing is rebuilt. */
  #calmMs: number | undefined;
  #isGuess = true;
  #isIdle = false;
  #bytesPerSecond: number;

  constructor(timing: PaceTiming) {
    this.#timing = timing;
    this.#bytesPerSecond = timing.paceBytesFirst;
  }

  /** Of all rebuilds together. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Entries up to `last` have their numbers now. */
  issued(last: number, nowMs: number): void {
    if (this.#marked || last <= this.#markedUpTo) return;
    this.#marked = { number: last, atMs: nowMs };
    this.#markedUpTo = last;
  }

  /** Entries up to `settled` were received by a quorum. */
  settled(settled: number, nowMs: number): void {
    const marked = this.#marked;
    if (!marked || settled < marked.number) return;
    this.#marked = undefined;
    if (this.#samples.length < samplesMax) this.#samples.push(nowMs - marked.atMs);
  }

  /** `exposed`: with one fault more the volume stops, so nothing is spared. Answers whether the rate may have changed. */
  tick(rebuilding: boolean, exposed: boolean, nowMs: number): boolean {
    if (nowMs - this.#intervalAtMs < this.#timing.paceMs) return false;
    this.#intervalAtMs = nowMs;
    const slowMs = this.#felt(nowMs);
    this.#samples = [];
    if (!rebuilding) {
      if (slowMs !== undefined) this.#learn(slowMs);
      this.#bytesPerSecond = this.#timing.paceBytesFirst * (slowMs === undefined ? idleFirst : 1);
    } else if (exposed || slowMs === undefined) this.#raise(idleRaiseBy);
    else this.#adapt(slowMs);
    this.#isIdle = slowMs === undefined;
    return true;
  }

  /** Undefined: nobody writes. While a write waits for longer than an interval nothing is heard of others: it is slow. */
  #felt(nowMs: number): number | undefined {
    const waitedMs = nowMs - (this.#marked?.atMs ?? nowMs);
    return waitedMs >= this.#timing.paceMs ? waitedMs : slowOf(this.#samples);
  }

  #adapt(slowMs: number): void {
    const { paceBytesFirst, paceBytesMin, paceMs } = this.#timing;
    if (this.#isIdle) this.#bytesPerSecond = Math.min(this.#bytesPerSecond, paceBytesFirst);
    // Code that was never run before takes many times as long, for a second or so: below the least writes are not heard.
    if (this.#bytesPerSecond < paceBytesMin) return this.#raise(easyRaiseBy);
    const isSlow = this.#isSlow(slowMs);
    const calmMs = this.#calmMs ?? slowMs;
    if (!isSlow) return this.#raise(slowMs <= calmMs * easyFactor ? easyRaiseBy : raiseBy);
    const isAtLeast = this.#bytesPerSecond <= paceBytesMin && slowMs < paceMs;
    if (isAtLeast) this.#calmMs = calmMs + (slowMs - calmMs) * calmPart;
    this.#lower();
  }

  #learn(slowMs: number): void {
    this.#calmMs =
      this.#calmMs === undefined || this.#isGuess
        ? slowMs
        : this.#calmMs + (slowMs - this.#calmMs) * calmPart;
    this.#isGuess = false;
  }

  #isSlow(slowMs: number): boolean {
    if (this.#isGuess) this.#calmMs = Math.min(slowMs, (this.#calmMs ?? Infinity) * guessRises);
    const calmMs = this.#calmMs ?? slowMs;
    return slowMs > Math.max(calmMs * slowerFactor, calmMs + slowerMsMin);
  }

  #lower(): void {
    this.#bytesPerSecond = Math.max(this.#bytesPerSecond * lowerBy, this.#timing.paceBytesMin);
  }

  #raise(by: number): void {
    this.#bytesPerSecond = Math.min(this.#bytesPerSecond * by, this.#timing.paceBytesMax);
  }
}

function slowOf(samples: readonly number[]): number | undefined {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length * slowPart)];
}
