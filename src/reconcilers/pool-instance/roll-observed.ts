/** What a pool's turn to be restarted depends on, from the objects and from what pools and targets say. */
import { labels } from '../../api/names.ts';
import { isStarted, podsOf, readyPod } from '../pods.ts';
import { startedWith, tlsSecretOf } from '../pod-template.ts';
import { targetName } from '../volume-config/manifests.ts';
import { keyIn, type World } from '../world.ts';
import { isServing } from './plan.ts';
import type { Neighbour, Roll, Shared } from './roll.ts';
import type { PoolFacts } from './status.ts';

export function observeRoll(world: World, name: string, facts: PoolFacts): Roll {
  const { replicationTlsSecret: wanted, replicationTlsMode: mode } = world.settings;
  const template = templateOf(world, name);
  const volumes = volumesOn(world, name);
  const names = new Set(volumes.flatMap((volume) => poolsOf(world, volume)));
  return {
    name,
    mode,
    wanted,
    secret: template && tlsSecretOf(template.spec),
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
function volumesOn({ informers, settings }: World, pool: string): readonly string[] {
  const names = informers.replicas.store
    .byLabel(labels.poolInstanceName, pool)
    .map(({ metadata }) => metadata.labels?.[labels.persistentVolume] ?? '');
  return names.filter(
    (name) => informers.deployments.store.get(keyIn(settings, targetName(name))) !== undefined,
  );
}

const poolsOf = ({ informers }: World, volume: string): readonly string[] =>
  informers.replicas.store
    .byLabel(labels.persistentVolume, volume)
    .map(({ metadata }) => metadata.labels?.[labels.poolInstanceName] ?? '');

/** A pod of an older template is about to be replaced, and counts as one that is away. */
function neighbourOf(world: World, name: string): Neighbour {
  const template = templateOf(world, name);
  const secret = tlsSecretOf(template?.spec);
  const hash = startedWith(template);
  const pods = podsOf(world, labels.cstorPoolInstance, name);
  return {
    name,
    secret,
    serves:
      pods.every((pod) => tlsSecretOf(pod.spec) === secret && startedWith(pod) === hash) &&
      readyPod(world, labels.cstorPoolInstance, name) &&
      isServing(world.pools.status(name)),
  };
}

function sharedOf({ targets }: World, volume: string, pool: string): Shared {
  const replicas = targets.status(volume)?.replicas;
  const behind = replicas?.filter((each) => each.pool !== pool && each.state !== 'InSync');
  return { name: volume, behind: behind?.map((each) => each.pool) };
}

const templateOf = ({ informers, settings }: World, pool: string) =>
  informers.deployments.store.get(keyIn(settings, pool))?.spec?.template;
