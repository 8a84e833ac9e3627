/** The objects of one pool: its daemon's Deployment, Service, configuration and keys. */
import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { labels, ports } from '../../api/names.ts';
import { ownerReference } from '../../api/object-meta.ts';
import type { PoolConfig, PoolDevice } from '../../api/pool-config.ts';
import { resources } from '../../api/resources.ts';
import { adminToken, poolKey } from '../../shared/keys.ts';
import type { Make } from './roll.ts';
import { podDevices, type DeviceMount, type WantedMount } from './device-volumes.ts';
import {
  configFolder,
  configHashAnnotation,
  devicesHashAnnotation,
  containerPorts,
  containerResources,
  httpProbe,
  keysFolder,
  podAnnotations,
  replicationTls,
  sharedMakeOf,
  unprivileged,
  type Settings,
  type Template,
} from '../pod-template.ts';

export interface PoolWish {
  readonly instance: CStorPoolInstance;
  readonly config: PoolConfig;
  /** Changes when the daemon has to start anew. */
  readonly configHash: string;
  /** Changes with the set of its devices, which only a new pod can have. */
  readonly devicesHash: string;
  /** Devices that the pod gets; files in the sparse folder are none of them. */
  readonly mounts: readonly DeviceMount[];
  /** Of those, the ones whose volume and claim may have to be made. */
  readonly wanted: readonly WantedMount[];
  /** Some of the devices are files in the sparse folder. */
  readonly sparse: boolean;
  readonly settings: Settings;
  readonly masterKey: Uint8Array;
}

const onNode = 'localhost/';

const seccompProfileOf = (text: string) =>
  text.startsWith(onNode)
    ? { type: 'Localhost', localhostProfile: text.slice(onNode.length) }
    : { type: text };

interface PoolTemplate extends Template {
  readonly spec?: Template['spec'] & {
    readonly containers?: readonly {
      readonly securityContext?: { readonly seccompProfile?: Partial<ReturnType<typeof seccompProfileOf>> };
    }[];
  };
}

/** What `poolDeployment` made a template of. */
export function makeOf(template: PoolTemplate): Make {
  const [container] = template.spec?.containers ?? [];
  const { type = '', localhostProfile } = container?.securityContext?.seccompProfile ?? {};
  const poolSeccompProfile = localhostProfile === undefined ? type : `${onNode}${localhostProfile}`;
  return { ...sharedMakeOf(template), poolSeccompProfile };
}

/** Of files of a Secret: the pool runs as root. */
const secretMode = 0o400;

export const keysName = (instance: string): string => `${instance}-keys`;

function meta({ instance, settings }: PoolWish, name = instance.metadata.name) {
  const cluster = instance.metadata.labels?.[labels.cstorPoolCluster] ?? '';
  return {
    name,
    namespace: settings.namespace,
    labels: {
      app: 'cstor-pool',
      [labels.cstorPoolCluster]: cluster,
      [labels.cstorPoolInstance]: instance.metadata.name,
      [labels.version]: settings.version,
      [labels.casType]: 'cstor',
    },
    ownerReferences: [ownerReference(resources.cstorPoolInstance, instance)],
  };
}

const selector = (instance: string) => ({ app: 'cstor-pool', [labels.cstorPoolInstance]: instance });

export function poolConfig(
  name: string,
  layout: PoolConfig['layout'],
  devices: {
    readonly groups: readonly (readonly PoolDevice[])[];
    readonly logGroups: readonly (readonly PoolDevice[])[];
    readonly leaving: readonly PoolDevice[];
  },
  settings: Settings,
): PoolConfig {
  return {
    name,
    layout,
    groups: devices.groups.map((group) => ({ devices: group })),
    ...(devices.logGroups.length === 0
      ? {}
      : { logGroups: devices.logGroups.map((group) => ({ devices: group })) }),
    ...(devices.leaving.length === 0 ? {} : { leaving: devices.leaving }),
    listen: {
      replication: `0.0.0.0:${ports.replication}`,
      copy: `0.0.0.0:${ports.copy}`,
      admin: `0.0.0.0:${ports.admin}`,
      http: `0.0.0.0:${ports.http}`,
    },
    keyFile: `${keysFolder}/pool-key`,
    adminTokenFile: `${keysFolder}/admin-token`,
    ...replicationTls(settings, secretMode).config,
  };
}

export const poolConfigMap = (wish: PoolWish) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta(wish),
  data: { 'pool.json': `${JSON.stringify(wish.config, undefined, 2)}\n` },
});

export function poolSecret(wish: PoolWish) {
  const { name } = wish.instance.metadata;
  const text = (value: string) => Buffer.from(value).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta(wish, keysName(name)),
    type: 'Opaque',
    data: {
      'pool-key': text(Buffer.from(poolKey(wish.masterKey, name)).toString('hex')),
      'admin-token': text(adminToken(wish.masterKey, 'pool', name)),
    },
  };
}

export const poolService = (wish: PoolWish) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta(wish),
  spec: {
    type: 'ClusterIP',
    selector: selector(wish.instance.metadata.name),
    ports: (['replication', 'copy', 'admin', 'http'] as const).map((name) => ({
      name,
      port: ports[name],
      targetPort: ports[name],
      protocol: 'TCP',
    })),
  },
});

export function poolDeployment(wish: PoolWish) {
  const { instance, settings } = wish;
  const { name } = instance.metadata;
  const config = instance.spec.poolConfig;
  const { resources: amounts, tolerations, priorityClassName } = config ?? {};
  const devices = podDevices(wish.mounts);
  const tls = replicationTls(settings, secretMode);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(wish),
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: selector(name) },
      template: {
        metadata: {
          labels: meta(wish).labels,
          annotations: {
            ...podAnnotations('pool_exporter_prometheus', wish.masterKey),
            'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
            [configHashAnnotation]: wish.configHash,
            [devicesHashAnnotation]: wish.devicesHash,
          },
        },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          // It looks up no name of the cluster.
          dnsPolicy: 'Default',
          nodeSelector: { ...instance.spec.nodeSelector },
          ...(tolerations === undefined || tolerations === null ? {} : { tolerations }),
          ...(typeof priorityClassName === 'string' ? { priorityClassName } : {}),
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: 'cstor-pool',
              image: settings.image,
              imagePullPolicy: settings.imagePullPolicy,
              args: ['pool', '--config', `${configFolder}/pool.json`],
              ports: containerPorts('replication', 'copy', 'admin', 'http'),
              // Devices and sparse files belong to root.
              securityContext: {
                ...unprivileged,
                runAsUser: 0,
                seccompProfile: seccompProfileOf(settings.poolSeccompProfile),
              },
              ...containerResources(amounts),
              ...httpProbe,
              volumeMounts: [
                { name: 'config', mountPath: configFolder, readOnly: true },
                { name: 'keys', mountPath: keysFolder, readOnly: true },
                ...tls.volumeMounts,
                ...(wish.sparse ? [{ name: 'sparse', mountPath: settings.sparseDir }] : []),
              ],
              ...(wish.mounts.length > 0 ? { volumeDevices: devices.volumeDevices } : {}),
            },
          ],
          volumes: [
            { name: 'config', configMap: { name } },
            { name: 'keys', secret: { secretName: keysName(name), defaultMode: secretMode } },
            ...tls.volumes,
            ...devices.volumes,
            ...(wish.sparse
              ? [{ name: 'sparse', hostPath: { path: settings.sparseDir, type: 'DirectoryOrCreate' } }]
              : []),
          ],
        },
      },
    },
  };
}
