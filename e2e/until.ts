/** Waiting for a state of the world, with a deadline that says what was last seen. */
import { setTimeout as delay } from 'node:timers/promises';

/** A promise of the system that did not come true in time. */
export class NotInTime extends Error {
  override readonly name = 'NotInTime';
}

/**
 * Asks `probe` until it answers something other than a string; a string says what is still missing. Errors of the probe
 * count as missing too, since what is waited for is often absent at first. Throws NotInTime with the last reason.
 */
export async function until<T extends object>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | string>,
  everyMs = 500,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    let missing: string;
    try {
      const answer = await probe();
      if (typeof answer !== 'string') return answer;
      missing = answer;
    } catch (error) {
      missing = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadlineMs)
      throw new NotInTime(`${what}: not within ${Math.round(timeoutMs / 1000)} s; last seen: ${missing}`);
    await delay(everyMs);
  }
}
