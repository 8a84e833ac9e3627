/** Waits for a state of the machine that comes soon or not at all. */
import { StatusError } from '../../shared/grpc/status-error.ts';

/** Looks until `look` answers something; DEADLINE_EXCEEDED naming `what` after `timeoutMs`. */
export async function until<T>(
  what: string,
  { timeoutMs, everyMs }: { readonly timeoutMs: number; readonly everyMs: number },
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += everyMs) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (waitedMs >= timeoutMs)
      throw new StatusError('DEADLINE_EXCEEDED', `not after ${timeoutMs} ms: ${what}`);
    await new Promise<void>((resolve) => setTimeout(resolve, everyMs));
  }
}
