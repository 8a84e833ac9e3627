import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { finalizers, labels } from '../../api/names.ts';
import type { PoolConfig, PoolDevice } from '../../api/pool-config.ts';
import { adminToken } from '../../shared/keys.ts';
import { deviceOf } from '../block-device-claim/inventory.ts';
import { hashOf } from '../objects.ts';
import { claimNameOf } from '../pool-cluster/plan.ts';
import { configHashAnnotation } from '../pod-template.ts';
import { adminAddress, readyPod } from '../pods.ts';
import { keyIn, type World } from '../world.ts';
import { devicePath, mountsOf, wantedMount } from './device-volumes.ts';
import { poolConfig, type PoolWish } from './manifests.ts';
import type { Instance } from './plan.ts';
import type { PoolFacts } from './status.ts';

export interface Observed {
  readonly instance: Instance;
  readonly facts: PoolFacts;
  readonly wish: PoolWish;
}

export function observe(world: World, instance: CStorPoolInstance): Observed {
  const { metadata, status } = instance;
  const facts = observePool(world, metadata.name);
  const devices = devicesOf(world, instance);
  const { mounts, wanted } = mountsFor(world, instance, facts);
  const config = poolConfig(
    metadata.name,
    instance.spec.poolConfig?.dataRaidGroupType === 'mirror' ? 'mirror' : 'stripe',
    devices,
  );
  const inUse = devices.flat().some(({ paths }) => paths.some((path) => isSparse(world, path)));
  return {
    instance: {
      name: metadata.name,
      deleting: metadata.deletionTimestamp !== undefined,
      poolProtected: metadata.finalizers?.includes(finalizers.poolProtection) === true,
      phase: status?.phase ?? '',
      poolGuid: status?.poolGuid ?? '',
      replicas: world.informers.replicas.store.byLabel(labels.poolInstanceName, metadata.name).length,
      devicesBound: namesOf(instance).every((name) => isBound(world, name)),
    },
    facts,
    wish: {
      instance,
      config,
      configHash: configHash(world, metadata.name, config, facts),
      mounts,
      wanted,
      sparse: inUse,
      settings: world.settings,
      masterKey: world.masterKey,
    },
  };
}

const namesOf = ({ spec }: CStorPoolInstance): readonly string[] =>
  spec.dataRaidGroups.flatMap((group) => group.blockDevices.map((device) => device.blockDeviceName));

function isBound(world: World, name: string): boolean {
  const object = world.informers.devices.store.get(keyIn(world.settings, name));
  if (object === undefined) return false;
  const device = deviceOf(object);
  return device.claim?.name === claimNameOf(device) && device.claimState === 'Claimed';
}

/** Watches the pod that is there now, and answers what it says. */
function observePool(world: World, name: string): PoolFacts {
  const { pools } = world;
  const address = adminAddress(world, labels.cstorPoolInstance, name);
  if (address === undefined) pools.forget(name);
  else pools.track(name, address, adminToken(world.masterKey, 'pool', name));
  return {
    pool: pools.status(name),
    expected: pools.expected(name),
    podReady: readyPod(world, labels.cstorPoolInstance, name),
  };
}

/** A device whose BlockDevice is gone keeps the paths that the daemon was told last. */
function devicesOf(world: World, instance: CStorPoolInstance): readonly (readonly PoolDevice[])[] {
  const told = toldPaths(world, instance.metadata.name);
  return instance.spec.dataRaidGroups.map((group) =>
    group.blockDevices.map(({ blockDeviceName, devLink }) => {
      const object = world.informers.devices.store.get(keyIn(world.settings, blockDeviceName));
      const fallback = told.get(blockDeviceName) ?? (devLink === undefined ? [] : [devLink]);
      if (object === undefined) return { name: blockDeviceName, paths: fallback };
      const { paths } = deviceOf(object);
      const file = paths.some((path) => isSparse(world, path));
      return { name: blockDeviceName, paths: file ? paths : [devicePath(blockDeviceName)] };
    }),
  );
}

const isSparse = ({ settings }: World, path: string): boolean => path.startsWith(`${settings.sparseDir}/`);

/**
 * A pod that runs keeps the devices it has: a new path to a device that it has open, or one that has vanished, is no
 * reason to start anew. Otherwise it gets those that are there; a mirror serves without the others, but a pod whose
 * device is missing would never start.
 */
function mountsFor(world: World, instance: CStorPoolInstance, { pool }: PoolFacts) {
  const { name } = instance.metadata;
  const there = namesOf(instance).flatMap((device) => {
    const object = world.informers.devices.store.get(keyIn(world.settings, device));
    const found = object === undefined ? undefined : deviceOf(object);
    if (found === undefined || found.paths.some((path) => isSparse(world, path))) return [];
    return found.state === 'Inactive' ? [] : (wantedMount(found) ?? []);
  });
  const template = world.informers.deployments.store.get(keyIn(world.settings, name))?.spec?.template.spec;
  const present = mountsOf(template);
  const runs = adminAddress(world, labels.cstorPoolInstance, name) !== undefined;
  const keeps = present.length > 0 && runs && (pool === undefined || serves(pool.phase));
  return { mounts: keeps ? present : there, wanted: there };
}

const serves = (phase: string | undefined): boolean =>
  phase === 'POOL_PHASE_ONLINE' || phase === 'POOL_PHASE_DEGRADED';

function toldPaths(world: World, name: string): ReadonlyMap<string, readonly string[]> {
  const text = world.informers.configMaps.store.get(keyIn(world.settings, name))?.data?.['pool.json'];
  if (text === undefined) return new Map();
  try {
    const { groups } = JSON.parse(text) as PoolConfig;
    return new Map(
      groups.flatMap(({ devices }) => devices.map((device) => [device.name, device.paths] as const)),
    );
  } catch {
    return new Map(); // somebody's hand was in it; it is written anew
  }
}

/** A pool that serves is not restarted for a new path to a device that it has open; one that does not serve is. */
function configHash(world: World, name: string, config: PoolConfig, { pool }: PoolFacts): string {
  const deployment = world.informers.deployments.store.get(keyIn(world.settings, name));
  const started = deployment?.spec?.template.metadata?.annotations?.[configHashAnnotation];
  return started !== undefined && (pool === undefined || serves(pool.phase)) ? started : hashOf(config);
}
