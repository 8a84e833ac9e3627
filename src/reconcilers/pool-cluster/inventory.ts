/** A CStorPoolCluster and what belongs to it, as the planner sees them: plain facts, defaults filled in. */
import type { CStorPoolCluster } from '../../api/kinds/cstorpoolcluster.ts';
import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { finalizers } from '../../api/names.ts';

export const raidTypes: readonly string[] = ['stripe', 'mirror', 'raidz', 'raidz2'];
/** The log is written in small pieces: parity would cost more than a copy. */
export const writeCacheTypes: readonly string[] = ['stripe', 'mirror'];

export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PoolEntry {
  readonly index: number;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly raidType: string;
  /** Device names by data group. */
  readonly groups: readonly (readonly string[])[];
  readonly writeCacheGroups: readonly (readonly string[])[];
  /** poolConfig with the cluster's defaults for resources, tolerations, … */
  readonly config: PoolConfigSpec;
}

type SpecPool = CStorPoolCluster['spec']['pools'] extends readonly (infer P)[] | undefined ? P : never;
export type PoolConfigSpec = NonNullable<SpecPool['poolConfig']>;

export interface Cluster {
  readonly name: string;
  readonly uid: string;
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
  readonly pools: readonly PoolEntry[];
  readonly allowedTags: ReadonlySet<string>;
  /** Devices whose content may be destroyed. */
  readonly overwrite: ReadonlySet<string>;
  readonly disableDependants: boolean;
}

export interface Instance {
  readonly name: string;
  readonly deleting: boolean;
  /** It carries openebs.io/pool-protection: there may be a pool on its devices. */
  readonly poolProtected: boolean;
  readonly clusterFinalizer: boolean;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly raidType: string;
  readonly groups: readonly (readonly string[])[];
  readonly writeCacheGroups: readonly (readonly string[])[];
  readonly config: PoolConfigSpec;
  readonly phase: string;
  /** Its Deployment has a ready pod. */
  readonly ready: boolean;
  /** CStorVolumeReplicas on it. */
  readonly replicas: number;
}

const names = (value: string | undefined): ReadonlySet<string> =>
  new Set(
    (value ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );

type RaidGroups = SpecPool['dataRaidGroups'];
export const groupsOf = (groups: RaidGroups | null | undefined): readonly (readonly string[])[] =>
  (groups ?? []).map((group) => (group.blockDevices ?? []).map((device) => device.blockDeviceName));

export const overwriteAnnotation = 'cstor.openebs.io/overwrite-devices';

export function clusterOf({ metadata, spec }: CStorPoolCluster): Cluster {
  const annotations = metadata.annotations ?? {};
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    deleting: metadata.deletionTimestamp !== undefined,
    finalizers: metadata.finalizers ?? [],
    allowedTags: names(annotations['openebs.io/allowed-bd-tags']),
    overwrite: names(annotations[overwriteAnnotation]),
    disableDependants: annotations['reconcile.openebs.io/disable-dependants'] === 'true',
    pools: (spec.pools ?? []).map((pool, index) => ({
      index,
      nodeSelector: pool.nodeSelector,
      raidType: pool.poolConfig?.dataRaidGroupType ?? '',
      groups: groupsOf(pool.dataRaidGroups),
      writeCacheGroups: groupsOf(pool.writeCacheRaidGroups),
      config: configOf(spec, pool),
    })),
  };
}

/** What the entry says, else what the cluster says. */
function configOf(spec: CStorPoolCluster['spec'], pool: SpecPool): PoolConfigSpec {
  const { resources, tolerations, priorityClassName } = {
    ...dropNull(spec),
    ...dropNull(pool.poolConfig ?? {}),
  };
  return {
    ...dropNull(pool.poolConfig ?? {}),
    dataRaidGroupType: pool.poolConfig?.dataRaidGroupType ?? '',
    ...(resources === undefined ? {} : { resources }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(priorityClassName === undefined || priorityClassName === '' ? {} : { priorityClassName }),
  };
}

type NonNull<T> = { [K in keyof T]: Exclude<T[K], null> };
const dropNull = <T extends object>(value: T): NonNull<T> =>
  Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== null && field !== undefined),
  ) as NonNull<T>;

export function instanceOf(object: CStorPoolInstance, ready: boolean, replicas: number): Instance {
  const { metadata, spec, status } = object;
  const has = (finalizer: string) => (metadata.finalizers ?? []).includes(finalizer);
  return {
    name: metadata.name ?? '',
    deleting: metadata.deletionTimestamp !== undefined,
    poolProtected: has(finalizers.poolProtection),
    clusterFinalizer: has(finalizers.poolCluster),
    nodeSelector: spec.nodeSelector,
    raidType: spec.poolConfig?.dataRaidGroupType ?? '',
    groups: groupsOf(spec.dataRaidGroups),
    writeCacheGroups: groupsOf(spec.writeCacheRaidGroups),
    config: spec.poolConfig ?? { dataRaidGroupType: '' },
    phase: status?.phase ?? '',
    ready,
    replicas,
  };
}

/** All devices that an instance has, or shall have. */
export const devicesOfInstance = ({
  groups,
  writeCacheGroups,
}: Pick<Instance, 'groups' | 'writeCacheGroups'>): readonly string[] =>
  [...groups, ...writeCacheGroups].flat();
