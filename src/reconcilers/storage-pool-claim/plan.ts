/**
 * From a StoragePoolClaim to the pools of the CStorPoolCluster of the same name.
 *
 * Manual: the listed devices, grouped by the node they are on. Automatic: as many nodes as maxPools says, each with the
 * fewest free devices that make a pool of its type. A pool that exists keeps its devices: a claim only ever adds pools,
 * or removes those whose every device left the list.
 */
import type { Device } from '../block-device-claim/inventory.ts';
import type { Violation } from '../checks.ts';
import { clusterNameLengthMax, isClusterName } from '../pool-cluster/checks.ts';

export interface Claim {
  readonly name: string;
  readonly type: string;
  readonly poolType: string;
  /** Empty: automatic mode. */
  readonly deviceList: readonly string[];
  readonly maxPools: number;
  readonly allowedTags: ReadonlySet<string>;
}

/** A pool of the wanted cluster: one group per pool, in the order of the list. */
export interface WantedPool {
  readonly hostname: string;
  readonly devices: readonly string[];
}

export interface Wanted {
  readonly raidType: RaidType;
  /** Devices of a group; undefined: all of a pool are in one. */
  readonly width: number | undefined;
  readonly pools: readonly WantedPool[];
}

export interface Observed {
  readonly devices: readonly Device[];
  /** Pools of our cluster as it is now. */
  readonly present: readonly WantedPool[];
  /** Devices named by other clusters. */
  readonly takenByOthers: ReadonlySet<string>;
}

export type Plan =
  | { readonly ok: true; readonly wanted: Wanted; readonly notes: readonly Violation[] }
  | { readonly ok: false; readonly violations: readonly Violation[] };

export type RaidType = 'stripe' | 'mirror' | 'raidz' | 'raidz2';

/** The numbers are cStor's: a list is cut into groups of that many devices, in its order. */
const layouts: Readonly<
  Record<string, { readonly raidType: RaidType; readonly devicesMin: number; readonly width?: number }>
> = {
  striped: { raidType: 'stripe', devicesMin: 1 },
  mirrored: { raidType: 'mirror', devicesMin: 2, width: 2 },
  raidz: { raidType: 'raidz', devicesMin: 3, width: 3 },
  raidz2: { raidType: 'raidz2', devicesMin: 6, width: 6 },
};

const refuse = (...violations: readonly Violation[]): Plan => ({ ok: false, violations });

export function plan(claim: Claim, observed: Observed): Plan {
  if (!isClusterName(claim.name))
    return refuse({
      reason: 'NameUnusable',
      message: `metadata.name "${claim.name}": use at most ${clusterNameLengthMax} lower-case letters, digits and dashes, beginning with a letter`,
    });
  const layout = layouts[claim.poolType];
  if (layout === undefined)
    return refuse({
      reason: 'PoolTypeUnsupported',
      message: `spec.poolSpec.poolType "${claim.poolType}" is unknown: use ${Object.keys(layouts).join(', ')}`,
    });
  const pools =
    claim.deviceList.length > 0
      ? manual(claim, layout.devicesMin, observed)
      : automatic(claim, layout.devicesMin, observed);
  if ('violations' in pools) return refuse(...pools.violations);
  return {
    ok: true,
    wanted: { raidType: layout.raidType, width: layout.width, pools: pools.pools },
    notes: pools.notes,
  };
}

type Pools =
  | { readonly pools: readonly WantedPool[]; readonly notes: readonly Violation[] }
  | { readonly violations: readonly Violation[] };

function manual(claim: Claim, devicesMin: number, { devices, present }: Observed): Pools {
  const known = new Map(devices.map((device) => [device.name, device]));
  const at = (name: string) =>
    `spec.blockDevices.blockDeviceList[${claim.deviceList.indexOf(name)}] "${name}"`;
  const inPool = new Map(
    present.flatMap((pool) => pool.devices.map((device) => [device, pool.hostname] as const)),
  );
  const hostnames = new Map<string, string>();
  const violations: Violation[] = [];
  for (const name of claim.deviceList) {
    const device = known.get(name);
    // A device of a pool that exists may be away; the pool tells of it.
    const hostname = inPool.get(name) ?? device?.hostname;
    if (hostname !== undefined) hostnames.set(name, hostname);
    else
      violations.push({
        reason: 'DeviceNotFound',
        message: `${at(name)} does not exist: name a device that kubectl get bd lists`,
      });
    if (device !== undefined && !inPool.has(name) && (device.type === 'sparse') !== (claim.type === 'sparse'))
      violations.push({
        reason: 'DeviceTypeMismatch',
        message: `${at(name)} is a ${device.type}, spec.type is ${claim.type}: choose another device, or set spec.type`,
      });
  }
  if (violations.length > 0) return { violations };
  const nodes = [...new Set(claim.deviceList.flatMap((name) => hostnames.get(name) ?? []))];
  const pools = nodes.map((hostname) => ({
    hostname,
    devices: claim.deviceList.filter((name) => hostnames.get(name) === hostname),
  }));
  const odd = pools.filter((pool) => pool.devices.length % devicesMin !== 0);
  if (odd.length > 0)
    return {
      violations: odd.map((pool) => ({
        reason: 'DeviceCount',
        message: `spec.blockDevices.blockDeviceList has ${pool.devices.length} devices of node ${pool.hostname}: a ${claim.poolType} pool needs a multiple of ${devicesMin}`,
      })),
    };
  return { pools, notes: [] };
}

function automatic(claim: Claim, devicesMin: number, { devices, present, takenByOthers }: Observed): Pools {
  const candidates = devices
    .filter((device) => isFree(claim, device) && !takenByOthers.has(device.name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const served = new Set(present.map((pool) => pool.hostname));
  const nodes = [...new Set(candidates.map((device) => device.hostname))]
    .filter((node) => !served.has(node))
    .toSorted();
  const added = nodes
    .map((hostname) => ({
      hostname,
      devices: candidates
        .filter((device) => device.hostname === hostname)
        .slice(0, devicesMin)
        .map((device) => device.name),
    }))
    .filter((pool) => pool.devices.length === devicesMin)
    .slice(0, Math.max(0, claim.maxPools - present.length));
  const pools = [...present, ...added];
  const missing = claim.maxPools - pools.length;
  const notes =
    missing <= 0
      ? []
      : [
          {
            reason: 'TooFewNodes',
            message: `spec.maxPools ${claim.maxPools}: only ${pools.length} nodes have ${devicesMin} free ${claim.type === 'sparse' ? 'sparse files' : 'disks'}; more pools follow when there are more (kubectl get bd)`,
          },
        ];
  return { pools, notes };
}

const isFree = (claim: Claim, device: Device): boolean =>
  device.state === 'Active' &&
  !device.deleting &&
  device.claim === undefined &&
  device.claimState === 'Unclaimed' &&
  device.fileSystem === '' &&
  !device.partitioned &&
  (device.type === 'sparse') === (claim.type === 'sparse') &&
  (device.tag === undefined || (device.tag !== '' && claim.allowedTags.has(device.tag)));
