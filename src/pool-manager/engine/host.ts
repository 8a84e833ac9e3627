import type { Clock } from '../../shared/clock.ts';

/** What the engine may not take from the world by itself. */
export interface EngineHost {
  /** Unpredictable bytes, for GUIDs. */
  randomBytes(length: number): Uint8Array;
  /** Lets the event loop turn: long work in memory calls it between slices of a few milliseconds. */
  pause(): Promise<void>;
  readonly clock: Clock;
}

/** A new GUID of a pool, device or volume: 16 hexadecimal digits. */
export const newGuid = (host: EngineHost): string => Buffer.from(host.randomBytes(8)).toString('hex');
