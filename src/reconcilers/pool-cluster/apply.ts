import type { CStorPoolCluster } from '../../api/kinds/cstorpoolcluster.ts';
import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { annotations, finalizers, labels } from '../../api/names.ts';
import { ownerReference } from '../../api/object-meta.ts';
import { apiVersionOf, resources } from '../../api/resources.ts';
import type { Device } from '../block-device-claim/inventory.ts';
import { annotateClaim } from '../block-device-claim/annotate.ts';
import { unlessThere } from '../objects.ts';
import { keyIn, type World } from '../world.ts';
import { allowedTagsOf } from './observe.ts';
import type { Action, Observed } from './actions.ts';
import type { Groups } from './shape.ts';

/** Names follow from what was observed, so what a creation finds there already is our own. */
export async function apply(
  world: World,
  cluster: CStorPoolCluster | undefined,
  observed: Observed,
  action: Action,
): Promise<void> {
  const { client, recorder, settings } = world;
  switch (action.do) {
    case 'addFinalizer':
      if (cluster !== undefined)
        await client.addFinalizer(resources.cstorPoolCluster, cluster, finalizers.poolCluster);
      return;
    case 'removeFinalizer':
      if (cluster !== undefined)
        await client.removeFinalizer(resources.cstorPoolCluster, cluster, finalizers.poolCluster);
      return;
    case 'createClaim':
      if (cluster !== undefined)
        await unlessThere(client.create(resources.blockDeviceClaim, claimFor(world, cluster, action)));
      return;
    case 'setPredecessor':
      await annotateClaim(world, action.name, annotations.blockDevicePredecessor, action.predecessor);
      return;
    case 'setLeaving':
      await annotateClaim(world, action.name, annotations.leavingPool, action.instance);
      return;
    case 'clearLeaving':
      await annotateClaim(world, action.name, annotations.leavingPool, undefined);
      return;
    case 'createInstance': {
      if (cluster === undefined) return;
      await unlessThere(
        client.create(resources.cstorPoolInstance, instanceFor(world, cluster, observed, action)),
      );
      recorder.event(cluster, 'Normal', 'Pool Create', `pool ${action.name} on node ${action.node.name}`);
      return;
    }
    case 'updateInstance': {
      if (cluster === undefined) return;
      const { spec, metadata } = instanceFor(world, cluster, observed, action);
      await client.modify(resources.cstorPoolInstance, keyIn(settings, action.name), (present) => ({
        ...present,
        metadata: { ...present.metadata, labels: { ...present.metadata.labels, ...metadata.labels } },
        spec: withLinks(spec, present.spec),
      }));
      recorder.event(cluster, 'Normal', 'Update', `pool ${action.name} follows its entry`);
      return;
    }
    case 'deleteInstance':
      await client.delete(resources.cstorPoolInstance, keyIn(settings, action.name));
      if (cluster !== undefined)
        recorder.event(cluster, 'Normal', 'ScaleDown', `pool ${action.name} is removed`);
      return;
    case 'releaseClaim': {
      const claim = await client.get(resources.blockDeviceClaim, keyIn(settings, action.name));
      if (claim === undefined) return;
      await client.delete(resources.blockDeviceClaim, keyIn(settings, action.name));
      await client.removeFinalizer(resources.blockDeviceClaim, claim, finalizers.poolCluster);
      return;
    }
    case 'removeInstanceFinalizer': {
      const instance = await client.get(resources.cstorPoolInstance, keyIn(settings, action.name));
      if (instance !== undefined)
        await client.removeFinalizer(resources.cstorPoolInstance, instance, finalizers.poolCluster);
      return;
    }
  }
}

function claimFor(
  { settings }: World,
  cluster: CStorPoolCluster,
  { device, predecessor }: Extract<Action, { do: 'createClaim' }>,
) {
  const allowed = allowedTagsOf(cluster);
  return {
    apiVersion: apiVersionOf(resources.blockDeviceClaim),
    kind: resources.blockDeviceClaim.kind,
    metadata: {
      name: `bdc-cstor-${device.uid}`,
      namespace: settings.namespace,
      labels: { [labels.cstorPoolCluster]: cluster.metadata.name },
      ...(predecessor === undefined
        ? {}
        : { annotations: { [annotations.blockDevicePredecessor]: predecessor } }),
      finalizers: [finalizers.poolCluster],
      ownerReferences: [ownerReference(resources.cstorPoolCluster, cluster)],
    },
    spec: {
      blockDeviceName: device.name,
      blockDeviceNodeAttributes: { nodeName: device.node, hostName: device.hostname },
      hostName: device.hostname,
      deviceType: device.type,
      resources: { requests: { storage: device.bytes } },
      ...(device.tag === undefined || allowed === undefined
        ? {}
        : { selector: { matchLabels: { [labels.blockDeviceTag]: device.tag } } }),
    },
  };
}

function instanceFor(
  { settings }: World,
  cluster: CStorPoolCluster,
  { devices, cluster: facts }: Observed,
  { name, node, pool }: Extract<Action, { do: 'createInstance' | 'updateInstance' }>,
): CStorPoolInstance {
  const hostname = node.labels[labels.hostname] ?? node.name;
  return {
    apiVersion: apiVersionOf(resources.cstorPoolInstance),
    kind: resources.cstorPoolInstance.kind,
    metadata: {
      name,
      namespace: settings.namespace,
      labels: {
        [labels.hostname]: hostname,
        [labels.cstorPoolCluster]: cluster.metadata.name,
        [labels.version]: settings.version,
        [labels.casType]: 'cstor',
      },
      annotations: {
        ...(facts === undefined || facts.overwrite.size === 0
          ? {}
          : { [annotations.overwriteDevices]: [...facts.overwrite].join(',') }),
        ...(facts?.disableDependants === true ? { [annotations.reconcileDisable]: 'true' } : {}),
      },
      finalizers: [finalizers.poolCluster],
      ownerReferences: [ownerReference(resources.cstorPoolCluster, cluster)],
    },
    spec: {
      hostName: hostname,
      nodeSelector: { ...pool.nodeSelector },
      poolConfig: pool.config,
      dataRaidGroups: groupsFor(pool.groups, devices),
      ...(pool.writeCacheGroups.length === 0
        ? {}
        : { writeCacheRaidGroups: groupsFor(pool.writeCacheGroups, devices) }),
    },
    versionDetails: { desired: settings.version, status: { current: settings.version, state: 'Reconciled' } },
  };
}

const groupsFor = (groups: Groups, devices: ReadonlyMap<string, Device>) =>
  groups.map((group) => ({
    blockDevices: group.map((blockDeviceName) => {
      const device = devices.get(blockDeviceName);
      const devLink = device?.paths[0];
      return {
        blockDeviceName,
        ...(device === undefined ? {} : { capacity: device.bytes }),
        ...(devLink === undefined ? {} : { devLink }),
      };
    }),
  }));

/** A device whose BlockDevice is gone for now keeps what is known of it. */
function withLinks(
  spec: CStorPoolInstance['spec'],
  present: CStorPoolInstance['spec'],
): CStorPoolInstance['spec'] {
  const all = [...present.dataRaidGroups, ...(present.writeCacheRaidGroups ?? [])];
  const known = new Map(
    all.flatMap(({ blockDevices }) =>
      blockDevices.map((device) => [device.blockDeviceName, device] as const),
    ),
  );
  const fill = <G extends CStorPoolInstance['spec']['dataRaidGroups'][number]>(groups: readonly G[]) =>
    groups.map((group) => ({
      ...group,
      blockDevices: group.blockDevices.map((device) => ({ ...known.get(device.blockDeviceName), ...device })),
    }));
  return {
    ...spec,
    dataRaidGroups: fill(spec.dataRaidGroups),
    ...(spec.writeCacheRaidGroups === undefined || spec.writeCacheRaidGroups === null
      ? {}
      : { writeCacheRaidGroups: fill(spec.writeCacheRaidGroups) }),
  };
}
