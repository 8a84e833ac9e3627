/** Tells those who watch a status that it may have changed, and paces what they send. */
import type { Clock } from '../clock.ts';

export class ChangeFeed {
  readonly #listeners = new Set<() => void>();

  /** Something may have changed; cheap, and many calls are one. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Answers how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export interface StatusStream<T> {
  readonly read: () => T;
  /** What makes two statuses different enough to be sent; counters stay out of it. */
  readonly keyOf: (status: T) => string;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  /** Between two messages at least this long. */
  readonly pauseMs: number;
  /** Looked at this often even if nobody said that it changed. */
  readonly lookMs: number;
}

/** Sends the status at once and after each change, until `signal` aborts or `send` rejects. */
export async function streamStatus<T>(
  { read, keyOf, feed, clock, pauseMs, lookMs }: StatusStream<T>,
  send: (status: T) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let sent: string | undefined;
  while (!signal.aborted) {
    const status = read();
    const key = keyOf(status);
    if (key === sent) {
      await wait(clock, lookMs, signal, feed);
      continue;
    }
    await send(status);
    sent = key;
    await wait(clock, pauseMs, signal);
  }
}

/** Resolves after `delayMs`, on abort, or when `feed` says so. */
function wait(clock: Clock, delayMs: number, signal: AbortSignal, feed?: ChangeFeed): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      cancel();
      unsubscribe?.();
      signal.removeEventListener('abort', settle);
      resolve();
    };
    const cancel = clock.after(delayMs, settle);
    const unsubscribe = feed?.onChange(settle);
    signal.addEventListener('abort', settle);
    if (signal.aborted) settle();
  });
}
