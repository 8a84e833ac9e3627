import type { Clock } from '../clock.ts';

/** The machine's monotonic clock and Node's timers. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
