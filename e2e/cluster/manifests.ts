/** What a user applies: pools and class in the predecessor's form, claims, and pods that use them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A StoragePoolClaim on devices that were found, one pool for each node that has one of them. */
export const storagePoolClaim = (
  name: string,
  devices: readonly string[],
  type: 'disk' | 'sparse',
): object => ({
  apiVersion: 'openebs.io/v1alpha1',
  kind: 'StoragePoolClaim',
  metadata: {
    name,
    annotations: {
      'cas.openebs.io/config': [
        '- name: PoolResourceRequests',
        '  value: |-',
        '    memory: 128Mi',
        '- name: PoolResourceLimits',
        '  value: |-',
        '    memory: 1Gi',
        '',
      ].join('\n'),
    },
  },
  spec: { name, type, poolSpec: { poolType: 'striped' }, blockDevices: { blockDeviceList: devices } },
});

/** Pools in today's form: one striped pool on one device of each node. */
export const poolCluster = (
  name: string,
  devices: readonly (readonly [node: string, device: string])[],
): object => ({
  apiVersion: 'cstor.openebs.io/v1',
  kind: 'CStorPoolCluster',
  metadata: { namespace: 'openebs', name },
  spec: { pools: devices.map(([node, device]) => poolEntry(node, [device])) },
});

export const poolEntry = (node: string, devices: readonly string[], type = 'stripe'): object =>
  poolEntryOf(node, [devices], type);

export const poolEntryOf = (node: string, groups: readonly (readonly string[])[], type: string): object => ({
  nodeSelector: { 'kubernetes.io/hostname': node },
  dataRaidGroups: groups.map((devices) => ({
    blockDevices: devices.map((blockDeviceName) => ({ blockDeviceName })),
  })),
  poolConfig: { dataRaidGroupType: type },
});

/** A class of the predecessor: the operator itself provisions it. */
export const legacyClass = (name: string, pool: string, replicas: number): object => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name,
    annotations: {
      'openebs.io/cas-type': 'cstor',
      'cas.openebs.io/config': [
        '- name: StoragePoolClaim',
        `  value: "${pool}"`,
        '- name: ReplicaCount',
        `  value: "${replicas}"`,
        '',
      ].join('\n'),
    },
  },
  provisioner: 'openebs.io/provisioner-iscsi',
});

export const csiClass = (name: string, pool: string, replicas: number): object => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: 'cstor.csi.openebs.io',
  parameters: { 'cas-type': 'cstor', cstorPoolCluster: pool, replicaCount: String(replicas) },
});

export const claim = (namespace: string, name: string, className: string, size: string): object => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace, name },
  spec: {
    storageClassName: className,
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: size } },
  },
});

/** The recorder as a ConfigMap, so that a pod can run it on the Node of our image. */
export const recorderScript = (namespace: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name: 'recorder' },
  data: { 'recorder.ts': readFileSync(join(import.meta.dirname, 'recorder.ts'), 'utf8') },
});

export interface UserPod {
  readonly namespace: string;
  readonly name: string;
  readonly claim: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly notOnNode?: string | undefined;
}

/** A user's pod: the volume at /data, the recorder at /scripts, no privileges. */
export const userPod = (pod: UserPod): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: pod.namespace, name: pod.name, labels: { app: pod.name } },
  spec: {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 2,
    securityContext: { runAsUser: 10001, runAsGroup: 10001, runAsNonRoot: true, fsGroup: 10001 },
    ...(pod.notOnNode === undefined ? {} : { affinity: { nodeAffinity: otherThan(pod.notOnNode) } }),
    containers: [
      {
        name: 'main',
        image: pod.image,
        imagePullPolicy: 'IfNotPresent',
        command: pod.command,
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'scripts', mountPath: '/scripts' },
          { name: 'control', mountPath: '/control' },
        ],
      },
    ],
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: pod.claim } },
      { name: 'scripts', configMap: { name: 'recorder' } },
      { name: 'control', emptyDir: {} },
    ],
  },
});

const otherThan = (node: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'NotIn', values: [node] }] },
    ],
  },
});
