/** The CSI Node service: reads requests, checks them, and calls the steps under the volume's lock. */
import type { NodeHandlers } from '../../api/proto/csi/v1/Node.ts';
import type { NodeStageVolumeRequestRead } from '../../api/proto/csi/v1/NodeStageVolumeRequest.ts';
import type { VolumeCapabilityRead } from '../../api/proto/csi/v1/VolumeCapability.ts';
import { initiatorIqn, labels } from '../../api/names.ts';
import { unary } from '../../shared/grpc/handlers.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Log } from '../../shared/log.ts';
import { capabilityProblem, fsTypeDefault, required } from '../capabilities.ts';
import { topologyNodeName } from '../topology.ts';
import type { VolumeLocks } from '../volume-locks.ts';
import { isVolumeName, type Attacher, type AttachRequest, type ChapSecret } from './attacher.ts';
import type { Mounter } from './mounter.ts';
import { isFileSystem } from './plan.ts';
import { Publishing } from './publishing.ts';
import { Staging } from './staging.ts';
import { volumeStats } from './stats.ts';

export interface NodeServiceOptions {
  readonly nodeName: string;
  /** Label kubernetes.io/hostname of the Node. Rejects while the API server is away: the kubelet asks again. */
  readonly hostname: () => Promise<string>;
  readonly attacher: Attacher;
  readonly mounter: Mounter;
  readonly locks: VolumeLocks;
  readonly log: Log;
}

const rpcs = [
  'STAGE_UNSTAGE_VOLUME',
  'GET_VOLUME_STATS',
  'VOLUME_CONDITION',
  'SINGLE_NODE_MULTI_WRITER',
] as const;

type Served =
  | 'NodeStageVolume'
  | 'NodeUnstageVolume'
  | 'NodePublishVolume'
  | 'NodeUnpublishVolume'
  | 'NodeGetVolumeStats'
  | 'NodeGetCapabilities'
  | 'NodeGetInfo';

export function nodeService(options: NodeServiceOptions): Pick<NodeHandlers, Served> {
  const { attacher, mounter, locks, log, nodeName, hostname } = options;
  const staging = new Staging(attacher, mounter, log);
  const publishing = new Publishing(attacher, mounter);
  return {
    NodeStageVolume: unary(log, async (request) => {
      const volume = volumeOf(request.volumeId);
      const stagingPath = pathOf(request.stagingTargetPath, 'staging_target_path');
      const capability = capabilityOf(request.volumeCapability);
      const mountFlags = capability.mount?.mountFlags ?? [];
      await locks.with(volume, 'NodeStageVolume', () =>
        staging.stage({
          attach: attachRequest(volume, request, nodeName, mountFlags.includes('ro')),
          stagingPath,
          fileSystem: fileSystemOf(capability),
          mountFlags,
        }),
      );
      return {};
    }),
    NodeUnstageVolume: unary(log, async (request) => {
      const volume = volumeOf(request.volumeId);
      const stagingPath = pathOf(request.stagingTargetPath, 'staging_target_path');
      await locks.with(volume, 'NodeUnstageVolume', () => staging.unstage(volume, stagingPath));
      return {};
    }),
    NodePublishVolume: unary(log, async (request) => {
      const volume = volumeOf(request.volumeId);
      const capability = capabilityOf(request.volumeCapability);
      const publish = {
        volume,
        stagingPath: pathOf(request.stagingTargetPath, 'staging_target_path'),
        targetPath: pathOf(request.targetPath, 'target_path'),
        readOnly: request.readonly,
        isDevice: capability.accessType === 'block',
        alone: capability.accessMode?.mode === 'SINGLE_NODE_SINGLE_WRITER',
      };
      await locks.with(volume, 'NodePublishVolume', () => publishing.publish(publish));
      return {};
    }),
    NodeUnpublishVolume: unary(log, async (request) => {
      const volume = volumeOf(request.volumeId);
      const targetPath = pathOf(request.targetPath, 'target_path');
      await locks.with(volume, 'NodeUnpublishVolume', () => publishing.unpublish(targetPath));
      return {};
    }),
    NodeGetVolumeStats: unary(log, async ({ volumeId, volumePath }) => {
      const volume = volumeOf(volumeId);
      if (!required(volumePath, 'volume_path').startsWith('/'))
        throw new StatusError('NOT_FOUND', `volume ${volume} is not at ${volumePath}`);
      return volumeStats(volume, pathOf(volumePath, 'volume_path'), attacher, mounter);
    }),
    NodeGetCapabilities: unary(log, () =>
      Promise.resolve({ capabilities: rpcs.map((type) => ({ rpc: { type } })) }),
    ),
    NodeGetInfo: unary(log, async () => ({
      nodeId: nodeName,
      maxVolumesPerNode: attacher.volumesMax,
      accessibleTopology: {
        segments: { [topologyNodeName]: nodeName, [labels.hostname]: await hostname() },
      },
    })),
  };
}

function volumeOf(id: string): string {
  const volume = required(id, 'volume_id');
  if (!isVolumeName(volume)) throw new StatusError('NOT_FOUND', `volume_id ${volume} is none of ours`);
  return volume;
}

/** Paths come from the kubelet; one that is not absolute and plain is an attack or a mistake. */
function pathOf(path: string, field: string): string {
  if (!required(path, field).startsWith('/') || path.split('/').includes('..'))
    throw new StatusError('INVALID_ARGUMENT', `${field} ${path} is not an absolute path without ..`);
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

function capabilityOf(capability: VolumeCapabilityRead | null): VolumeCapabilityRead {
  const given = required(capability, 'volume_capability');
  const problem = capabilityProblem(given);
  if (problem !== undefined) throw new StatusError('INVALID_ARGUMENT', `volume_capability.${problem}`);
  return given;
}

function fileSystemOf({ mount }: VolumeCapabilityRead) {
  if (!mount) return undefined;
  const fsType = mount.fsType === '' ? fsTypeDefault : mount.fsType;
  if (!isFileSystem(fsType))
    throw new StatusError('INVALID_ARGUMENT', `volume_capability.mount.fs_type ${fsType} is not offered`);
  return fsType;
}

function attachRequest(
  volume: string,
  { publishContext, secrets }: NodeStageVolumeRequestRead,
  nodeName: string,
  readOnly: boolean,
): AttachRequest {
  const value = (key: string) => required(publishContext[key], `publish_context.${key}`);
  return {
    volume,
    portal: value('portal'),
    iqn: value('iqn'),
    lun: Number(value('lun')),
    initiator: initiatorIqn(nodeName),
    readOnly,
    chap: chapOf(secrets),
  };
}

/** Keys of the node-stage secret, named as those of Kubernetes' own iSCSI volumes. */
function chapOf(secrets: Readonly<Record<string, string>>): ChapSecret | undefined {
  const user = secrets['node.session.auth.username'];
  const secret = secrets['node.session.auth.password'];
  if (user === undefined && secret === undefined) return undefined;
  const mutualUser = secrets['node.session.auth.username_in'];
  const mutualSecret = secrets['node.session.auth.password_in'];
  return {
    user: required(user, 'secrets["node.session.auth.username"]'),
    secret: required(secret, 'secrets["node.session.auth.password"]'),
    mutual:
      mutualUser !== undefined && mutualSecret !== undefined
        ? { user: mutualUser, secret: mutualSecret }
        : undefined,
  };
}
