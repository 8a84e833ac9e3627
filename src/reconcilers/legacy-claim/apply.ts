import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';
import { annotations, csiDriverName, labels, legacyProvisioner } from '../../api/names.ts';
import { formatBinaryQuantity } from '../../api/quantity.ts';
import { apiVersionOf, resources } from '../../api/resources.ts';
import { unlessThere } from '../objects.ts';
import { core } from '../runtime/core-resources.ts';
import { selectedNodeAnnotation } from '../volume-config/observe.ts';
import { keyIn, type World } from '../world.ts';
import type { ClassSettings } from './inventory.ts';
import {
  claimNamespaceAnnotation,
  provisionedByAnnotation,
  reclaimPolicyAnnotation,
  selectedNode,
  volumeNameOf,
  type Claim,
  type Class,
} from './observe.ts';

export interface VolumeWish {
  readonly claim: Claim;
  readonly class: Class;
  readonly settings: ClassSettings;
  readonly sizeBytes: number;
}

export const createConfig = (world: World, wish: VolumeWish): Promise<void> =>
  unlessThere(world.client.create(resources.cstorVolumeConfig, configFor(world, wish)));

export async function createVolume(world: World, wish: VolumeWish): Promise<void> {
  await unlessThere(world.client.create(core.persistentVolumes, volumeFor(wish)));
  const { claim } = wish;
  world.recorder.event(claim, 'Normal', 'ProvisioningSucceeded', `volume ${volumeNameOf(claim)} is made`);
}

/** The caches may be behind: data is deleted only on what the API server itself says. */
export async function deleteConfig(world: World, name: string): Promise<void> {
  const { client, settings } = world;
  const volume = await client.get(core.persistentVolumes, { name });
  if (volume === undefined ? await isClaimed(world, name) : volume.status?.phase !== 'Released') return;
  await client.delete(resources.cstorVolumeConfig, keyIn(settings, name));
}

async function isClaimed({ client, settings }: World, name: string): Promise<boolean> {
  const config = await client.get(resources.cstorVolumeConfig, keyIn(settings, name));
  const claimName = config?.metadata.annotations?.[labels.persistentVolumeClaim];
  const namespace = config?.metadata.annotations?.[claimNamespaceAnnotation];
  if (claimName === undefined || namespace === undefined) return true; // not to be told: nothing is deleted
  const claim = await client.get(core.persistentVolumeClaims, { namespace, name: claimName });
  return (
    claim !== undefined && volumeNameOf(claim) === name && claim.metadata.deletionTimestamp === undefined
  );
}

export const deleteVolume = async ({ client }: World, name: string): Promise<void> =>
  void (await client.delete(core.persistentVolumes, { name }));

/** The name follows from the claim's uid, so what is there already is our own. */
const reclaimPolicyOf = (found: Class): string => found.reclaimPolicy ?? 'Delete';

function configFor({ settings }: World, wish: VolumeWish): CStorVolumeConfig {
  const { claim, class: found, sizeBytes } = wish;
  const capacity = { storage: formatBinaryQuantity(sizeBytes) };
  const node = selectedNode(claim);
  return {
    apiVersion: apiVersionOf(resources.cstorVolumeConfig),
    kind: resources.cstorVolumeConfig.kind,
    metadata: {
      name: volumeNameOf(claim),
      namespace: settings.namespace,
      labels: { [labels.cstorPoolCluster]: wish.settings.poolClaim },
      annotations: {
        [annotations.volumeId]: volumeNameOf(claim),
        [labels.persistentVolumeClaim]: claim.metadata.name,
        [claimNamespaceAnnotation]: claim.metadata.namespace ?? '',
        [annotations.storageClassRef]: `name: ${found.metadata.name}`,
        [provisionedByAnnotation]: legacyProvisioner,
        [reclaimPolicyAnnotation]: reclaimPolicyOf(found),
        ...(node === '' ? {} : { [selectedNodeAnnotation]: node }),
      },
    },
    spec: {
      capacity,
      policy: policyFor(wish.settings),
      provision: { capacity, replicaCount: wish.settings.replicaCount },
    },
    versionDetails: { desired: settings.version, status: { current: settings.version, state: 'Reconciled' } },
  };
}

function policyFor({ target, zvolWorkers }: ClassSettings): CStorVolumeConfig['spec']['policy'] {
  const { requests, limits, nodeSelector, tolerations, queueDepth, luWorkers } = target;
  const amounts =
    requests === undefined && limits === undefined
      ? undefined
      : { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) };
  return {
    ...(zvolWorkers === undefined ? {} : { replica: { zvolWorkers } }),
    target: {
      ...(amounts === undefined ? {} : { resources: amounts }),
      ...(nodeSelector === undefined ? {} : { nodeSelector: { ...nodeSelector } }),
      ...(tolerations === undefined ? {} : { tolerations: [...tolerations] }),
      ...(queueDepth === undefined ? {} : { queueDepth }),
      ...(luWorkers === undefined ? {} : { luWorkers }),
    },
  };
}

function volumeFor({ claim, class: found, settings, sizeBytes }: VolumeWish) {
  const name = volumeNameOf(claim);
  const { name: claimName, namespace = '', uid = '' } = claim.metadata;
  const volumeMode = claim.spec?.volumeMode ?? 'Filesystem';
  return {
    metadata: {
      name,
      annotations: { [provisionedByAnnotation]: legacyProvisioner },
      labels: { [labels.casType]: 'cstor' },
    },
    spec: {
      capacity: { storage: formatBinaryQuantity(sizeBytes) },
      accessModes: claim.spec?.accessModes ?? ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: reclaimPolicyOf(found),
      storageClassName: found.metadata.name,
      volumeMode,
      ...(found.mountOptions === undefined ? {} : { mountOptions: found.mountOptions }),
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName, uid },
      csi: {
        driver: csiDriverName,
        volumeHandle: name,
        ...(volumeMode === 'Filesystem' ? { fsType: settings.fsType } : {}),
        volumeAttributes: { [labels.casType]: 'cstor' },
      },
    },
  };
}
