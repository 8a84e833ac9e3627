/**
 * How often the other end of a connection was refused, by reason: a peer that is only unlucky is seldom refused, one that
 * guesses, plays back what it has heard, or looks for volumes shows here.
 */
import type { HandshakeProblem } from './handshake.ts';

/**
 * garbage: bytes that are no frame, or no frame that belongs there. fence: a message, or a request to copy, under an epoch
 * that is not in force. crowd: one connection too many that had not proved who it is. tls: no TLS where it is wanted, or a
 * certificate that is not believed. Others: handshake.ts.
 */
export type Refusal = 'garbage' | 'fence' | 'crowd' | 'tls' | HandshakeProblem;

const none: Readonly<Record<Refusal, number>> = {
  garbage: 0,
  fence: 0,
  crowd: 0,
  tls: 0,
  proof: 0,
  stranger: 0,
  version: 0,
  refused: 0,
};

export class Refusals {
  readonly #counts: Record<Refusal, number> = { ...none };

  note(what: Refusal): void {
    this.#counts[what] += 1;
  }

  /** Since this process was started. */
  counts(): Readonly<Record<Refusal, number>> {
    return { ...this.#counts };
  }
}
