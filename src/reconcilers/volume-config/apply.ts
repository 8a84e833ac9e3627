import { finalizers, ports } from '../../api/names.ts';
import { keyOf } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import type { ReplicaAddress } from '../../api/target-config.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Violation } from '../checks.ts';
import { covers, ensure } from '../objects.ts';
import { isAlreadyExists } from '../runtime/api-error.ts';
import { core } from '../runtime/core-resources.ts';
import { keyIn, type World } from '../world.ts';
import { descriptionOf } from './description.ts';
import {
  cstorVolume,
  cstorVolumeReplica,
  targetConfig,
  targetConfigMap,
  targetDeployment,
  targetKeysName,
  targetName,
  targetSecret,
  targetService,
  type VolumeWish,
} from './manifests.ts';
import type { Action, Observed } from './plan.ts';

const createReplicaDeadlineMs = 20_000;

/** Answers why a pool refused, in words for a condition; other failures are thrown and tried again. */
export async function apply(
  world: World,
  volume: VolumeWish,
  observed: Observed,
  action: Action,
): Promise<Violation | undefined> {
  const { client, informers, settings } = world;
  const { config, wish } = volume;
  const key = keyIn(settings, wish.name);
  switch (action.do) {
    case 'addFinalizer':
      await client.addFinalizer(resources.cstorVolumeConfig, config, finalizers.volumeConfig);
      return undefined;
    case 'removeFinalizer':
      await client.removeFinalizer(resources.cstorVolumeConfig, config, finalizers.volumeConfig);
      return undefined;
    case 'applyService':
      await ensure(client, core.services, targetService(volume), informers.services.store.get(key));
      return undefined;
    case 'place':
      await place(world, volume, action.pools);
      return undefined;
    case 'applyVolume':
      await applyVolume(world, volume, observed.serviceIp ?? '');
      return undefined;
    case 'createReplicaObject':
      await unlessThere(
        client.create(
          resources.cstorVolumeReplica,
          cstorVolumeReplica(volume, action.pool, action.replicaId, observed.serviceIp ?? ''),
        ),
      );
      return undefined;
    case 'createReplica':
      return await createReplica(world, volume, action.pool, action.replicaId);
    case 'applyTarget':
      await applyTarget(world, volume, observed);
      return undefined;
    case 'deleteTarget':
      await deleteTarget(world, wish.name);
      return undefined;
    case 'deleteReplicaObject':
      await client.delete(resources.cstorVolumeReplica, keyIn(settings, action.name));
      return undefined;
    case 'deleteVolume':
      await client.delete(resources.cstorVolume, key);
      return undefined;
  }
}

/** Names and ids follow from uids, so what is there already is our own. */
async function unlessThere(created: Promise<unknown>): Promise<void> {
  try {
    await created;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** The decision stands in the API, on the revision that it was made for, before anything follows from it. */
async function place(
  { client }: World,
  { config, policy }: VolumeWish,
  pools: readonly string[],
): Promise<void> {
  const replicaPoolInfo = pools.map((poolName) => ({ poolName }));
  await client.patch(resources.cstorVolumeConfig, keyOf(config), {
    metadata: { resourceVersion: config.metadata.resourceVersion },
    spec: { policy: { ...policy, replicaPoolInfo } },
  });
}

/** Creates the record of the volume, or mends all of it but the replicas' GUIDs. */
async function applyVolume(
  { client, informers }: World,
  volume: VolumeWish,
  serviceIp: string,
): Promise<void> {
  const wanted = cstorVolume(volume, serviceIp);
  const present = informers.volumes.store.get(keyOf(wanted));
  if (present === undefined) await unlessThere(client.create(resources.cstorVolume, wanted));
  else if (!covers(present.spec, { targetIP: wanted.spec.targetIP, targetPortal: wanted.spec.targetPortal }))
    await client.patch(resources.cstorVolume, keyOf(wanted), {
      spec: { targetIP: wanted.spec.targetIP, targetPortal: wanted.spec.targetPortal },
    });
}

/** Makes the replica on its pool and records its GUID; the same call answers the same GUID. */
async function createReplica(
  world: World,
  volume: VolumeWish,
  pool: string,
  replicaId: string,
): Promise<Violation | undefined> {
  const { wish } = volume;
  const client = world.pools.client(pool);
  if (client === undefined) return undefined; // it was there when the plan was made; its return calls us again
  try {
    const { guid } = await client.call(
      'CreateReplica',
      {
        volume: wish.name,
        replicaId,
        sizeBytes: wish.sizeBytes,
        description: descriptionOf(volume),
      },
      { deadlineMs: createReplicaDeadlineMs },
    );
    await world.client.patch(resources.cstorVolume, keyIn(world.settings, wish.name), {
      spec: { replicaDetails: { knownReplicas: { [replicaId]: guid } } },
    });
    return undefined;
  } catch (error) {
    if (error instanceof StatusError && refusals.has(error.code))
      return { reason: 'ReplicaRefused', message: `pool ${pool} refuses the replica: ${error.message}` };
    throw error;
  }
}
/** Answers that another try alone would not change. */
const refusals: ReadonlySet<string> = new Set([
  'FAILED_PRECONDITION',
  'INVALID_ARGUMENT',
  'RESOURCE_EXHAUSTED',
]);

/** Keys and configuration before the Deployment that mounts them. */
async function applyTarget(world: World, volume: VolumeWish, observed: Observed): Promise<void> {
  const { client, informers, settings, masterKey } = world;
  const { wish } = volume;
  const members = observed.volume?.knownReplicas ?? {};
  const replicas = addresses(world, observed, members);
  if (replicas === undefined) return; // a pool's Service is being made anew; it calls us again
  const target = {
    ...volume,
    masterKey,
    target: targetConfig(wish, observed.serviceIp ?? '', members, replicas),
  };
  const key = keyIn(settings, targetName(wish.name));
  const keysKey = keyIn(settings, targetKeysName(wish.name));
  await ensure(client, core.secrets, targetSecret(target), informers.secrets.store.get(keysKey));
  await ensure(client, core.configMaps, targetConfigMap(target), informers.configMaps.store.get(key));
  await ensure(client, core.deployments, targetDeployment(target), informers.deployments.store.get(key));
}

/** Where each member is reached: its pool's Service, whose address outlives pods. */
function addresses(
  { informers, settings }: World,
  { replicas }: Observed,
  members: Readonly<Record<string, string>>,
): Readonly<Record<string, ReplicaAddress>> | undefined {
  const found: Record<string, ReplicaAddress> = {};
  for (const { replicaId, pool } of replicas) {
    if (members[replicaId] === undefined) continue;
    const ip = informers.services.store.get(keyIn(settings, pool))?.spec?.clusterIP;
    if (ip === undefined || ip === '') return undefined;
    found[replicaId] = { pool, replication: `${ip}:${ports.replication}`, copy: `${ip}:${ports.copy}` };
  }
  return Object.keys(found).length === Object.keys(members).length ? found : undefined;
}

async function deleteTarget({ client, settings }: World, volume: string): Promise<void> {
  const key = keyIn(settings, targetName(volume));
  await client.delete(core.deployments, key, { propagation: 'Background' });
  await client.delete(core.configMaps, key);
  await client.delete(core.secrets, keyIn(settings, targetKeysName(volume)));
  await client.delete(core.services, keyIn(settings, volume));
}
