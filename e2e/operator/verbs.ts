/** What the operator's checks have in common: how they ask, wait and compare. */
import type { CStorVolumeConfig } from '../../src/api/kinds/cstorvolumeconfig.ts';
import type { KubernetesObject } from '../../src/api/object-meta.ts';
import { resources, type Resource } from '../../src/api/resources.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';

export const everyMs = 100;
/** The pools that most checks use, by the name of their claim. */
export const pool = 'cstor-disk-pool';

/** As text, for what is still missing: never undefined, which would count as there. */
export const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: is ${is}, should be ${should}`);
}
/** In one order, for comparing. */
export const fieldsOf = (record: Readonly<Record<string, string>> | undefined): string[] =>
  Object.entries(record ?? {})
    .map(([field, value]) => `${field}=${value}`)
    .toSorted();
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** What the checks ask of the API server, and wait for. */
export function verbsOf({ api, cluster }: Bench) {
  const { client } = cluster;
  const apply = async (yaml: string) => {
    const { status, stderr } = await api.tryKubectl(['apply', '-f', '-'], { input: yaml });
    if (status !== 0) throw new Error(stderr);
  };
  const get = <T extends KubernetesObject>(resource: Resource<T>, name: string) =>
    client.get(resource, resource.namespaced ? { namespace, name } : { name });
  const list = <T extends KubernetesObject>(resource: Resource<T>) => client.list(resource, { namespace });
  const gone = async (resource: Resource<KubernetesObject>, name: string) =>
    await until(
      `${resource.kind} ${name} is gone`,
      30_000,
      async () => ((await get(resource, name)) === undefined ? {} : 'it is there'),
      everyMs,
    );
  const bound = async (name: string) =>
    await until<CStorVolumeConfig>(
      `${name} is Bound`,
      30_000,
      async () => {
        const config = await get(resources.cstorVolumeConfig, name);
        return config?.status?.phase === 'Bound' ? config : shown(config?.status);
      },
      everyMs,
    );
  const healthyCluster = async (name: string, count: number) =>
    await until(
      `${name} has ${count} healthy pools`,
      30_000,
      async () => {
        const found = await get(resources.cstorPoolCluster, name);
        return found?.status?.healthyInstances === count ? found : shown(found?.status);
      },
      everyMs,
    );
  const volumePhase = async (name: string, phase: string) =>
    await until(
      `volume ${name} is ${phase}`,
      30_000,
      async () => {
        const found = await get(resources.cstorVolume, name);
        return found?.status?.phase === phase ? found : shown(found?.status);
      },
      everyMs,
    );
  const eventOn = async (kind: string, name: string, reason: string, text: string) =>
    await until(
      `event ${reason} with "${text}" on ${kind} ${name}`,
      15_000,
      async () => {
        const events = await client.list(core.events);
        const of = events.filter(
          ({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name,
        );
        return (
          of.find((event) => event.reason === reason && (event.message ?? '').includes(text)) ??
          shown(of.map((event) => [event.reason, event.message]))
        );
      },
      everyMs,
    );
  const deviceClaimed = async (name: string) => (await get(resources.blockDevice, name))?.status?.claimState;
  const instancesOf = async (name: string) =>
    (await list(resources.cstorPoolInstance)).filter(
      ({ metadata }) => metadata.labels?.['openebs.io/cstor-pool-cluster'] === name,
    );

  const pvc = async (name: string) => {
    const found = await client.get(core.persistentVolumeClaims, { namespace: 'default', name });
    if (found === undefined) throw new Error(`no claim ${name}`);
    return found;
  };
  return {
    apply,
    get,
    list,
    gone,
    bound,
    healthyCluster,
    volumePhase,
    eventOn,
    deviceClaimed,
    instancesOf,
    pvc,
  };
}
