/** Claims of devices: which are made, marked, waited for and let go. */
import type { Device } from '../block-device-claim/inventory.ts';
import { wait, type Action, type Claim, type Observed, type Plan } from './actions.ts';
import { devicesOfInstance, type Cluster, type Instance, type PoolEntry } from './inventory.ts';

export const claimNameOf = (device: Device): string => `bdc-cstor-${device.uid}`;

/**
 * Claims of devices that nobody has or wants: of one that was replaced, or was named for a moment. As long as a device
 * is being filled in the place of another one, its claim says so, and the other one stays; so does a log device that a
 * pool has not let go of.
 */
export function releaseUnused(cluster: Cluster, { claims, instances }: Observed): readonly Action[] {
  const used = new Set([
    ...cluster.pools.flatMap(devicesOfInstance),
    ...instances.flatMap(devicesOfInstance),
    ...claims.flatMap(({ predecessor }) => predecessor ?? []),
    ...claims
      .filter(({ leaving }) => instances.some(({ name }) => name === leaving))
      .map(({ device }) => device),
  ]);
  return claims
    .filter(({ device, clusterFinalizer, deleting }) => !used.has(device) && (clusterFinalizer || !deleting))
    .map(({ name }) => ({ do: 'releaseClaim', name }));
}

/** Of log devices that the instance has and its entry does not name any more. */
export function leavingClaims(instance: Instance, pool: PoolEntry, { claims }: Observed): readonly Claim[] {
  const gone = instance.writeCacheGroups.flat().filter((name) => !devicesOfInstance(pool).includes(name));
  return claims.filter(({ device }) => gone.includes(device));
}

/** The bound claims of the devices, or what has to happen first. `predecessors`: old device by new one. */
export function claimAll(
  pool: PoolEntry,
  names: readonly string[],
  predecessors: ReadonlyMap<string, string>,
  observed: Observed,
): Plan | readonly Claim[] {
  const devices = names.flatMap((name) => observed.devices.get(name) ?? []);
  const claims = new Map(observed.claims.map((claim) => [claim.name, claim]));
  const missing = devices.filter((device) => !claims.has(claimNameOf(device)));
  if (missing.length > 0)
    return {
      actions: missing.map((device) => ({
        do: 'createClaim',
        name: claimNameOf(device),
        device,
        predecessor: predecessors.get(device.name),
      })),
      notes: [],
    };
  const own = devices.flatMap((device) => claims.get(claimNameOf(device)) ?? []);
  const doomed = own.filter((claim) => claim.deleting && claim.clusterFinalizer && isFree(claim, observed));
  if (doomed.length > 0)
    return { actions: doomed.map(({ name }) => ({ do: 'releaseClaim', name })), notes: [] };
  const unnamed = own.flatMap(({ name, device, predecessor }) => {
    const wanted = predecessors.get(device);
    return wanted === undefined || wanted === predecessor
      ? []
      : [{ do: 'setPredecessor', name, predecessor: wanted } as const];
  });
  if (unnamed.length > 0) return { actions: unnamed, notes: [] };
  const pending = own.filter((claim) => !claim.bound || claim.deleting);
  if (pending.length > 0)
    return wait(
      'ClaimsPending',
      `spec.pools[${pool.index}]: waits for ${pending.map((claim) => `BlockDeviceClaim ${claim.name} (device ${claim.device})`).join(', ')} to be bound`,
    );
  return own;
}

/** No pool has its device or is about to: a claim that was deleted then goes, and is made again. */
const isFree = ({ device }: Claim, { claims, instances }: Observed): boolean =>
  !instances.some((instance) => devicesOfInstance(instance).includes(device)) &&
  !claims.some(({ predecessor }) => predecessor === device);
