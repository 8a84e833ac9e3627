/** Whom a replica has promised, and for how long it keeps its word to whom it granted a lease (R1, R10, R27, R29). */
import type { Fence } from '../record.ts';

export const sameFence = (a: Fence, b: Fence): boolean => a.epoch === b.epoch && a.nonce === b.nonce;

export type PromiseDecision =
  | { readonly answer: 'promise' }
  | { readonly answer: 'refuse' }
  | { readonly answer: 'wait'; readonly ms: number };

/** A bid that has to wait for somebody else asks again this soon: the hint may be another one by then. */
const hintWaitMs = 1_000;

export class Promises {
  readonly #leaseMs: number;
  /** A process that came after a crash has forgotten its grants: it waits as if one had just been made (R29). */
  readonly #quietUntilMs: number;
  #grant: { readonly fence: Fence; readonly untilMs: number } | undefined;
  /** Highest epoch that was told to wait; lower ones are renewed no more (R10). */
  #bid = 0;
  /** The target that is meant to serve, as far as anybody has said so lately (R10). Nothing but patience rests on it. */
  #current: { readonly instance: string; readonly untilMs: number } | undefined;

  constructor(options: { readonly leaseMs: number; readonly forgot: boolean; readonly nowMs: number }) {
    this.#leaseMs = options.leaseMs;
    this.#quietUntilMs = options.forgot ? options.nowMs + options.leaseMs : -Infinity;
  }

  /** Until then bids of other instances wait. */
  hint(instance: string, untilMs: number): void {
    this.#current = { instance, untilMs };
  }

  /** `instance`: of who asks; undefined: it does not say. */
  decide(asked: Fence, promised: Fence, nowMs: number, instance?: string): PromiseDecision {
    if (sameFence(asked, promised)) return { answer: 'promise' };
    if (asked.epoch <= promised.epoch) return { answer: 'refuse' };
    const hintedMs = this.#hintedUntilMs(instance);
    // Its bid takes nothing from the one that is in force, or this would be what a duel is.
    if (hintedMs > nowMs) return { answer: 'wait', ms: Math.ceil(Math.min(hintedMs - nowMs, hintWaitMs)) };
    const untilMs = Math.max(this.#quietUntilMs, this.#grantOfOther(asked));
    if (untilMs <= nowMs) return { answer: 'promise' };
    this.#bid = Math.max(this.#bid, asked.epoch);
    return { answer: 'wait', ms: Math.ceil(untilMs - nowMs) };
  }

  /** Grants another term, or answers the higher epoch that stands against it. */
  renew(
    fence: Fence,
    nowMs: number,
  ): { readonly granted: true } | { readonly granted: false; readonly bid: number } {
    if (this.#bid > fence.epoch) return { granted: false, bid: this.#bid };
    this.#grant = { fence, untilMs: nowMs + this.#leaseMs };
    return { granted: true };
  }

  release(fence: Fence): void {
    if (this.#grant?.fence.nonce === fence.nonce) this.#grant = undefined;
  }

  /**
   * The highest epoch that anybody may stand against: promised, or told to wait. A new target has to go above it, or its
   * first renewal is refused, and that of the next one, for as long as this process remembers a bidder that is gone (R10).
   */
  heard(promised: Fence): number {
    return Math.max(promised.epoch, this.#bid);
  }

  /** When the last grant has run out; −Infinity: none. */
  get grantedUntilMs(): number {
    return this.#grant?.untilMs ?? -Infinity;
  }

  #hintedUntilMs(instance: string | undefined): number {
    if (!this.#current || instance === undefined || instance === this.#current.instance) return -Infinity;
    return this.#current.untilMs;
  }

  /** One target process has one nonce: recovering again under a higher epoch it does not stand in its own way. */
  #grantOfOther(asked: Fence): number {
    return this.#grant && this.#grant.fence.nonce !== asked.nonce ? this.#grant.untilMs : -Infinity;
  }
}
