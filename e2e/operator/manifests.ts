/** Manifests as users write them, and objects that other roles would make. */
import { createHash } from 'node:crypto';
import type { BlockDevice } from '../../src/api/kinds/blockdevice.ts';
import { namespace } from './fake-cluster.ts';

export const nodes = ['node-1', 'node-2', 'node-3'];

export const node = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
});

export interface DeviceWish {
  readonly node: string;
  readonly gib?: number;
  readonly fsType?: string;
  readonly state?: 'Active' | 'Inactive' | 'Unknown';
  readonly type?: 'disk' | 'sparse';
}

export function blockDevice(
  name: string,
  { node: nodeName, gib = 4, fsType, state = 'Active', type = 'disk' }: DeviceWish,
): BlockDevice {
  return {
    apiVersion: 'openebs.io/v1alpha1',
    kind: 'BlockDevice',
    metadata: {
      name,
      namespace,
      labels: {
        'kubernetes.io/hostname': nodeName,
        'ndm.io/blockdevice-type': 'blockdevice',
        'ndm.io/managed': 'true',
      },
    },
    spec: {
      capacity: {
        storage: Math.round(gib * 1024) * 1024 ** 2,
        logicalSectorSize: 512,
        physicalSectorSize: 512,
      },
      details: { deviceType: type },
      devlinks: [{ kind: 'by-id', links: [`/dev/disk/by-id/${name}`] }],
      ...(fsType === undefined ? {} : { filesystem: { fsType } }),
      nodeAttributes: { nodeName },
      partitioned: 'No',
      path: '/dev/sdb',
    },
    status: { claimState: 'Unclaimed', state },
  };
}

export const deviceName = (text: string): string =>
  `blockdevice-${createHash('md5').update(text).digest('hex')}`;

export const storagePoolClaim = (name: string, devices: readonly string[]) => `
apiVersion: openebs.io/v1alpha1
kind: StoragePoolClaim
metadata:
  name: ${name}
  annotations:
    cas.openebs.io/config: |
      - name: PoolResourceRequests
        value: |-
          memory: 1Gi
      - name: PoolResourceLimits
        value: |-
          memory: 5Gi
spec:
  name: ${name}
  type: disk
  poolSpec:
    poolType: striped
  blockDevices:
    blockDeviceList:
${devices.map((device) => `      - ${device}`).join('\n')}
`;

export const legacyClass = (name: string, pool: string, replicas = 3) => `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: ${name}
  annotations:
    openebs.io/cas-type: cstor
    cas.openebs.io/config: |
      - name: StoragePoolClaim
        value: "${pool}"
      - name: ReplicaCount
        value: "${replicas}"
provisioner: openebs.io/provisioner-iscsi
`;

/** As a claim is once the PersistentVolume controller has asked the class's provisioner. */
export const claim = (name: string, className: string, storage = '1Gi') => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: ${name}
  namespace: default
  annotations: {volume.kubernetes.io/storage-provisioner: openebs.io/provisioner-iscsi}
spec: {storageClassName: ${className}, accessModes: [ReadWriteOnce], resources: {requests: {storage: ${storage}}}}
`;

export const volumeConfig = (
  name: string,
  cluster: string,
  { size = '1Gi', replicas = 3, pools = [] as readonly string[] } = {},
) => `
apiVersion: cstor.openebs.io/v1
kind: CStorVolumeConfig
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: {openebs.io/cstor-pool-cluster: ${cluster}}
spec:
  capacity: {storage: ${size}}
  provision: {capacity: {storage: ${size}}, replicaCount: ${replicas}}
  policy: {${pools.length === 0 ? '' : `replicaPoolInfo: [${pools.map((pool) => `{poolName: ${pool}}`).join(', ')}]`}}
versionDetails: {}
`;

export interface PoolWish {
  readonly node: string;
  readonly devices: readonly string[];
  readonly type?: string;
  /** Groups beside the first one. */
  readonly more?: readonly (readonly string[])[];
  readonly logs?: readonly (readonly string[])[];
  readonly logType?: string;
}

const raidGroups = (groups: readonly (readonly string[])[]): string =>
  `[${groups.map((group) => `{blockDevices: [${group.map((device) => `{blockDeviceName: "${device}"}`).join(', ')}]}`).join(', ')}]`;

export const poolCluster = (name: string, pools: readonly PoolWish[]) => `
apiVersion: cstor.openebs.io/v1
kind: CStorPoolCluster
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  pools:
${pools
  .map(
    (pool) => `    - nodeSelector: {kubernetes.io/hostname: "${pool.node}"}
      dataRaidGroups: ${raidGroups([pool.devices, ...(pool.more ?? [])])}
      writeCacheRaidGroups: ${raidGroups(pool.logs ?? [])}
      poolConfig: {dataRaidGroupType: "${pool.type ?? 'stripe'}", writeCacheGroupType: "${pool.logType ?? 'stripe'}"}`,
  )
  .join('\n')}
`;
