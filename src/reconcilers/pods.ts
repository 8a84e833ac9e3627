/** The pods of the data plane: one per pool instance, one per volume. */
import { ports } from '../api/names.ts';
import { keyIn, type World } from './world.ts';

type Pod = ReturnType<World['informers']['pods']['store']['list']>[number];

const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

/** A container of it runs, and is not about to be stopped: it may serve though nothing is heard of it. */
export const isStarted = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true;

/** Whatever state they are in. */
export const podsOf = (world: World, label: string, value: string): readonly Pod[] =>
  world.informers.pods.store
    .byLabel(label, value)
    .filter((pod) => pod.metadata.namespace === world.settings.namespace);

/** A pod with this label is ready. */
export const readyPod = (world: World, label: string, value: string): boolean =>
  podsOf(world, label, value).some(isReady);

/**
 * HOST:PORT of the admin gRPC of the newest pod that may answer. The pod's own address, not the Service's: a pool
 * without a pool and a target without a quorum are not ready, and it is them that we have to talk to.
 */
export function adminAddress(world: World, label: string, value: string): string | undefined {
  const alive = podsOf(world, label, value).filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      pod.status?.phase === 'Running' &&
      pod.status.podIP !== undefined &&
      pod.status.podIP !== '',
  );
  const newest = alive.toSorted((a, b) =>
    (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1,
  )[0];
  const address = newest?.status?.podIP;
  if (address === undefined) return undefined;
  return address.includes(':') ? `[${address}]:${ports.admin}` : `${address}:${ports.admin}`;
}

/** Of a pool by the pool's name, of a target by its own. */
export const deploymentOf = ({ informers, settings }: World, name: string) =>
  informers.deployments.store.get(keyIn(settings, name));

/** Its pod is of its newest template, as its controller says; what pods look like may be others' business, too. */
export const isRolledOut = (deployment: ReturnType<typeof deploymentOf>): boolean => {
  const { observedGeneration = 0, updatedReplicas = 0 } = deployment?.status ?? {};
  return observedGeneration >= (deployment?.metadata.generation ?? 0) && updatedReplicas > 0;
};
