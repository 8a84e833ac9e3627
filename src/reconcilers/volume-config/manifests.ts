/** The objects of one volume: its record, its replicas' records, and the target pod with its Service. */
import type { CStorVolume } from '../../api/kinds/cstorvolume.ts';
import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';
import type { CStorVolumeReplica } from '../../api/kinds/cstorvolumereplica.ts';
import { annotations, finalizers, labels, ports, targetIqn } from '../../api/names.ts';
import { ownerReference } from '../../api/object-meta.ts';
import { formatBinaryQuantity } from '../../api/quantity.ts';
import { apiVersionOf, resources } from '../../api/resources.ts';
import type { ReplicaAddress, TargetConfig } from '../../api/target-config.ts';
import { adminToken, linkKey, poolKey } from '../../shared/keys.ts';
import {
  configFolder,
  containerPorts,
  containerResources,
  httpProbe,
  keysFolder,
  podAnnotations,
  replicationTls,
  unprivileged,
  type Settings,
} from '../pod-template.ts';
import type { Membership } from './members/plan.ts';
import { replicaName, type PoolView, type Wish } from './inventory.ts';

export interface VolumeWish {
  readonly config: CStorVolumeConfig;
  readonly wish: Wish;
  readonly policy: CStorVolumeConfig['spec']['policy'];
  /** Value of the annotation that names the StorageClass; empty: unknown. */
  readonly storageClassRef: string;
  readonly claimName: string;
  readonly settings: Settings;
}

export const targetName = (volume: string): string => `${volume}-target`;
export const targetKeysName = (volume: string): string => `${volume}-target-keys`;

/** Not every name is a label's value: that ends at 63 characters. */
const asLabel = (key: string, value: string): Record<string, string> =>
  /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(value) ? { [key]: value } : {};

function meta({ config, claimName, settings }: VolumeWish, name = config.metadata.name) {
  return {
    name,
    namespace: settings.namespace,
    labels: {
      [labels.casType]: 'cstor',
      [labels.storageEngineType]: 'cstor',
      [labels.persistentVolume]: config.metadata.name,
      ...asLabel(labels.persistentVolumeClaim, claimName),
      [labels.version]: settings.version,
    },
    ownerReferences: [ownerReference(resources.cstorVolumeConfig, config)],
  };
}

const selector = (volume: string) => ({
  app: 'cstor-volume-manager',
  [labels.persistentVolume]: volume,
  [labels.target]: 'cstor-target',
});

export function targetService(volume: VolumeWish) {
  const { labels: common, ...rest } = meta(volume);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...rest,
      labels: { ...common, [labels.targetService]: 'cstor-target-svc' },
      annotations:
        volume.storageClassRef === '' ? {} : { [annotations.storageClassRef]: volume.storageClassRef },
    },
    spec: {
      type: 'ClusterIP',
      selector: selector(volume.config.metadata.name),
      ports: [
        { name: 'cstor-iscsi', port: ports.iscsi },
        { name: 'cstor-grpc', port: ports.admin },
        { name: 'mgmt', port: ports.announce },
        { name: 'exporter', port: ports.http },
      ].map((port) => ({ ...port, targetPort: port.port, protocol: 'TCP' })),
    },
  };
}

export const consistencyFactor = (replicationFactor: number): number => Math.floor(replicationFactor / 2) + 1;

export function cstorVolume(volume: VolumeWish, serviceIp: string): CStorVolume {
  const { wish, settings } = volume;
  return {
    apiVersion: apiVersionOf(resources.cstorVolume),
    kind: resources.cstorVolume.kind,
    metadata: meta(volume),
    spec: {
      capacity: formatBinaryQuantity(wish.sizeBytes),
      targetIP: serviceIp,
      targetPort: String(ports.iscsi),
      targetPortal: `${serviceIp}:${ports.iscsi}`,
      iqn: targetIqn(wish.name),
      replicationFactor: wish.replicaCount,
      consistencyFactor: consistencyFactor(wish.replicaCount),
      desiredReplicationFactor: wish.replicaCount,
    },
    versionDetails: { desired: settings.version, status: { current: settings.version, state: 'Reconciled' } },
  };
}

export function cstorVolumeReplica(
  volume: VolumeWish,
  pool: PoolView,
  replicaId: string,
  serviceIp: string,
): CStorVolumeReplica {
  const { wish, settings, policy } = volume;
  const { labels: common, ...rest } = meta(volume, replicaName(wish.name, pool.name));
  return {
    apiVersion: apiVersionOf(resources.cstorVolumeReplica),
    kind: resources.cstorVolumeReplica.kind,
    metadata: {
      ...rest,
      labels: {
        ...common,
        [labels.cstorVolumeName]: wish.name,
        [labels.poolInstanceName]: pool.name,
        [labels.poolInstanceUid]: pool.uid,
        [labels.cstorPoolCluster]: wish.cluster,
      },
      annotations: { [annotations.poolInstanceHostname]: pool.hostname },
      finalizers: [finalizers.volumeReplica],
    },
    spec: {
      replicaid: replicaId,
      targetIP: serviceIp,
      capacity: formatBinaryQuantity(wish.sizeBytes),
      ...(policy.replica?.zvolWorkers === undefined ? {} : { zvolWorkers: policy.replica.zvolWorkers }),
      ...(policy.replica?.compression === undefined ? {} : { compression: policy.replica.compression }),
    },
    versionDetails: { desired: settings.version, status: { current: settings.version, state: 'Reconciled' } },
  };
}

export interface TargetWish extends VolumeWish {
  readonly target: TargetConfig;
  readonly masterKey: Uint8Array;
}

export function targetConfig(
  { wish, policy, settings }: Pick<VolumeWish, 'wish' | 'policy' | 'settings'>,
  serviceIp: string,
  { current, next, withdrawn }: Membership,
  replicas: Readonly<Record<string, ReplicaAddress>>,
): TargetConfig {
  const { quorumWaitSeconds } = policy.target ?? {};
  return {
    volume: wish.name,
    iqn: targetIqn(wish.name),
    sizeBytes: wish.sizeBytes,
    membership: current,
    ...(next === undefined ? {} : { nextMembership: next }),
    ...(withdrawn === undefined ? {} : { withdrawnMembership: withdrawn }),
    replicas,
    listen: {
      iscsi: `0.0.0.0:${ports.iscsi}`,
      admin: `0.0.0.0:${ports.admin}`,
      announce: `0.0.0.0:${ports.announce}`,
      http: `0.0.0.0:${ports.http}`,
    },
    advertise: `${serviceIp}:${ports.iscsi}`,
    keyFile: `${keysFolder}/replica-keys.json`,
    adminTokenFile: `${keysFolder}/admin-token`,
    ...replicationTls(settings, secretMode).config,
    initiators: 'granted',
    ...(quorumWaitSeconds === undefined ? {} : { quorumWaitSeconds }),
  };
}

export const targetConfigMap = (volume: TargetWish) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta(volume, targetName(volume.config.metadata.name)),
  data: { 'target.json': `${JSON.stringify(volume.target, undefined, 2)}\n` },
});

export function targetSecret(volume: TargetWish) {
  const { name } = volume.config.metadata;
  const text = (value: string) => Buffer.from(value).toString('base64');
  const keys = Object.entries(volume.target.replicas).map(([replicaId, { pool }]) => {
    const key = linkKey(poolKey(volume.masterKey, pool), name, replicaId);
    return [replicaId, Buffer.from(key).toString('hex')];
  });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta(volume, targetKeysName(name)),
    type: 'Opaque',
    data: {
      'replica-keys.json': text(JSON.stringify(Object.fromEntries(keys))),
      'admin-token': text(adminToken(volume.masterKey, 'target', name)),
    },
  };
}

/** A volume should come up elsewhere well before an initiator gives up on it. */
const awaySeconds = 30;
const nodeAway = [
  'node.alpha.kubernetes.io/notReady',
  'node.alpha.kubernetes.io/unreachable',
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
].map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: awaySeconds }));

/** uid and gid of the image's user. */
const userId = 10_001;
/** Of files of a Secret: that user's group may read them. */
const secretMode = 0o440;

export function targetDeployment(volume: TargetWish) {
  const { settings, policy } = volume;
  const volumeName = volume.config.metadata.name;
  const name = targetName(volumeName);
  const common = meta(volume, name);
  const tls = replicationTls(settings, secretMode);
  const { resources: amounts, tolerations, affinity, nodeSelector, priorityClassName } = policy.target ?? {};
  const podLabels = {
    ...common.labels,
    ...selector(volumeName),
    monitoring: 'volume_exporter_prometheus',
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...common, labels: { ...common.labels, ...selector(volumeName) } },
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: selector(volumeName) },
      template: {
        metadata: {
          labels: podLabels,
          // Nothing of its configuration: the running target follows its file.
          annotations: podAnnotations('volume_exporter_prometheus', volume.masterKey),
        },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          // It looks up no name of the cluster.
          dnsPolicy: 'Default',
          securityContext: {
            runAsNonRoot: true,
            runAsUser: userId,
            runAsGroup: userId,
            fsGroup: userId,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          tolerations: [...nodeAway, ...(tolerations ?? [])],
          ...(affinity === undefined ? {} : { affinity: { podAffinity: affinity } }),
          ...(nodeSelector === undefined ? {} : { nodeSelector }),
          ...(priorityClassName === undefined || priorityClassName === '' ? {} : { priorityClassName }),
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: 'cstor-istgt',
              image: settings.image,
              imagePullPolicy: settings.imagePullPolicy,
              args: ['target', '--config', `${configFolder}/target.json`],
              env: [{ name: 'CASKADE_INSTANCE', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
              ports: containerPorts('iscsi', 'admin', 'announce', 'http'),
              securityContext: unprivileged,
              ...containerResources(amounts),
              ...httpProbe,
              volumeMounts: [
                { name: 'config', mountPath: configFolder, readOnly: true },
                { name: 'keys', mountPath: keysFolder, readOnly: true },
                ...tls.volumeMounts,
              ],
            },
          ],
          volumes: [
            { name: 'config', configMap: { name } },
            { name: 'keys', secret: { secretName: targetKeysName(volumeName), defaultMode: secretMode } },
            ...tls.volumes,
          ],
        },
      },
    },
  };
}
