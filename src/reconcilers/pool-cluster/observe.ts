import { annotations, finalizers, labels } from '../../api/names.ts';
import type { CStorPoolCluster } from '../../api/kinds/cstorpoolcluster.ts';
import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { observeDevices } from '../block-device-claim/observe.ts';
import { readyPod } from '../pods.ts';
import type { World } from '../world.ts';
import { clusterOf, instanceOf, type Instance } from './inventory.ts';
import type { Claim, Observed } from './actions.ts';

export function observe(world: World, name: string, cluster: CStorPoolCluster | undefined): Observed {
  const { informers, settings } = world;
  return {
    cluster: cluster === undefined ? undefined : clusterOf(cluster),
    nodes: informers.nodes.store.list().map((node) => ({
      name: node.metadata.name,
      labels: node.metadata.labels ?? {},
    })),
    devices: new Map(observeDevices(world).map((device) => [device.name, device])),
    claims: informers.deviceClaims.store
      .byLabel(labels.cstorPoolCluster, name)
      .filter((claim) => claim.metadata.namespace === settings.namespace)
      .map((claim): Claim => ({
        name: claim.metadata.name,
        uid: claim.metadata.uid ?? '',
        device: claim.spec?.blockDeviceName ?? '',
        bound: claim.status?.phase === 'Bound',
        deleting: claim.metadata.deletionTimestamp !== undefined,
        clusterFinalizer: claim.metadata.finalizers?.includes(finalizers.poolCluster) === true,
        predecessor: claim.metadata.annotations?.[annotations.blockDevicePredecessor],
        leaving: claim.metadata.annotations?.[annotations.leavingPool],
      })),
    instances: instancesOf(world, name).map((instance) => observeInstance(world, instance)),
  };
}

export const instancesOf = (world: World, cluster: string): readonly CStorPoolInstance[] =>
  world.informers.instances.store.byLabel(labels.cstorPoolCluster, cluster);

const observeInstance = (world: World, instance: CStorPoolInstance): Instance =>
  instanceOf(
    instance,
    readyPod(world, labels.cstorPoolInstance, instance.metadata.name),
    world.informers.replicas.store.byLabel(labels.poolInstanceName, instance.metadata.name).length,
  );

/** Name of the cluster that an object says it belongs to. */
export const clusterNameOf = (object: {
  metadata: { labels?: Record<string, string> };
}): string | undefined => object.metadata.labels?.[labels.cstorPoolCluster];

export const allowedTagsOf = (cluster: CStorPoolCluster): string | undefined =>
  cluster.metadata.annotations?.[annotations.allowedBlockDeviceTags];
