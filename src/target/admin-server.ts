/** proto/target.proto over the replicated volume and the iSCSI server. */
import type { TargetHandlers } from '../api/proto/caskade/target/v1/Target.ts';
import { blockBytes } from '../shared/block-size.ts';
import type { Clock } from '../shared/clock.ts';
import { streamStatus, type ChangeFeed } from '../shared/edge/change-feed.ts';
import { serverStream, unary } from '../shared/grpc/handlers.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import type { Log } from '../shared/log.ts';
import { targetLimits } from './options.ts';
import type { ReplicatedVolume } from './replicated-volume.ts';
import { snapshotOf, statusKey, type OwnStatus } from './target-status.ts';
import { SnapshotError } from './volume-snapshots.ts';
import { VolumeError } from './volume.ts';

export interface AdminOptions {
  readonly volume: ReplicatedVolume;
  readonly status: () => OwnStatus;
  readonly feed: ChangeFeed;
  /** Ends the sessions of initiators that are not among `iqns`. */
  readonly endOtherSessions: (iqns: readonly string[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** An IQN list is part of each replica's record: it stays small. */
const initiatorsMax = 64;

export function targetHandlers(options: AdminOptions): TargetHandlers {
  const { volume, status, feed, clock, log } = options;
  return {
    GetStatus: unary(log, () => Promise.resolve(status())),
    WatchStatus: serverStream(log, (_request, out) =>
      streamStatus(
        {
          read: status,
          keyOf: statusKey,
          feed,
          clock,
          pauseMs: targetLimits.statusPauseMs,
          lookMs: targetLimits.statusLookMs,
        },
        (message) => out.write(message),
        out.signal,
      ),
    ),
    SetInitiators: unary(log, async ({ iqns }) => {
      if (iqns.length > initiatorsMax || iqns.some((iqn) => !/^[!-~]{1,223}$/.test(iqn)))
        throw new StatusError(
          'INVALID_ARGUMENT',
          `iqns: give at most ${initiatorsMax} names of 1 to 223 printable characters`,
        );
      await quorum(volume.setInitiators(iqns));
      options.endOtherSessions(iqns);
      feed.changed();
      return {};
    }),
    Scrub: unary(log, () => {
      const { phase } = volume.status();
      if (phase !== 'Healthy' && phase !== 'Degraded')
        return Promise.reject(
          new StatusError('UNAVAILABLE', `the volume is ${phase}: try again when it serves`),
        );
      volume.scrub();
      feed.changed();
      return Promise.resolve({});
    }),
    CreateSnapshot: unary(log, async ({ name, createdMs }) => {
      const { snapshot, existed } = await snapshotCall(volume.snapshots.take(name, createdMs));
      return { snapshot: snapshotOf(snapshot), existed };
    }),
    DeleteSnapshot: unary(log, async ({ name }) => {
      await snapshotCall(volume.snapshots.delete(name));
      return {};
    }),
    ListSnapshots: unary(log, () =>
      volume.sizeBytes === 0
        ? Promise.reject(new StatusError('UNAVAILABLE', 'the volume is not serving yet: try again'))
        : Promise.resolve({ snapshots: volume.snapshots.list().map(snapshotOf) }),
    ),
    RevertToSnapshot: unary(log, async ({ name, removeNewer }) => {
      const { sessions = [] } = status();
      // What an initiator has in its memory would be written over the content that came back.
      if (sessions.length > 0)
        throw new StatusError('FAILED_PRECONDITION', `${sessions.join(', ')}: log out first`);
      await snapshotCall(volume.snapshots.revert(name, removeNewer));
      return {};
    }),
    Resize: unary(log, async ({ sizeBytes }) => {
      if (volume.sizeBytes === 0)
        throw new StatusError('UNAVAILABLE', 'the volume is not serving yet: try again');
      if (sizeBytes < volume.sizeBytes || sizeBytes % blockBytes !== 0)
        throw new StatusError(
          'INVALID_ARGUMENT',
          `size_bytes is ${sizeBytes}: give a multiple of ${blockBytes} not below the present ${volume.sizeBytes}`,
        );
      if (sizeBytes > volume.sizeBytes) await quorum(volume.resize(sizeBytes));
      return {};
    }),
  };
}

const snapshotCodes = {
  busy: 'UNAVAILABLE',
  noSpace: 'RESOURCE_EXHAUSTED',
  unreadable: 'UNAVAILABLE',
  notFound: 'NOT_FOUND',
  tooMany: 'RESOURCE_EXHAUSTED',
  newer: 'FAILED_PRECONDITION',
  badName: 'INVALID_ARGUMENT',
  unsupported: 'FAILED_PRECONDITION',
} as const;

async function snapshotCall<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    if (error instanceof SnapshotError)
      throw new StatusError(snapshotCodes[error.problem], error.message, { cause: error });
    throw error;
  }
}

/** What the volume can not do just now is UNAVAILABLE to a caller of the admin interface. */
async function quorum<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof VolumeError)
      throw new StatusError(
        error.problem === 'noSpace' ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE',
        error.message,
        { cause: error },
      );
    throw error;
  }
}
