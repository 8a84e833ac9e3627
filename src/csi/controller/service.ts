/** The CSI Controller service: reads requests and calls the steps under the volume's lock. */
import type { ControllerHandlers } from '../../api/proto/csi/v1/Controller.ts';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { unary } from '../../shared/grpc/handlers.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Log } from '../../shared/log.ts';
import { capabilitiesProblem, required } from '../capabilities.ts';
import type { VolumeLocks } from '../volume-locks.ts';
import { conditionOf, describe, nodeOf, type Volumes } from './volumes.ts';
import type { VolumeState } from './volume-store.ts';
import { volumeNameOf } from './volume-wish.ts';
import { must } from '../../shared/assert.ts';

const rpcs = [
  'CREATE_DELETE_VOLUME',
  'PUBLISH_UNPUBLISH_VOLUME',
  'LIST_VOLUMES',
  'LIST_VOLUMES_PUBLISHED_NODES',
  'GET_VOLUME',
  'VOLUME_CONDITION',
  'SINGLE_NODE_MULTI_WRITER',
] as const;

type Served =
  | 'CreateVolume'
  | 'DeleteVolume'
  | 'ControllerPublishVolume'
  | 'ControllerUnpublishVolume'
  | 'ValidateVolumeCapabilities'
  | 'ListVolumes'
  | 'ControllerGetVolume'
  | 'ControllerGetCapabilities';

export interface ControllerServiceOptions {
  readonly volumes: Volumes;
  readonly locks: VolumeLocks;
  readonly log: Log;
  /** Longest wait for the operator in one call; callers repeat. */
  readonly waitMsMax?: number;
}

export function controllerService(options: ControllerServiceOptions): Pick<ControllerHandlers, Served> {
  const { volumes, locks, log, waitMsMax = 20_000 } = options;
  const waitMs = (call: ServerUnaryCall<never, never>) => waitOf(call, waitMsMax);
  return {
    CreateVolume: unary(log, (request, call) =>
      locks.with(volumeNameOf(required(request.name, 'name')), 'CreateVolume', async () => ({
        volume: await volumes.create(request, waitMs(call as ServerUnaryCall<never, never>)),
      })),
    ),
    DeleteVolume: unary(log, async ({ volumeId }) => {
      const volume = required(volumeId, 'volume_id');
      await locks.with(volume, 'DeleteVolume', () => volumes.remove(volume, 5_000));
      return {};
    }),
    ControllerPublishVolume: unary(log, async (request, call) => {
      const volume = required(request.volumeId, 'volume_id');
      const node = required(request.nodeId, 'node_id');
      const capability = required(request.volumeCapability, 'volume_capability');
      const problem = capabilitiesProblem([capability], 'volume_capability');
      if (problem !== undefined) throw new StatusError('INVALID_ARGUMENT', problem);
      if (request.readonly)
        throw new StatusError(
          'INVALID_ARGUMENT',
          'readonly is not offered here: set it where the volume is mounted',
        );
      await volumes.get(volume);
      await volumes.requireNode(node);
      const publishContext = await locks.with(volume, 'ControllerPublishVolume', () =>
        volumes.publish(volume, node, waitMs(call as ServerUnaryCall<never, never>)),
      );
      return { publishContext };
    }),
    ControllerUnpublishVolume: unary(log, async ({ volumeId, nodeId }, call) => {
      const volume = required(volumeId, 'volume_id');
      await locks.with(volume, 'ControllerUnpublishVolume', () =>
        volumes.unpublish(volume, nodeId, waitMs(call as ServerUnaryCall<never, never>)),
      );
      return {};
    }),
    ValidateVolumeCapabilities: unary(log, async (request) => {
      const volume = required(request.volumeId, 'volume_id');
      if (request.volumeCapabilities.length === 0)
        throw new StatusError('INVALID_ARGUMENT', 'volume_capabilities is missing: give at least one');
      await volumes.get(volume);
      const { volumeContext, volumeCapabilities, parameters } = request;
      const problem = capabilitiesProblem(volumeCapabilities, 'volume_capabilities');
      return problem === undefined
        ? { confirmed: { volumeContext, volumeCapabilities, parameters } }
        : { message: problem };
    }),
    ListVolumes: unary(log, ({ maxEntries, startingToken }) => {
      const { page, nextToken } = pageOf(volumes.list(), maxEntries, startingToken);
      return Promise.resolve({ entries: page.map(entryOf), nextToken });
    }),
    ControllerGetVolume: unary(log, async ({ volumeId }) => {
      const config = await volumes.get(required(volumeId, 'volume_id'));
      const seen = volumes.list().find((state) => state.config?.metadata.name === config.metadata.name);
      return entryOf({ config, volume: seen?.volume });
    }),
    ControllerGetCapabilities: unary(log, () =>
      Promise.resolve({ capabilities: rpcs.map((type) => ({ rpc: { type } })) }),
    ),
  };
}

/** Answers before the caller gives up, so that it hears why. */
function waitOf(call: ServerUnaryCall<never, never>, waitMsMax: number): number {
  const deadline = call.getDeadline();
  const leftMs = (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now() - 1_000;
  return Math.max(0, Math.min(waitMsMax, leftMs));
}

function entryOf(state: VolumeState) {
  const config = must(state.config, 'a listed volume has a CStorVolumeConfig');
  const node = nodeOf(config);
  return {
    volume: describe(config),
    status: { publishedNodeIds: node === '' ? [] : [node], volumeCondition: conditionOf(state) },
  };
}

/** A token is the name of the last volume of the page before. */
function pageOf(all: readonly VolumeState[], maxEntries: number, token: string) {
  if (maxEntries < 0) throw new StatusError('INVALID_ARGUMENT', `max_entries ${maxEntries} is negative`);
  const name = (state: VolumeState | undefined) => state?.config?.metadata.name ?? '';
  if (token !== '' && !token.startsWith('after:'))
    throw new StatusError('ABORTED', `starting_token ${token} is none of ours: begin without one`);
  const rest = token === '' ? all : all.filter((state) => name(state) > token.slice('after:'.length));
  const page = maxEntries === 0 ? rest : rest.slice(0, maxEntries);
  return { page, nextToken: page.length < rest.length ? `after:${name(page.at(-1))}` : '' };
}
