/** The engine's host in a real process. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../../shared/edge/system-clock.ts';
import type { EngineHost } from '../engine/host.ts';

export const engineHost: EngineHost = {
  randomBytes: (length) => randomBytes(length),
  pause: async () => {
    await setImmediate();
  },
  clock: systemClock,
};
