/** From the devices of this node and the BlockDevices of the cluster to the writes that make them agree. Pure. */
import type { BlockDevice, BlockDeviceSpec, BlockDeviceStatus } from '../api/kinds/blockdevice.ts';
import { annotations, labels } from '../api/names.ts';
import type { Device, NodeFacts } from './inventory.ts';

export const uuidSchemeAnnotation = 'internal.openebs.io/uuid-scheme';

export type Write =
  | { readonly do: 'create'; readonly object: BlockDevice; readonly status: BlockDeviceStatus }
  /** Merge patch of what differs; `null` removes a field. */
  | { readonly do: 'patch'; readonly name: string; readonly patch: object; readonly why: string }
  | { readonly do: 'setState'; readonly object: BlockDevice; readonly state: BlockDeviceStatus['state'] };

/** A device of ours that another node holds: not taken over while that node may have it. */
export interface Conflict {
  readonly name: string;
  readonly path: string;
  readonly otherNode: string;
}

export interface Seen {
  readonly node: NodeFacts;
  readonly devices: readonly Device[];
  /** All BlockDevices of the namespace. */
  readonly blockDevices: readonly BlockDevice[];
  /** Nodes whose manager does not answer for their devices any more: gone or not ready. */
  readonly isLost: (nodeName: string) => boolean;
  /** False: the configuration says that devices are not read for what is on them. */
  readonly readsContent: boolean;
}

export interface Plan {
  readonly writes: readonly Write[];
  readonly conflicts: readonly Conflict[];
}

export const newStatus: BlockDeviceStatus = { claimState: 'Unclaimed', state: 'Active' };

const nodeOf = (object: BlockDevice): string => object.spec?.nodeAttributes.nodeName ?? '';
const isClaimed = (object: BlockDevice): boolean =>
  (object.status?.claimState ?? 'Unclaimed') !== 'Unclaimed' || object.spec?.claimRef !== undefined;
/** Users say so: `ndm.io/managed: "false"`, or `openebs.io/reconcile: "false"`. */
export const isLeftAlone = ({ metadata }: BlockDevice): boolean =>
  metadata.labels?.[labels.managed] === 'false' || metadata.annotations?.[annotations.reconcile] === 'false';

/** A cluster that agrees with its machines costs no write. */
export function plan({ node, devices, blockDevices, isLost, readsContent }: Seen): Plan {
  const byName = new Map(blockDevices.map((object) => [object.metadata.name, object]));
  const writes: Write[] = [];
  const conflicts: Conflict[] = [];
  for (const device of devices) {
    const object = byName.get(device.identity.name);
    if (object === undefined) {
      // Not before it is known what is on it: nobody must take it for a blank one.
      if (device.facts.signature !== undefined || !readsContent)
        writes.push({ do: 'create', object: newObject(device, node), status: newStatus });
      continue;
    }
    if (isLeftAlone(object)) continue;
    const owner = nodeOf(object);
    const ours = owner === node.nodeName || owner === '';
    if (!ours && (object.status?.state ?? 'Active') === 'Active' && !isLost(owner)) {
      conflicts.push({ name: device.identity.name, path: device.facts.path, otherNode: owner });
      continue;
    }
    const patch = patchOf(object, device, node);
    if (patch !== undefined)
      writes.push({
        do: 'patch',
        name: device.identity.name,
        patch,
        why: ours ? 'changed' : `moved here from ${owner}`,
      });
    if (object.status?.state !== 'Active') writes.push({ do: 'setState', object, state: 'Active' });
  }
  const present = new Set(devices.map(({ identity }) => identity.name));
  for (const object of blockDevices)
    if (
      nodeOf(object) === node.nodeName &&
      !present.has(object.metadata.name) &&
      !isLeftAlone(object) &&
      object.status?.state !== 'Inactive'
    )
      writes.push({ do: 'setState', object, state: 'Inactive' });
  return { writes, conflicts };
}

/** When this manager stops nobody answers for its devices. */
export const planStop = (node: NodeFacts, blockDevices: readonly BlockDevice[]): readonly Write[] =>
  blockDevices
    .filter(
      (object) =>
        nodeOf(object) === node.nodeName && !isLeftAlone(object) && object.status?.state === 'Active',
    )
    .map((object) => ({ do: 'setState', object, state: 'Unknown' }));

function newObject({ identity, spec }: Device, node: NodeFacts): BlockDevice {
  return {
    metadata: {
      name: identity.name,
      labels: {
        [labels.hostname]: node.hostname,
        [labels.blockDeviceType]: 'blockdevice',
        [labels.managed]: 'true',
      },
      annotations: { [uuidSchemeAnnotation]: identity.scheme },
    },
    spec,
  };
}

/** Fields that only somebody else writes. */
const foreign = ['claimRef', 'aggregateDevice'] as const;

/**
 * What differs. A claimed device keeps its description as it was when it was claimed; only where it is and how large
 * follows the machine.
 */
function patchOf(object: BlockDevice, device: Device, node: NodeFacts): object | undefined {
  const wish: BlockDeviceSpec = isClaimed(object)
    ? {
        ...(object.spec ?? device.spec),
        path: device.spec.path,
        nodeAttributes: device.spec.nodeAttributes,
        devlinks: device.spec.devlinks,
        capacity: { ...object.spec?.capacity, storage: device.spec.capacity.storage },
      }
    : device.facts.signature === undefined && object.spec
      ? { ...device.spec, ...contentOf(object.spec) }
      : device.spec;
  const spec = difference(object.spec ?? {}, wish);
  const hostname = object.metadata.labels?.[labels.hostname];
  const metadata = hostname === node.hostname ? undefined : { labels: { [labels.hostname]: node.hostname } };
  if (spec === undefined && metadata === undefined) return undefined;
  return { ...(metadata ? { metadata } : {}), ...(spec ? { spec } : {}) };
}

/** What a look at the device's content says; kept while there is no new look. */
const contentOf = ({ filesystem, partitioned }: BlockDeviceSpec): Partial<BlockDeviceSpec> => ({
  ...(filesystem === undefined ? {} : { filesystem }),
  ...(partitioned === undefined ? {} : { partitioned }),
});

type Json = Readonly<Record<string, unknown>>;

/** RFC 7396 from `from` to `to`; undefined when they agree. */
function difference(from: object, to: object): Json | undefined {
  const patch: Record<string, unknown> = {};
  const [a, b] = [from as Json, to as Json];
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (foreign.some((field) => field === key)) continue;
    const [was, is] = [a[key], b[key]];
    if (is === undefined) {
      if (was !== undefined) patch[key] = null;
    } else if (isObject(was) && isObject(is)) {
      const inner = difference(was, is);
      if (inner !== undefined) patch[key] = inner;
    } else if (JSON.stringify(was) !== JSON.stringify(is)) patch[key] = is;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
