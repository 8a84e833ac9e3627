/** What a pool's turn to be restarted depends on, from the objects and from what pools and targets say. */
import { labels } from '../../api/names.ts';
import { deploymentOf, isRolledOut, isStarted, podsOf, readyPod } from '../pods.ts';
import { targetName } from '../volume-config/manifests.ts';
import { keyIn, type World } from '../world.ts';
import { makeOf } from './manifests.ts';
import { isServing } from './plan.ts';
import { isSamePool, type Neighbour, type Roll, type Shared } from './roll.ts';
import type { PoolFacts } from './status.ts';

export function observeRoll(world: World, name: string, facts: PoolFacts): Roll {
  const { settings } = world;
  const template = deploymentOf(world, name)?.spec?.template;
  const volumes = volumesOn(world, name);
  const names = new Set(volumes.flatMap((volume) => poolsOf(world, volume)));
  return {
    name,
    mode: settings.replicationTlsMode,
    wanted: settings,
    made: template && makeOf(template),
    // One that runs may serve, whether or not it answers us.
    isDown:
      facts.pool === undefined
        ? !podsOf(world, labels.cstorPoolInstance, name).some(isStarted)
        : !isServing(facts.pool),
    neighbours: [...names].filter((each) => each !== name).map((each) => neighbourOf(world, each)),
    volumes: volumes.map((volume) => sharedOf(world, volume, name)),
  };
}

/** Volumes that somebody may use: those whose target is meant to run. */
function volumesOn(world: World, pool: string): readonly string[] {
  const names = world.informers.replicas.store
    .byLabel(labels.poolInstanceName, pool)
    .map(({ metadata }) => metadata.labels?.[labels.persistentVolume] ?? '');
  return names.filter((name) => deploymentOf(world, targetName(name)) !== undefined);
}

/** Names of the pools that have a replica of this volume, without those that are gone for good. */
export const poolsOf = ({ informers, settings }: World, volume: string): readonly string[] =>
  informers.replicas.store
    .byLabel(labels.persistentVolume, volume)
    .map(({ metadata }) => metadata.labels?.[labels.poolInstanceName] ?? '')
    .filter((pool) => informers.instances.store.get(keyIn(settings, pool)) !== undefined);

/** A pod of an older template is about to be replaced, and counts as one that is away. */
export function neighbourOf(world: World, name: string): Neighbour {
  const deployment = deploymentOf(world, name);
  const template = deployment?.spec?.template;
  return {
    name,
    isMade: template !== undefined && isSamePool(makeOf(template), world.settings),
    serves:
      isRolledOut(deployment) &&
      readyPod(world, labels.cstorPoolInstance, name) &&
      isServing(world.pools.status(name)),
  };
}

function sharedOf({ targets }: World, volume: string, pool: string): Shared {
  const replicas = targets.status(volume)?.replicas;
  const behind = replicas?.filter((each) => each.pool !== pool && each.state !== 'InSync');
  return { name: volume, behind: behind?.map((each) => each.pool) };
}
