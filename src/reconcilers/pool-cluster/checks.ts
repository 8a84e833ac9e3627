/**
 * What a CStorPoolCluster may ask for. A pool entry that already has its instance is judged by its shape only: a node
 * that is away or a disk that was pulled later is the instance's story, not a reason to stop serving the others.
 */
import type { Device } from '../block-device-claim/inventory.ts';
import type { Check, Violation } from '../checks.ts';
import { raidTypes, type Cluster, type Instance, type Node, type PoolEntry } from './inventory.ts';

export interface Subject {
  readonly cluster: Cluster;
  readonly nodes: readonly Node[];
  readonly devices: ReadonlyMap<string, Device>;
  /** Name of the instance that an entry already has. */
  readonly instanceOf: ReadonlyMap<PoolEntry, Instance>;
  /** Names of claims that belong to this cluster. */
  readonly ownClaims: ReadonlySet<string>;
}

/** The engine keeps labels and a reserve; below this a pool holds next to nothing. */
export const deviceBytesMin = 1024 ** 3;

const one = (reason: string, message: string): Violation => ({ reason, message });
const entries = (
  subject: Subject,
  check: (pool: PoolEntry, at: string) => readonly Violation[],
): Violation[] => subject.cluster.pools.flatMap((pool) => check(pool, `spec.pools[${pool.index}]`));
/** Only of entries that have no instance yet. */
const newEntries: typeof entries = (subject, check) =>
  entries(subject, (pool, at) => (subject.instanceOf.has(pool) ? [] : check(pool, at)));

const hasPools: Check<Subject> = ({ cluster }) =>
  cluster.pools.length > 0 ? [] : [one('NoPools', 'spec.pools is empty: give at least one pool')];

/** Instances, Deployments and Services are named after the cluster; a Service's name is a DNS label. */
export const clusterNameLengthMax = 50;
export const isClusterName = (name: string): boolean =>
  /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= clusterNameLengthMax;

const nameFitsServices: Check<Subject> = ({ cluster: { name } }) =>
  isClusterName(name)
    ? []
    : [
        one(
          'NameUnusable',
          `metadata.name "${name}": use at most ${clusterNameLengthMax} lower-case letters, digits and dashes, beginning with a letter`,
        ),
      ];

const raidTypeIsKnown: Check<Subject> = (subject) =>
  entries(subject, ({ raidType }, at) => {
    const field = `${at}.poolConfig.dataRaidGroupType "${raidType}"`;
    if (raidType === 'stripe' || raidType === 'mirror') return [];
    return raidTypes.includes(raidType)
      ? [one('RaidTypeUnsupported', `${field} is not in this version: use stripe or mirror`)]
      : [one('RaidTypeUnknown', `${field} is unknown: use stripe or mirror`)];
  });

const noWriteCache: Check<Subject> = (subject) =>
  entries(subject, ({ writeCacheGroups }, at) =>
    writeCacheGroups.flat().length === 0
      ? []
      : [one('WriteCacheUnsupported', `${at}.writeCacheRaidGroups is not in this version: remove it`)],
  );

const groupsFitRaidType: Check<Subject> = (subject) =>
  entries(subject, ({ groups, raidType }, at) => {
    if (groups.length === 0)
      return [one('NoDataGroup', `${at}.dataRaidGroups is empty: give one group of devices`)];
    if (raidType === 'stripe' && groups.length > 1)
      return [
        one(
          'StripeHasSeveralGroups',
          `${at}.dataRaidGroups has ${groups.length} groups: a stripe has one, put all devices in it`,
        ),
      ];
    return groups.flatMap((group, n) => {
      const field = `${at}.dataRaidGroups[${n}].blockDevices`;
      if (group.length === 0) return [one('EmptyGroup', `${field} is empty: name its devices`)];
      if (raidType === 'mirror' && group.length % 2 !== 0)
        return [
          one(
            'MirrorGroupSize',
            `${field} has ${group.length} devices: a mirror group has 2, or a multiple of 2`,
          ),
        ];
      return [];
    });
  });

const noDeviceTwice: Check<Subject> = (subject) => {
  const first = new Map<string, string>();
  return entries(subject, (pool, at) =>
    devicesOf(pool, at).flatMap(({ name, field }) => {
      const before = first.get(name);
      if (before === undefined) first.set(name, field);
      return before === undefined
        ? []
        : [one('DuplicateDevice', `${field} "${name}" is also at ${before}: name each device once`)];
    }),
  );
};

const selectorMatchesOneNode: Check<Subject> = (subject) =>
  newEntries(subject, (pool, at) => {
    const matching = nodesOf(pool, subject.nodes);
    if (matching.length === 1) return [];
    const selector = JSON.stringify(pool.nodeSelector);
    return [
      one(
        'NodeSelectorMismatch',
        `${at}.nodeSelector ${selector} matches ${matching.length} nodes: it must match exactly one; see kubectl get nodes --show-labels`,
      ),
    ];
  });

const onePoolPerNode: Check<Subject> = (subject) => {
  const first = new Map<string, string>();
  return entries(subject, (pool, at) => {
    const matching = nodesOf(pool, subject.nodes);
    const node = matching.length === 1 ? matching[0]?.name : undefined;
    if (node === undefined) return [];
    const before = first.get(node);
    if (before === undefined) first.set(node, at);
    return before === undefined
      ? []
      : [
          one(
            'TwoPoolsOnNode',
            `${at}.nodeSelector selects node ${node}, as ${before} does: a cluster has one pool per node, put the devices in one entry`,
          ),
        ];
  });
};

const devicesAreUsable: Check<Subject> = (subject) =>
  newEntries(subject, (pool, at) => {
    const matching = nodesOf(pool, subject.nodes);
    const node = matching.length === 1 ? matching[0]?.name : undefined;
    return devicesOf(pool, at).flatMap(({ name, field }) => {
      if (name === '')
        return [one('DeviceNameEmpty', `${field} is empty: name a device that kubectl get bd lists`)];
      const device = subject.devices.get(name);
      if (device === undefined)
        return [
          one('DeviceNotFound', `${field} "${name}" does not exist: name a device that kubectl get bd lists`),
        ];
      return deviceProblems(subject, device, node).map(({ reason, message }) =>
        one(reason, `${field} "${name}" ${message}`),
      );
    });
  });

function deviceProblems(subject: Subject, device: Device, node: string | undefined): Violation[] {
  const problems: Violation[] = [];
  const overwrite = subject.cluster.overwrite.has(device.name);
  const claim = device.claim?.name;
  if (claim !== undefined && subject.ownClaims.has(claim)) return problems; // judged before it was claimed
  if (claim !== undefined)
    problems.push(one('DeviceClaimed', `is claimed by BlockDeviceClaim ${claim}: choose another device`));
  else if (device.claimState !== 'Unclaimed')
    problems.push(one('DeviceClaimed', `has claim state ${device.claimState}: wait until it is Unclaimed`));
  if (device.state !== 'Active')
    problems.push(
      one('DeviceInactive', `is ${device.state}: attach it to its node, or choose another device`),
    );
  if (node !== undefined && device.node !== node)
    problems.push(
      one(
        'DeviceOnOtherNode',
        `is on node ${device.node}, the pool is on ${node}: choose a device of that node`,
      ),
    );
  if (device.fileSystem !== '' && !overwrite)
    problems.push(
      one(
        'DeviceHasFilesystem',
        `carries ${device.fileSystem}: choose another device, wipe it, or list it in annotation cstor.openebs.io/overwrite-devices to destroy what is on it`,
      ),
    );
  if (device.partitioned && !overwrite)
    problems.push(
      one(
        'DeviceHasPartitions',
        'carries a partition table: choose another device, wipe it, or list it in annotation cstor.openebs.io/overwrite-devices to destroy what is on it',
      ),
    );
  if (device.bytes < deviceBytesMin)
    problems.push(
      one('DeviceTooSmall', `has ${device.bytes} bytes: a pool needs devices of ${deviceBytesMin} or more`),
    );
  if (device.tag !== undefined && (device.tag === '' || !subject.cluster.allowedTags.has(device.tag)))
    problems.push(
      one('DeviceTagged', `is tagged "${device.tag}": list the tag in annotation openebs.io/allowed-bd-tags`),
    );
  return problems;
}

/** What an entry with an instance may not change in this version. */
const instancesKeepTheirShape: Check<Subject> = (subject) =>
  entries(subject, (pool, at) => {
    const instance = subject.instanceOf.get(pool);
    if (instance === undefined) return [];
    if (instance.raidType !== pool.raidType)
      return [
        one(
          'RaidTypeChanged',
          `${at}.poolConfig.dataRaidGroupType "${pool.raidType}": pool ${instance.name} is a ${instance.raidType} and stays one, change it back`,
        ),
      ];
    const [is, wish] = [instance.groups, pool.groups].map((groups) => JSON.stringify(groups));
    return is === wish
      ? []
      : [
          one(
            'PoolDevicesChanged',
            `${at}.dataRaidGroups ${wish}: this version adds, removes or replaces no device of a pool that exists, change it back to ${is}`,
          ),
        ];
  });

/** In the order a person would mend them. */
export const poolClusterChecks: readonly Check<Subject>[] = [
  nameFitsServices,
  hasPools,
  raidTypeIsKnown,
  noWriteCache,
  groupsFitRaidType,
  noDeviceTwice,
  selectorMatchesOneNode,
  onePoolPerNode,
  devicesAreUsable,
  instancesKeepTheirShape,
];

export const nodesOf = (pool: PoolEntry, nodes: readonly Node[]): readonly Node[] =>
  nodes.filter((node) =>
    Object.entries(pool.nodeSelector).every(([label, value]) => node.labels[label] === value),
  );

const devicesOf = (pool: PoolEntry, at: string): readonly { name: string; field: string }[] =>
  pool.groups.flatMap((group, n) =>
    group.map((name, m) => ({
      name,
      field: `${at}.dataRaidGroups[${n}].blockDevices[${m}].blockDeviceName`,
    })),
  );
