/** What a CreateVolume request asks for, checked, and the CStorVolumeConfig that says it. Pure. */
import { createHash } from 'node:crypto';
import type { CreateVolumeRequestRead } from '../../api/proto/csi/v1/CreateVolumeRequest.ts';
import type { CapacityRangeRead } from '../../api/proto/csi/v1/CapacityRange.ts';
import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';
import { annotations, finalizers, labels } from '../../api/names.ts';
import { formatBinaryQuantity, parseQuantity } from '../../api/quantity.ts';
import { apiVersionOf, resources } from '../../api/resources.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import { capabilitiesProblem, required } from '../capabilities.ts';
import { topologyNodeName } from '../topology.ts';

export interface VolumeWish {
  readonly name: string;
  readonly sizeBytes: number;
  readonly poolCluster: string;
  readonly replicaCount: number;
  readonly policy: string | undefined;
  /** Node that the volume had best be near: of the first pod, where the class waits for it. */
  readonly preferredNode: string | undefined;
  readonly claim: { readonly name: string; readonly namespace: string } | undefined;
}

export const replicasMax = 5;

/**
 * The volume's name, which is its id too: what csi-provisioner gives (`pvc-<uid>`) as it is; a name that would be no
 * Kubernetes label value becomes its own hash, so that asking again names the same volume.
 */
export const volumeNameOf = (name: string): string =>
  name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)
    ? name
    : `vol-${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;

const GiB = 2 ** 30;
const sizeBytesMax = 2 ** 53 - GiB;

/** Added by csi-provisioner (`--extra-create-metadata`), or consumed by it. */
const provisionerPrefix = 'csi.storage.k8s.io/';
const known = ['cas-type', 'cstorPoolCluster', 'replicaCount', 'cstorVolumePolicy', 'fsType'];
/** What can only be meant for us is refused when we do not know it: a slip. Other keys are ignored, as cStor ignored them. */
const ours = /^(cas|cstor|replica|fs-?type$)/i;

const invalid = (message: string): StatusError => new StatusError('INVALID_ARGUMENT', message);

/** Throws INVALID_ARGUMENT or OUT_OF_RANGE; the message names the field, its value and the remedy. */
export function wishOf(request: CreateVolumeRequestRead): VolumeWish {
  const name = volumeNameOf(required(request.name, 'name'));
  const problem = capabilitiesProblem(request.volumeCapabilities, 'volume_capabilities');
  if (problem !== undefined) throw invalid(problem);
  if (request.volumeContentSource)
    throw invalid('volume_content_source is not offered: create the claim without dataSource');
  const [preferred] = request.accessibilityRequirements?.preferred ?? [];
  return {
    name,
    sizeBytes: sizeOf(request.capacityRange),
    preferredNode: preferred?.segments[topologyNodeName],
    ...parametersOf(request.parameters),
  };
}

function parametersOf(parameters: Readonly<Record<string, string>>) {
  const slip = Object.keys(parameters).find((key) => !known.includes(key) && ours.test(key));
  if (slip !== undefined)
    throw invalid(`parameters.${slip} is unknown: use ${known.join(', ')} in the StorageClass`);
  const casType = parameters['cas-type'] ?? '';
  if (casType !== 'cstor') throw invalid(`parameters.cas-type ${quoted(casType)}: set it to cstor`);
  const poolCluster = parameters['cstorPoolCluster'] ?? '';
  if (poolCluster === '')
    throw invalid('parameters.cstorPoolCluster is missing: set it to the name of a CStorPoolCluster');
  const count = parameters['replicaCount'] ?? '';
  const replicaCount = /^[1-9]$/.test(count) ? Number(count) : Number.NaN;
  if (!(replicaCount <= replicasMax))
    throw invalid(
      `parameters.replicaCount ${quoted(count)}: set it to a whole number from 1 to ${replicasMax}`,
    );
  const policy = parameters['cstorVolumePolicy'];
  const claimName = parameters[`${provisionerPrefix}pvc/name`];
  const namespace = parameters[`${provisionerPrefix}pvc/namespace`];
  const claim =
    claimName !== undefined && namespace !== undefined ? { name: claimName, namespace } : undefined;
  return { poolCluster, replicaCount, policy: policy === '' ? undefined : policy, claim };
}
const quoted = (value: string) => (value === '' ? 'is missing' : `is "${value}"`);

/** Whole GiB as cStor rounds, where the limit allows it; else whole MiB. */
function sizeOf(range: CapacityRangeRead | null): number {
  const requiredBytes = range?.requiredBytes ?? 0;
  const limitBytes = range?.limitBytes ?? 0;
  const limit = limitBytes === 0 ? sizeBytesMax : limitBytes;
  if (requiredBytes < 0 || limitBytes < 0) throw invalid('capacity_range has a negative size: give bytes');
  const wanted = Math.max(requiredBytes, 1);
  for (const unit of [GiB, 2 ** 20]) {
    const size = Math.ceil(wanted / unit) * unit;
    if (size <= limit) return size;
  }
  throw new StatusError(
    'OUT_OF_RANGE',
    `capacity_range ${requiredBytes} to ${limitBytes} holds no whole MiB up to 8Pi: widen it`,
  );
}

/** The object that asks the operator for the volume. */
export function configOf(wish: VolumeWish, namespace: string, version: string): CStorVolumeConfig {
  const capacity = { storage: formatBinaryQuantity(wish.sizeBytes) };
  return {
    apiVersion: apiVersionOf(resources.cstorVolumeConfig),
    kind: resources.cstorVolumeConfig.kind,
    metadata: {
      name: wish.name,
      namespace,
      labels: { [labels.cstorPoolCluster]: wish.poolCluster, [labels.version]: version },
      annotations: {
        [annotations.volumeId]: wish.name,
        ...(wish.preferredNode === undefined ? {} : { [selectedNode]: wish.preferredNode }),
        ...(wish.policy === undefined ? {} : { [annotations.volumePolicy]: wish.policy }),
        ...(wish.claim === undefined
          ? {}
          : {
              [labels.persistentVolumeClaim]: wish.claim.name,
              [claimNamespace]: wish.claim.namespace,
            }),
      },
      finalizers: [finalizers.volumeConfig],
    },
    spec: {
      capacity,
      provision: { capacity, replicaCount: wish.replicaCount },
      policy: {},
    },
    publish: { nodeId: '' },
    versionDetails: { desired: version },
  };
}
/** As the scheduler marks claims; the operator places the first replica there when the policy has replicaAffinity. */
export const selectedNode = 'volume.kubernetes.io/selected-node';
/** Ours: where the claim of `openebs.io/persistent-volume-claim` is. */
export const claimNamespace = 'openebs.io/persistent-volume-claim-namespace';

/** Why an existing volume of that name is not the one that is asked for; undefined: it is. */
export function difference(
  existing: CStorVolumeConfig,
  wish: VolumeWish,
  range: CapacityRangeRead | null,
): string | undefined {
  const bytes = sizeOfConfig(existing);
  const requiredBytes = range?.requiredBytes ?? 0;
  const limitBytes = range?.limitBytes ?? 0;
  if (bytes < requiredBytes || (limitBytes > 0 && bytes > limitBytes))
    return `its capacity is ${bytes} bytes`;
  const pool = existing.metadata.labels?.[labels.cstorPoolCluster];
  if (pool !== wish.poolCluster) return `its cstorPoolCluster is ${pool}`;
  const { replicaCount } = existing.spec.provision;
  if (replicaCount !== wish.replicaCount) return `its replicaCount is ${replicaCount}`;
  return undefined;
}

export const sizeOfConfig = (config: CStorVolumeConfig): number =>
  parseQuantity(config.spec.capacity['storage'] ?? 0);
