import type { CStorPoolCluster } from '../../api/kinds/cstorpoolcluster.ts';
import type { StoragePoolClaim } from '../../api/kinds/storagepoolclaim.ts';
import { annotations, labels } from '../../api/names.ts';
import { controllerOf } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import { observeDevices } from '../block-device-claim/observe.ts';
import { keyIn, type World } from '../world.ts';
import type { Claim, Observed } from './plan.ts';

export function observeClaim({ metadata, spec }: StoragePoolClaim): Claim {
  const tags = (metadata.annotations?.[annotations.allowedBlockDeviceTags] ?? '').split(',');
  return {
    name: metadata.name,
    type: spec.type,
    poolType: spec.poolSpec.poolType,
    deviceList: spec.blockDevices?.blockDeviceList ?? [],
    maxPools: spec.maxPools ?? 0,
    allowedTags: new Set(tags.map((tag) => tag.trim()).filter((tag) => tag !== '')),
  };
}

/** The cluster of the claim's name, whoever made it. */
export const clusterOfClaim = (world: World, name: string): CStorPoolCluster | undefined =>
  world.informers.clusters.store.get(keyIn(world.settings, name));

export const isOurs = (cluster: CStorPoolCluster, claim: StoragePoolClaim): boolean =>
  controllerOf(cluster, resources.storagePoolClaim.kind)?.uid === claim.metadata.uid;

export function observe(world: World, claim: StoragePoolClaim): Observed {
  const own = clusterOfClaim(world, claim.metadata.name);
  const others = world.informers.clusters.store
    .list(world.settings.namespace)
    .filter((cluster) => cluster.metadata.name !== claim.metadata.name);
  return {
    devices: observeDevices(world),
    present: own === undefined ? [] : poolsOf(own),
    takenByOthers: new Set(others.flatMap((cluster) => poolsOf(cluster).flatMap((pool) => pool.devices))),
  };
}

const poolsOf = ({ spec }: CStorPoolCluster) =>
  (spec.pools ?? []).map((pool) => ({
    hostname: pool.nodeSelector[labels.hostname] ?? '',
    devices: pool.dataRaidGroups.flatMap((group) =>
      group.blockDevices.map((device) => device.blockDeviceName),
    ),
  }));
