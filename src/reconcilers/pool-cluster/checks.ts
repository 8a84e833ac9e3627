/**
 * What a CStorPoolCluster may ask for. A pool entry that already has its instance is judged by its shape only: a node
 * that is away or a disk that was pulled later is the instance's story, not a reason to stop serving the others.
 */
import type { Device } from '../block-device-claim/inventory.ts';
import type { Check, Violation } from '../checks.ts';
import {
  devicesOfInstance,
  raidTypes,
  writeCacheTypes,
  type Cluster,
  type Instance,
  type Node,
  type PoolEntry,
} from './inventory.ts';
import { logChange, shapeChange, type Groups, type Replacement } from './shape.ts';

export interface Subject {
  readonly cluster: Cluster;
  readonly nodes: readonly Node[];
  readonly devices: ReadonlyMap<string, Device>;
  /** Name of the instance that an entry already has. */
  readonly instanceOf: ReadonlyMap<PoolEntry, Instance>;
  /** Names of claims that belong to this cluster. */
  readonly ownClaims: ReadonlySet<string>;
  /** Devices that are being filled in place of another one, by name, and which. */
  readonly replacing: ReadonlyMap<string, string>;
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
  entries(subject, ({ raidType }, at) =>
    raidTypes.includes(raidType)
      ? []
      : [
          one(
            'RaidTypeUnknown',
            `${at}.poolConfig.dataRaidGroupType "${raidType}" is unknown: use ${raidTypes.join(', ')}`,
          ),
        ],
  );

/** Fewest devices of a group, and what its number must be a multiple of. */
const widths: Readonly<Record<string, { readonly min: number; readonly step: number }>> = {
  stripe: { min: 1, step: 1 },
  mirror: { min: 2, step: 2 },
  raidz: { min: 3, step: 1 },
  raidz2: { min: 4, step: 1 },
};
/** The custom resource's own rules are narrower (docs/kinds.md); wider groups only make the copying after a loss longer. */
const groupDevicesMax = 34;

function groupProblems(raidType: string, groups: Groups, field: string): readonly Violation[] {
  if (raidType === 'stripe' && groups.length > 1)
    return [
      one(
        'StripeHasSeveralGroups',
        `${field} has ${groups.length} groups: a stripe has one, put all devices in it`,
      ),
    ];
  const { min, step } = widths[raidType] ?? { min: 1, step: 1 };
  return groups.flatMap((group, n) => {
    const at = `${field}[${n}].blockDevices`;
    if (group.length === 0) return [one('EmptyGroup', `${at} is empty: name its devices`)];
    if (
      group.length >= min &&
      group.length % step === 0 &&
      (raidType === 'stripe' || group.length <= groupDevicesMax)
    )
      return [];
    const wanted = step > 1 ? `${min}, or a multiple of ${step}` : `${min} to ${groupDevicesMax}`;
    return [one('GroupSize', `${at} has ${group.length} devices: a ${raidType} group has ${wanted}`)];
  });
}

const groupsFitRaidType: Check<Subject> = (subject) =>
  entries(subject, ({ groups, raidType }, at) =>
    groups.length === 0
      ? [one('NoDataGroup', `${at}.dataRaidGroups is empty: give one group of devices`)]
      : groupProblems(raidType, groups, `${at}.dataRaidGroups`),
  );

const writeCacheFits: Check<Subject> = (subject) =>
  entries(subject, ({ writeCacheGroups, config }, at) => {
    if (writeCacheGroups.length === 0) return [];
    const type = config.writeCacheGroupType ?? '';
    if (!writeCacheTypes.includes(type))
      return [
        one(
          'WriteCacheTypeUnknown',
          `${at}.poolConfig.writeCacheGroupType "${type}": pools with writeCacheRaidGroups need one of ${writeCacheTypes.join(', ')}`,
        ),
      ];
    return groupProblems(type, writeCacheGroups, `${at}.writeCacheRaidGroups`);
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

/** Devices that are in the pool already were judged when they came. */
const devicesAreUsable: Check<Subject> = (subject) =>
  entries(subject, (pool, at) => {
    const matching = nodesOf(pool, subject.nodes);
    const node = matching.length === 1 ? matching[0]?.name : undefined;
    const instance = subject.instanceOf.get(pool);
    const present = instance === undefined ? [] : devicesOfInstance(instance);
    return devicesOf(pool, at).flatMap(({ name, field }) => {
      if (present.includes(name)) return [];
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

/** What an entry with an instance may not change. */
const shapeCanBeReached: Check<Subject> = (subject) =>
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
    const field = `${at}.dataRaidGroups`;
    const data = shapeChange(pool.raidType, instance.groups, pool.groups, field);
    const log = logChange(
      pool.config.writeCacheGroupType ?? 'stripe',
      instance.writeCacheGroups,
      pool.writeCacheGroups,
      `${at}.writeCacheRaidGroups`,
    );
    return [
      ...data.violations,
      ...log.violations,
      ...data.replacements.flatMap((each) => replacementProblems(subject, instance, each, field)),
      ...log.replacements.map(({ old }) =>
        one(
          'WriteCacheReplaced',
          `${at}.writeCacheRaidGroups replaces "${old}": a log device is not replaced, name it again`,
        ),
      ),
    ];
  });

function replacementProblems(
  { devices, replacing }: Subject,
  instance: Instance,
  { old, next }: Replacement,
  field: string,
): readonly Violation[] {
  const group = instance.groups.find((each) => each.includes(old)) ?? [];
  const busy = group.find((device) => replacing.has(device));
  const [before, after] = [devices.get(old)?.bytes, devices.get(next)?.bytes];
  return [
    ...(busy === undefined
      ? []
      : [
          one(
            'ReplacementRunning',
            `${field} replaces "${old}" while "${busy}" is being filled in place of "${replacing.get(busy) ?? ''}" in the same group: wait until that is done (kubectl describe cspi ${instance.name})`,
          ),
        ]),
    ...(before !== undefined && after !== undefined && after < before
      ? [
          one(
            'DeviceTooSmall',
            `${field} replaces "${old}" of ${before} bytes by "${next}" of ${after}: choose one that is not smaller`,
          ),
        ]
      : []),
  ];
}

/** In the order a person would mend them. */
export const poolClusterChecks: readonly Check<Subject>[] = [
  nameFitsServices,
  hasPools,
  raidTypeIsKnown,
  groupsFitRaidType,
  writeCacheFits,
  noDeviceTwice,
  selectorMatchesOneNode,
  onePoolPerNode,
  devicesAreUsable,
  shapeCanBeReached,
];

export const nodesOf = (pool: PoolEntry, nodes: readonly Node[]): readonly Node[] =>
  nodes.filter((node) =>
    Object.entries(pool.nodeSelector).every(([label, value]) => node.labels[label] === value),
  );

const devicesOf = (pool: PoolEntry, at: string): readonly { name: string; field: string }[] =>
  (['dataRaidGroups', 'writeCacheRaidGroups'] as const).flatMap((kind) =>
    (kind === 'dataRaidGroups' ? pool.groups : pool.writeCacheGroups).flatMap((group, n) =>
      group.map((name, m) => ({ name, field: `${at}.${kind}[${n}].blockDevices[${m}].blockDeviceName` })),
    ),
  );
