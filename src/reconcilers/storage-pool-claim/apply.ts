import type { CStorPoolCluster } from '../../api/kinds/cstorpoolcluster.ts';
import type { StoragePoolClaim } from '../../api/kinds/storagepoolclaim.ts';
import { annotations, labels } from '../../api/names.ts';
import { ownerReference } from '../../api/object-meta.ts';
import { apiVersionOf, resources } from '../../api/resources.ts';
import { amountsSetting, tolerationsSetting, type CasConfig } from '../inventory.ts';
import { ensure } from '../objects.ts';
import type { World } from '../world.ts';
import type { Wanted, WantedPool } from './plan.ts';

/** Writes the cluster of a claim, unless it is as wanted. */
export async function applyCluster(
  world: World,
  claim: StoragePoolClaim,
  wanted: Wanted,
  config: CasConfig,
  present: CStorPoolCluster | undefined,
): Promise<void> {
  const { client, settings } = world;
  const allowed = claim.metadata.annotations?.[annotations.allowedBlockDeviceTags];
  const overwrite = claim.metadata.annotations?.[annotations.overwriteDevices];
  const cluster: CStorPoolCluster = {
    apiVersion: apiVersionOf(resources.cstorPoolCluster),
    kind: resources.cstorPoolCluster.kind,
    metadata: {
      name: claim.metadata.name,
      namespace: settings.namespace,
      labels: { [labels.storagePoolClaim]: claim.metadata.name, [labels.version]: settings.version },
      annotations: {
        ...(allowed === undefined ? {} : { [annotations.allowedBlockDeviceTags]: allowed }),
        ...(overwrite === undefined ? {} : { [annotations.overwriteDevices]: overwrite }),
      },
      ownerReferences: [ownerReference(resources.storagePoolClaim, claim)],
    },
    spec: { ...podSettings(config), pools: wanted.pools.map((pool) => poolEntry(claim, wanted, pool)) },
  };
  await ensure(client, resources.cstorPoolCluster, cluster, present);
}

function poolEntry(
  claim: StoragePoolClaim,
  { raidType, width = Infinity }: Wanted,
  { hostname, devices }: WantedPool,
) {
  const { thickProvisioning, roThresholdLimit } = claim.spec.poolSpec;
  const size = Math.min(width, devices.length);
  const groups = Array.from({ length: devices.length / size }, (_, n) =>
    devices.slice(n * size, (n + 1) * size),
  );
  return {
    nodeSelector: { [labels.hostname]: hostname },
    dataRaidGroups: groups.map((group) => ({
      blockDevices: group.map((blockDeviceName) => ({ blockDeviceName })),
    })),
    poolConfig: {
      dataRaidGroupType: raidType,
      ...(thickProvisioning === undefined ? {} : { thickProvision: thickProvisioning }),
      ...(roThresholdLimit === undefined ? {} : { roThresholdLimit }),
    },
  };
}

/** PoolResource…, AuxResource… and Tolerations of cas.openebs.io/config. Throws CasConfigError. */
export function podSettings(config: CasConfig): Omit<CStorPoolCluster['spec'], 'pools'> {
  const amounts = (prefix: string) => {
    const requests = amountsSetting(config, `${prefix}Requests`);
    const limits = amountsSetting(config, `${prefix}Limits`);
    if (requests === undefined && limits === undefined) return undefined;
    return { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) };
  };
  const pool = amounts('PoolResource');
  const aux = amounts('AuxResource');
  const tolerations = tolerationsSetting(config, 'Tolerations');
  return {
    ...(pool === undefined ? {} : { resources: pool }),
    ...(aux === undefined ? {} : { auxResources: aux }),
    ...(tolerations === undefined ? {} : { tolerations: [...tolerations] }),
  };
}
