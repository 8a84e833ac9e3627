/** How each kind of ours is addressed at the API server. The type parameter types the answers of calls that are given one. */
import type { BlockDevice } from './kinds/blockdevice.ts';
import type { BlockDeviceClaim } from './kinds/blockdeviceclaim.ts';
import type { CStorPoolCluster } from './kinds/cstorpoolcluster.ts';
import type { CStorPoolInstance } from './kinds/cstorpoolinstance.ts';
import type { CStorVolume } from './kinds/cstorvolume.ts';
import type { CStorVolumeAttachment } from './kinds/cstorvolumeattachment.ts';
import type { CStorVolumeConfig } from './kinds/cstorvolumeconfig.ts';
import type { CStorVolumePolicy } from './kinds/cstorvolumepolicy.ts';
import type { CStorVolumeReplica } from './kinds/cstorvolumereplica.ts';
import type { StoragePoolClaim } from './kinds/storagepoolclaim.ts';
import type { KubernetesObject } from './object-meta.ts';
import { groups } from './names.ts';

declare const objectType: unique symbol;

/** A kind at the API server; objects of it are `T` in JSON. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly [objectType]?: T;
}

/** `apiVersion` of the objects of a kind. */
export const apiVersionOf = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

const cstor = <T extends KubernetesObject>(kind: string, plural: string): Resource<T> => ({
  group: groups.cstor,
  version: 'v1',
  kind,
  plural,
  namespaced: true,
});
const openebs = <T extends KubernetesObject>(
  kind: string,
  plural: string,
  namespaced = true,
): Resource<T> => ({
  group: groups.openebs,
  version: 'v1alpha1',
  kind,
  plural,
  namespaced,
});

export const resources = {
  storagePoolClaim: openebs<StoragePoolClaim>('StoragePoolClaim', 'storagepoolclaims', false),
  blockDevice: openebs<BlockDevice>('BlockDevice', 'blockdevices'),
  blockDeviceClaim: openebs<BlockDeviceClaim>('BlockDeviceClaim', 'blockdeviceclaims'),
  cstorPoolCluster: cstor<CStorPoolCluster>('CStorPoolCluster', 'cstorpoolclusters'),
  cstorPoolInstance: cstor<CStorPoolInstance>('CStorPoolInstance', 'cstorpoolinstances'),
  cstorVolumePolicy: cstor<CStorVolumePolicy>('CStorVolumePolicy', 'cstorvolumepolicies'),
  cstorVolumeConfig: cstor<CStorVolumeConfig>('CStorVolumeConfig', 'cstorvolumeconfigs'),
  cstorVolume: cstor<CStorVolume>('CStorVolume', 'cstorvolumes'),
  cstorVolumeReplica: cstor<CStorVolumeReplica>('CStorVolumeReplica', 'cstorvolumereplicas'),
  cstorVolumeAttachment: cstor<CStorVolumeAttachment>('CStorVolumeAttachment', 'cstorvolumeattachments'),
} as const;
