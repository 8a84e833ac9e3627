/** How fast a rebuild goes, and how long it will still take, from what its replica says of it about once a second. */
import type { ReplicaMessage } from '../messages.ts';
import type { RebuildStatus } from '../status.ts';

/** What of the rate seen last counts, after so long: a rebuild keeps to a pace that follows the users' load. */
const smoothMs = 5_000;

type Told = Pick<
  Extract<ReplicaMessage, { readonly type: 'progress' }>,
  'percent' | 'copiedBytes' | 'remainingBytes'
>;

export class Progress {
  readonly #startedAtMs: number;
  /** Of the last word. */
  #atMs: number;
  #copiedBytes = 0;
  #bytesPerMs: number | undefined;

  constructor(nowMs: number) {
    this.#startedAtMs = nowMs;
    this.#atMs = nowMs;
  }

  take({ percent, copiedBytes, remainingBytes }: Told, nowMs: number): RebuildStatus {
    this.#measure(copiedBytes, nowMs);
    const bytesPerMs = this.#bytesPerMs ?? 0;
    const isKnown = remainingBytes === 0 || (remainingBytes !== undefined && bytesPerMs > 0);
    const etaMs = isKnown ? remainingBytes / (bytesPerMs || 1) : this.#byPercent(percent, nowMs);
    return {
      percent,
      bytesPerSecond: Math.round(bytesPerMs * 1_000),
      etaSeconds: Math.round(etaMs / 1_000),
    };
  }

  /** Several words of one moment are one. */
  #measure(copiedBytes: number, nowMs: number): void {
    const passedMs = nowMs - this.#atMs;
    if (passedMs < 1) return;
    const seen = Math.max(copiedBytes - this.#copiedBytes, 0) / passedMs;
    const weight = this.#bytesPerMs === undefined ? 1 : 1 - Math.exp(-passedMs / smoothMs);
    this.#bytesPerMs = (this.#bytesPerMs ?? 0) + weight * (seen - (this.#bytesPerMs ?? 0));
    this.#atMs = nowMs;
    this.#copiedBytes = copiedBytes;
  }

  /** A source of an earlier release does not count: as if all parts of the volume took equally long. */
  #byPercent(percent: number, nowMs: number): number {
    return percent > 0 ? ((nowMs - this.#startedAtMs) * (100 - percent)) / percent : 0;
  }
}
