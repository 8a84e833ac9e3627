import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { annotations, finalizers, labels, scrubWish } from '../../api/names.ts';
import type { PoolConfig, PoolDevice } from '../../api/pool-config.ts';
import { adminToken } from '../../shared/keys.ts';
import { deviceOf } from '../block-device-claim/inventory.ts';
import { hashOf } from '../objects.ts';
import { groupsOf } from '../pool-cluster/inventory.ts';
import { claimNameOf } from '../pool-cluster/claims.ts';
import { startedWith, type Turn } from '../pod-template.ts';
import { adminAddress, readyPod } from '../pods.ts';
import { keyIn, type World } from '../world.ts';
import { devicePath, mountsOf, wantedMount } from './device-volumes.ts';
import { makeOf, poolConfig, type PoolWish } from './manifests.ts';
import { isServing, type Instance, type Leaving, type Replacing } from './plan.ts';
import { propertiesOf } from './properties.ts';
import { observeRoll } from './roll-observed.ts';
import { isSamePool, turnOf, type Make } from './roll.ts';
import type { PoolFacts } from './status.ts';

export interface Observed {
  readonly instance: Instance;
  readonly facts: PoolFacts;
  readonly wish: PoolWish;
  readonly turn: Turn<Make>;
}

export function observe(world: World, instance: CStorPoolInstance): Observed {
  const { metadata, spec, status } = instance;
  const facts = observePool(world, metadata.name);
  const replacing = replacingOf(world, instance);
  const leavingLogs = leavingOf(world, instance);
  const leaving = [
    ...replacing.map(({ predecessor }) => predecessor),
    ...leavingLogs.map(({ device }) => device).filter((device) => !namesOf(instance).includes(device)),
  ];
  const find = devicesOf(world, instance);
  const devices = {
    groups: groupsOf(spec.dataRaidGroups).map((group) => group.map(find)),
    logGroups: groupsOf(spec.writeCacheRaidGroups).map((group) => group.map(find)),
    leaving: leaving.map(find),
  };
  const { mounts, wanted } = mountsFor(world, instance, [...namesOf(instance), ...leaving], facts);
  const raidType = spec.poolConfig?.dataRaidGroupType ?? 'stripe';
  const turn = turnOf(observeRoll(world, metadata.name, facts));
  const settings = { ...world.settings, ...turn.make };
  const config = poolConfig(metadata.name, layoutOf(raidType), devices, settings);
  const all = [...devices.groups.flat(), ...devices.logGroups.flat(), ...devices.leaving];
  return {
    instance: {
      name: metadata.name,
      deleting: metadata.deletionTimestamp !== undefined,
      poolProtected: metadata.finalizers?.includes(finalizers.poolProtection) === true,
      phase: status?.phase ?? '',
      poolGuid: status?.poolGuid ?? '',
      replicas: world.informers.replicas.store.byLabel(labels.poolInstanceName, metadata.name).length,
      devicesBound: namesOf(instance).every((name) => isBound(world, name)),
      raidType,
      groups: groupsOf(spec.dataRaidGroups),
      writeCacheType: spec.poolConfig?.writeCacheGroupType ?? 'stripe',
      writeCacheGroups: groupsOf(spec.writeCacheRaidGroups),
      properties: propertiesOf(spec.poolConfig ?? {}),
      replacing,
      leaving: leavingLogs,
      scrub: metadata.annotations?.[scrubWish.annotation],
    },
    facts,
    wish: {
      instance,
      config,
      configHash: configHash(world, metadata.name, config, facts, settings),
      devicesHash: hashOf(namesOf(instance).toSorted()),
      mounts,
      wanted,
      sparse: all.some(({ paths }) => paths.some((path) => isSparse(world, path))),
      settings,
      masterKey: world.masterKey,
    },
    turn,
  };
}

const layouts: readonly PoolConfig['layout'][] = ['stripe', 'mirror', 'raidz', 'raidz2'];
const layoutOf = (raidType: string): PoolConfig['layout'] =>
  layouts.find((layout) => layout === raidType) ?? 'stripe';

const namesOf = ({ spec }: CStorPoolInstance): readonly string[] =>
  [...groupsOf(spec.dataRaidGroups), ...groupsOf(spec.writeCacheRaidGroups)].flat();

/** As the claims of the instance's devices say. */
function replacingOf(world: World, instance: CStorPoolInstance): readonly Replacing[] {
  const names = namesOf(instance);
  const cluster = instance.metadata.labels?.[labels.cstorPoolCluster] ?? '';
  return world.informers.deviceClaims.store
    .byLabel(labels.cstorPoolCluster, cluster)
    .flatMap(({ metadata, spec }) => {
      const predecessor = metadata.annotations?.[annotations.blockDevicePredecessor];
      const device = spec?.blockDeviceName ?? '';
      return predecessor === undefined || !names.includes(device)
        ? []
        : [{ claim: metadata.name, device, predecessor }];
    });
}

/** Log devices that the pool has to let go of, as their claims say. */
function leavingOf(world: World, { metadata }: CStorPoolInstance): readonly Leaving[] {
  const cluster = metadata.labels?.[labels.cstorPoolCluster] ?? '';
  return world.informers.deviceClaims.store
    .byLabel(labels.cstorPoolCluster, cluster)
    .filter((claim) => claim.metadata.annotations?.[annotations.leavingPool] === metadata.name)
    .map((claim) => ({ claim: claim.metadata.name, device: claim.spec?.blockDeviceName ?? '' }));
}

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
function devicesOf(world: World, instance: CStorPoolInstance): (name: string) => PoolDevice {
  const told = toldPaths(world, instance.metadata.name);
  const links = new Map(
    [...instance.spec.dataRaidGroups, ...(instance.spec.writeCacheRaidGroups ?? [])].flatMap(
      ({ blockDevices }) => blockDevices.map((device) => [device.blockDeviceName, device.devLink] as const),
    ),
  );
  return (name) => {
    const object = world.informers.devices.store.get(keyIn(world.settings, name));
    const devLink = links.get(name);
    if (object === undefined)
      return { name, paths: told.get(name) ?? (devLink === undefined ? [] : [devLink]) };
    const { paths } = deviceOf(object);
    const file = paths.some((path) => isSparse(world, path));
    return { name, paths: file ? paths : [devicePath(name)] };
  };
}

const isSparse = ({ settings }: World, path: string): boolean => path.startsWith(`${settings.sparseDir}/`);

/**
 * A pod that runs keeps the devices it has: a new path to a device that it has open, or one that has vanished, is no
 * reason to start anew; one that joins, or was replaced, is. Otherwise it gets those that are there; a mirror serves
 * without the others, but a pod whose device is missing would never start.
 */
function mountsFor(world: World, instance: CStorPoolInstance, names: readonly string[], { pool }: PoolFacts) {
  const { name } = instance.metadata;
  const there = names.flatMap((device) => {
    const object = world.informers.devices.store.get(keyIn(world.settings, device));
    const found = object === undefined ? undefined : deviceOf(object);
    if (found === undefined || found.paths.some((path) => isSparse(world, path))) return [];
    return found.state === 'Inactive' ? [] : (wantedMount(found) ?? []);
  });
  const template = world.informers.deployments.store.get(keyIn(world.settings, name))?.spec?.template.spec;
  const present = mountsOf(template);
  const runs = adminAddress(world, labels.cstorPoolInstance, name) !== undefined;
  const same =
    there.every(({ device }) => present.some((mount) => mount.device === device)) &&
    present.every(({ device }) => names.includes(device));
  const keeps = present.length > 0 && same && runs && (pool === undefined || isServing(pool));
  return { mounts: keeps ? present : there, wanted: there };
}

function toldPaths(world: World, name: string): ReadonlyMap<string, readonly string[]> {
  const text = world.informers.configMaps.store.get(keyIn(world.settings, name))?.data?.['pool.json'];
  if (text === undefined) return new Map();
  try {
    const { groups, logGroups = [], leaving = [] } = JSON.parse(text) as PoolConfig;
    const devices = [...[...groups, ...logGroups].flatMap((group) => group.devices), ...leaving];
    return new Map(devices.map((device) => [device.name, device.paths] as const));
  } catch {
    return new Map(); // somebody's hand was in it; it is written anew
  }
}

/**
 * A pool that serves is not restarted for a new path to a device that it has open; one that does not serve is. A pod that
 * is made anew for another reason gets the hash of what it will read: with the old one it would be replaced once more
 * as soon as it is seen not to serve.
 */
function configHash(
  { informers }: World,
  name: string,
  config: PoolConfig,
  { pool }: PoolFacts,
  settings: World['settings'],
): string {
  const template = informers.deployments.store.get(keyIn(settings, name))?.spec?.template;
  const started = startedWith(template);
  const stays = template !== undefined && isSamePool(makeOf(template), settings);
  return started !== undefined && stays && (pool === undefined || isServing(pool)) ? started : hashOf(config);
}
