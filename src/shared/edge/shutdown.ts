/** How a process is asked to end: SIGTERM, SIGINT, or the death of the parent that had it in its care. */
import type { Log } from '../log.ts';
import { onParentGone } from './parent.ts';

/** An orphan has this long to leave things tidy: whoever watches the machine expects it gone after two seconds. */
const orphanMs = 1_000;

/**
 * Resolves with the reason once somebody asks this process to end. A tidy end that takes longer than `boundMs` is cut short
 * (exit status 1): a process that does not end is worse than one that ends untidily.
 */
export function stopRequested(log: Log, boundMs: number): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (reason: string, limitMs: number) => {
      if (asked) return;
      asked = true;
      log.info('stopping', { reason });
      setTimeout(() => {
        log.error('the orderly stop took too long: ending without it', { limitMs });
        process.exit(1);
      }, limitMs).unref();
      resolve(reason);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ask(signal, boundMs));
    onParentGone(() => ask('the parent has ended', Math.min(orphanMs, boundMs)));
  });
}
