/** The intent log of an open pool: where it is written, what it waits for, and where it goes when its devices are gone. */
import { must } from '../../../shared/assert.ts';
import { IntentLog } from '../log/intent-log.ts';
import { LogRing } from '../log/log-ring.ts';
import type { EngineVolume } from '../volume/volume.ts';
import type { PoolParts } from './pool-parts.ts';

/** What the log asks of the pool. */
export interface LoggedPool {
  readonly parts: PoolParts;
  readonly volumes: ReadonlyMap<number, EngineVolume>;
  /** The last durable root. */
  readonly durableTxg: number;
  wantCheckpoint(): void;
  fail(cause: Error): void;
}

export function openPoolLog(pool: LoggedPool): IntentLog {
  const { guid, devices, space, logArea, log: position } = pool.parts;
  const log: IntentLog = new IntentLog({
    ring: new LogRing(logArea, guid, position, logArea === devices.logs.devices),
    batchPlace: (batch) => space.batchPlace(batch),
    peek: (words, at) => space.peek(words, at),
    flushData: async () => {
      space.seal();
      await space.drained();
      await devices.flush();
    },
    capture: (slots) => capture(pool.volumes, slots),
    durableTxg: () => pool.durableTxg,
    elsewhere: () => {
      // log devices are gone: the ring on the data devices is there still
      if (!log.ring.isApart || devices.logs.devices?.isUsable !== false) return undefined;
      return new LogRing(devices.logs.ring, guid, log.position);
    },
    wantCheckpoint: () => pool.wantCheckpoint(),
    onFailure: (error) => pool.fail(error),
  });
  return log;
}

/** The log leaves its devices. */
export function moveToRing(log: IntentLog, { devices, guid }: PoolParts): void {
  log.moveTo(new LogRing(devices.logs.ring, guid, log.position));
}

/** The log goes to its devices. */
export function moveToLogDevices(log: IntentLog, { devices, guid }: PoolParts): void {
  log.moveTo(new LogRing(must(devices.logs.devices, 'log devices'), guid, log.position, true));
}

function capture(volumes: LoggedPool['volumes'], slots: ReadonlySet<number>): () => void {
  const noted = [...slots].map((slot) => {
    const volume = must(volumes.get(slot), 'a volume that notes is known');
    return { volume, position: volume.position() };
  });
  return () => {
    for (const { volume, position } of noted) volume.durableAt(position);
  };
}
