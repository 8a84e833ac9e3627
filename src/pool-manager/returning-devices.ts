/**
 * Devices of an open pool are looked at now and then: whether they have grown; and those that are away, or were retired, are looked for: one that can be opened again (a disk that was
 * plugged in again, a cable) is taken in, and gets what it missed. One that the pool itself still holds open, since it
 * failed and did not go away, can not be opened: an administrator replaces it, or starts the daemon again.
 */
import type { Clock } from '../shared/clock.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import type { Log } from '../shared/log.ts';
import type { ManagedPool } from './engine/pool.ts';
import { PoolRefusal } from './engine/refusal.ts';
import { poolLimits } from './options.ts';
import type { PoolDaemon } from './pool-daemon.ts';
import type { PoolMedia } from './pool-media.ts';

/** Answers the function that ends it. */
export function watchDevices(daemon: PoolDaemon, clock: Clock, log: Log): () => void {
  let cancel: () => void = () => undefined;
  let isStopped = false;
  const refusals = new Map<string, string>();
  const look = async () => {
    await measure(daemon);
    if (!isAnyAway(daemon)) return;
    await daemon.change((pool, media) => attachReturned({ pool, media, log, refusals }));
  };
  const schedule = () => {
    if (isStopped) return;
    cancel = clock.after(poolLimits.devicesAgainMs, () => {
      look()
        .catch((error: unknown) => {
          if (!(error instanceof StatusError)) throw error; // else the pool is being closed, or has failed and says so
        })
        .finally(schedule);
    });
  };
  schedule();
  return () => {
    isStopped = true;
    cancel();
  };
}

/** Devices that have grown are told of in the status; whoever wants the space asks for it (GrowDevices). */
async function measure({ state, feed }: PoolDaemon): Promise<void> {
  if (state.mode !== 'open') return;
  const before = state.pool.status().growableBytes;
  await state.pool.measureDevices();
  if (state.pool.status().growableBytes !== before) feed.changed();
}

export interface Search {
  readonly pool: ManagedPool;
  readonly media: PoolMedia;
  readonly log: Log;
  /** Why a device that is back was refused, by name: it is told once. */
  readonly refusals: Map<string, string>;
}

/** Takes in every device of the pool that is out of use and can be opened. */
export async function attachReturned({ pool, media, log, refusals }: Search): Promise<void> {
  for (const { name, state, reason } of pool.status().devices) {
    if (state !== 'absent' && state !== 'failed') continue;
    const device = await openedOrAway(media, name);
    if (device === undefined) continue;
    try {
      await pool.attachDevice(device);
      refusals.delete(name);
      log.info('a device is back, and gets what it missed', { device: name, was: reason });
    } catch (error) {
      await device.close();
      if (!(error instanceof PoolRefusal)) throw error;
      if (refusals.get(name) !== error.message)
        log.warn('a device that is back was refused', {
          device: name,
          reason: error.reason,
          why: error.message,
        });
      refusals.set(name, error.message);
    }
  }
}

async function openedOrAway(media: PoolMedia, name: string) {
  try {
    return await media.openDevice(name);
  } catch (error) {
    if (error instanceof PoolRefusal) return undefined;
    throw error;
  }
}

const isAnyAway = ({ state }: PoolDaemon): boolean =>
  state.mode === 'open' &&
  state.pool.status().devices.some((device) => device.state === 'absent' || device.state === 'failed');
