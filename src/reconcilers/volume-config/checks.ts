/** What a CStorVolumeConfig may ask for before it is provisioned, and what may not change afterwards. */
import type { Check, Violation } from '../checks.ts';
import type { PoolView, Wish } from './inventory.ts';
import { candidates } from './plan.ts';

export interface Subject {
  readonly wish: Wish;
  /** The policy it names does not exist. */
  readonly policyMissing: boolean;
  readonly clusterExists: boolean;
  /** Instances of the cluster, or those that the wish names. */
  readonly pools: readonly PoolView[];
}

export const replicaCountMax = 5;
const one = (reason: string, message: string): readonly Violation[] => [{ reason, message }];
const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(2)} GiB`;

/** Service, Deployment and Secret are named after the volume; a Service's name is a DNS label. */
const nameLengthMax = 56;
const nameFitsServices: Check<Subject> = ({ wish: { name } }) =>
  /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= nameLengthMax
    ? []
    : one(
        'NameUnusable',
        `metadata.name "${name}": use at most ${nameLengthMax} lower-case letters, digits and dashes, beginning with a letter`,
      );

const clusterIsNamed: Check<Subject> = ({ wish, clusterExists }) => {
  const field = 'metadata.labels["openebs.io/cstor-pool-cluster"]';
  if (wish.cluster === '')
    return one(
      'PoolClusterMissing',
      `${field} is empty: set it to the name of a CStorPoolCluster (kubectl get cspc)`,
    );
  return clusterExists
    ? []
    : one(
        'PoolClusterNotFound',
        `${field} "${wish.cluster}" does not exist: create that CStorPoolCluster, or name one that kubectl get cspc lists`,
      );
};

const policyExists: Check<Subject> = ({ wish, policyMissing }) =>
  policyMissing
    ? one(
        'PolicyNotFound',
        `metadata.annotations["openebs.io/volume-policy"] "${wish.policyName}" does not exist: create that CStorVolumePolicy in the operator's namespace, or remove the annotation`,
      )
    : [];

const noClone: Check<Subject> = ({ wish }) =>
  wish.source === ''
    ? []
    : one(
        'CloneUnsupported',
        `spec.cstorVolumeSource "${wish.source}": this version makes no clones, leave it empty`,
      );

const capacityIsPositive: Check<Subject> = ({ wish }) =>
  wish.sizeBytes > 0
    ? []
    : one('CapacityInvalid', `spec.capacity.storage is no size greater than 0: set it to one such as 5Gi`);

const countIsPossible: Check<Subject> = ({ wish }) =>
  Number.isInteger(wish.replicaCount) && wish.replicaCount >= 1 && wish.replicaCount <= replicaCountMax
    ? []
    : one(
        'ReplicaCountInvalid',
        `spec.provision.replicaCount ${wish.replicaCount}: use a number from 1 to ${replicaCountMax}`,
      );

const chosenPoolsExist: Check<Subject> = ({ wish, pools }) => {
  const field = 'spec.policy.replicaPoolInfo';
  if (wish.pools.length === 0) return [];
  if (wish.pools.length !== wish.replicaCount)
    return one(
      'PoolCountMismatch',
      `${field} names ${wish.pools.length} pools and spec.provision.replicaCount is ${wish.replicaCount}: name as many pools as there are replicas, or none`,
    );
  return wish.pools.flatMap((name, index) => {
    if (wish.pools.indexOf(name) !== index)
      return one(
        'DuplicatePool',
        `${field}[${index}].poolName "${name}" is named twice: a pool holds one replica`,
      );
    return pools.some((pool) => pool.name === name)
      ? []
      : one(
          'PoolNotFound',
          `${field}[${index}].poolName "${name}" does not exist: name one that kubectl get cspi lists`,
        );
  });
};

const enoughPools: Check<Subject> = ({ wish, pools, clusterExists }) => {
  if (wish.pools.length > 0 || !clusterExists) return [];
  if (wish.replicaCount > pools.length)
    return one(
      'NotEnoughPools',
      `spec.provision.replicaCount ${wish.replicaCount}: not enough pools, CStorPoolCluster ${wish.cluster} has ${pools.length}; lower the replica count, or add pools`,
    );
  const online = pools.filter((pool) => pool.usable);
  if (wish.replicaCount > online.length)
    return one(
      'NotEnoughPools',
      `spec.provision.replicaCount ${wish.replicaCount}: not enough pools, ${online.length} of ${pools.length} of CStorPoolCluster ${wish.cluster} are online and writable; see kubectl get cspi`,
    );
  return [];
};

const fitsThePools: Check<Subject> = ({ wish, pools }) => {
  const possible = wish.pools.length > 0 ? pools.filter((pool) => wish.pools.includes(pool.name)) : pools;
  const online = possible.filter((pool) => pool.usable);
  if (online.length < wish.replicaCount || candidates(wish, possible).length >= wish.replicaCount) return [];
  const largest = online.toSorted((a, b) => b.totalBytes - a.totalBytes)[wish.replicaCount - 1];
  return one(
    'CapacityTooLarge',
    `spec.capacity.storage ${wish.capacity}: larger than the pools, ${wish.replicaCount} pools of at least that size are needed and the largest ${wish.replicaCount} reach ${gib(largest?.totalBytes ?? 0)}; ask for less, or add larger devices`,
  );
};

/** In the order a person would mend them; until all hold, the volume stays Pending. */
export const provisioningChecks: readonly Check<Subject>[] = [
  nameFitsServices,
  capacityIsPositive,
  countIsPossible,
  clusterIsNamed,
  policyExists,
  noClone,
  chosenPoolsExist,
  enoughPools,
  fitsThePools,
];

export interface BoundSubject {
  readonly wish: Wish;
  readonly boundBytes: number;
}

const neverShrinks: Check<BoundSubject> = ({ wish, boundBytes }) =>
  wish.sizeBytes >= boundBytes
    ? []
    : one(
        'ShrinkRefused',
        `spec.capacity.storage ${wish.capacity} is less than the volume has (${boundBytes} bytes): a volume does not shrink, set it back`,
      );

const staysItsSize: Check<BoundSubject> = ({ wish, boundBytes }) =>
  wish.sizeBytes <= boundBytes
    ? []
    : one(
        'ExpansionUnsupported',
        `spec.capacity.storage ${wish.capacity} is more than the volume has: this version does not grow volumes, it stays at ${boundBytes} bytes`,
      );

/** Of a volume that exists: a violation changes nothing on it. */
export const boundChecks: readonly Check<BoundSubject>[] = [neverShrinks, staysItsSize];

export interface Placement {
  readonly wish: Wish;
  /** Instances of the cluster. */
  readonly pools: readonly PoolView[];
  /** Those that hold a replica now. */
  readonly boundPools: readonly string[];
}

const poolsField = 'spec.policy.replicaPoolInfo';

const namesPools: Check<Placement> = ({ wish: { pools }, boundPools }) =>
  pools.length >= 1 && pools.length <= replicaCountMax
    ? []
    : one(
        'ReplicaCountInvalid',
        `${poolsField} names ${pools.length} pools: name 1 to ${replicaCountMax}, such as those that hold the volume now, ${boundPools.join(', ')}`,
      );

const namesEachOnce: Check<Placement> = ({ wish: { pools } }) =>
  pools.flatMap((name, index) =>
    pools.indexOf(name) === index
      ? []
      : one(
          'DuplicatePool',
          `${poolsField}[${index}].poolName "${name}" is named twice: a pool holds one replica`,
        ),
  );

/** Others go on where they are, even if their pool is not there any more. */
const newPools = ({ wish, boundPools }: Placement): readonly (readonly [string, number])[] =>
  wish.pools.map((name, index) => [name, index] as const).filter(([name]) => !boundPools.includes(name));

const newPoolsExist: Check<Placement> = (placement) =>
  newPools(placement).flatMap(([name, index]) =>
    placement.pools.some((pool) => pool.name === name)
      ? []
      : one(
          'PoolNotFound',
          `${poolsField}[${index}].poolName "${name}" is no pool of CStorPoolCluster ${placement.wish.cluster}: name one that kubectl get cspi lists`,
        ),
  );

const fitsNewPools: Check<Placement> = (placement) =>
  newPools(placement).flatMap(([name, index]) => {
    const pool = placement.pools.find((one) => one.name === name);
    return pool === undefined || pool.totalBytes === 0 || pool.totalBytes >= placement.wish.sizeBytes
      ? []
      : one(
          'CapacityTooLarge',
          `${poolsField}[${index}].poolName "${name}" has ${gib(pool.totalBytes)} and the volume ${placement.wish.capacity}: name a larger pool, or add devices to it`,
        );
  });

/** One at a time, as cStor's webhook has it: whoever takes away two of three should have to say so twice. */
const removesOneAtMost: Check<Placement> = ({ wish: { pools }, boundPools }) => {
  const gone = boundPools.filter((name) => !pools.includes(name));
  return gone.length <= 1
    ? []
    : one(
        'TooManyRemoved',
        `${poolsField} leaves out ${gone.join(', ')}, which hold replicas: take one away at a time, and wait until status.poolInfo follows`,
      );
};

/** Where replicas of a volume that exists may go: a violation leaves them where they are. */
export const placementChecks: readonly Check<Placement>[] = [
  namesPools,
  namesEachOnce,
  newPoolsExist,
  fitsNewPools,
  removesOneAtMost,
];
