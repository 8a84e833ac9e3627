/** Kinds of Kubernetes itself that our roles read or write, as JSON. */
import type {
  CoreV1Event,
  V1ConfigMap,
  V1CSIDriver,
  V1CSINode,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1Lease,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StorageClass,
  V1VolumeAttachment,
} from '@kubernetes/client-node';
import type { ObjectMeta } from '../../api/object-meta.ts';
import type { Resource } from '../../api/resources.ts';

/** A model of the client library as it stands in JSON: times are strings, metadata is ours. */
export type Json<T> = { metadata: ObjectMeta } & { [K in keyof T as Exclude<K, 'metadata'>]: Plain<T[K]> };
type Plain<V> = V extends Date
  ? string
  : V extends readonly (infer Item)[]
    ? Plain<Item>[]
    : V extends object
      ? { [K in keyof V]: Plain<V[K]> }
      : V;

const kind =
  (group: string, namespaced: boolean) =>
  <T>(name: string, plural: string): Resource<Json<T>> => ({
    group,
    version: 'v1',
    kind: name,
    plural,
    namespaced,
  });
const [core1, coreCluster] = [kind('', true), kind('', false)];
const apps = kind('apps', true);
const storage = kind('storage.k8s.io', false);

export const core = {
  namespaces: coreCluster<V1Namespace>('Namespace', 'namespaces'),
  nodes: coreCluster<V1Node>('Node', 'nodes'),
  persistentVolumes: coreCluster<V1PersistentVolume>('PersistentVolume', 'persistentvolumes'),
  persistentVolumeClaims: core1<V1PersistentVolumeClaim>('PersistentVolumeClaim', 'persistentvolumeclaims'),
  pods: core1<V1Pod>('Pod', 'pods'),
  services: core1<V1Service>('Service', 'services'),
  secrets: core1<V1Secret>('Secret', 'secrets'),
  configMaps: core1<V1ConfigMap>('ConfigMap', 'configmaps'),
  serviceAccounts: core1<V1ServiceAccount>('ServiceAccount', 'serviceaccounts'),
  events: core1<CoreV1Event>('Event', 'events'),
  deployments: apps<V1Deployment>('Deployment', 'deployments'),
  daemonSets: apps<V1DaemonSet>('DaemonSet', 'daemonsets'),
  storageClasses: storage<V1StorageClass>('StorageClass', 'storageclasses'),
  csiDrivers: storage<V1CSIDriver>('CSIDriver', 'csidrivers'),
  csiNodes: storage<V1CSINode>('CSINode', 'csinodes'),
  volumeAttachments: storage<V1VolumeAttachment>('VolumeAttachment', 'volumeattachments'),
  leases: kind('coordination.k8s.io', true)<V1Lease>('Lease', 'leases'),
  customResourceDefinitions: kind('apiextensions.k8s.io', false)<V1CustomResourceDefinition>(
    'CustomResourceDefinition',
    'customresourcedefinitions',
  ),
} as const;
