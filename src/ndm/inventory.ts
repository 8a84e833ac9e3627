/**
 * From facts to BlockDevices: which devices are offered, under which name, described how. Pure.
 *
 * Names never need a write to the disk, and stay: what identifies a device is chosen from what the hardware says, and
 * only without that from where the device is.
 */
import { createHash } from 'node:crypto';
import type { BlockDeviceSpec } from '../api/kinds/blockdevice.ts';
import { poolSignatureType } from '../shared/signatures.ts';
import { reasonToSkip, type DeviceFacts, type FilterConfig } from './checks.ts';

export interface NodeFacts {
  readonly nodeName: string;
  /** Label kubernetes.io/hostname. */
  readonly hostname: string;
}

/** How a name was found: annotation `internal.openebs.io/uuid-scheme`. */
export type IdentityScheme = 'wwn' | 'serial' | 'dm-uuid' | 'partition-uuid' | 'node-path';

export interface Identity {
  readonly name: string;
  readonly scheme: IdentityScheme;
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** Serial numbers of these are the same on every machine. */
const commonModels = ['EphemeralDisk', 'Virtual_disk', 'QEMU_HARDDISK', 'QEMU HARDDISK', 'Virtual disk'];

/** The first that applies (behaviour of the predecessor's GPT scheme without its write to a blank disk). */
export function identify(facts: DeviceFacts, { nodeName }: NodeFacts): Identity {
  const device = (source: string, scheme: IdentityScheme): Identity => ({
    name: `blockdevice-${md5(source)}`,
    scheme,
  });
  if (facts.type === 'sparse') return { name: `sparse-${md5(nodeName + facts.path)}`, scheme: 'node-path' };
  if (facts.type === 'loop') return device(nodeName + facts.path, 'node-path');
  if (facts.dmUuid !== '') return device(facts.dmUuid, 'dm-uuid');
  if (facts.type === 'partition')
    return facts.partitionUuid === ''
      ? device(nodeName + facts.path, 'node-path')
      : device(facts.partitionUuid, 'partition-uuid');
  if (facts.wwn !== '') return device(facts.wwn + facts.serial, 'wwn');
  // Without a world wide name a serial number is unique on its node at best.
  if (facts.serial !== '' && !commonModels.includes(facts.model))
    return device(nodeName + facts.vendor + facts.model + facts.serial, 'serial');
  return device(nodeName + facts.path, 'node-path');
}

/** One device as it should stand at the API server. */
export interface Device {
  readonly identity: Identity;
  readonly facts: DeviceFacts;
  readonly spec: BlockDeviceSpec;
}

const detailTypes = ['disk', 'partition', 'sparse', 'loop', 'lvm', 'crypt', 'dm', 'mpath'] as const;

/** Fields that are empty stay away: the API server would drop or keep them, but never agree with us. */
const given = <T extends Record<string, unknown>>(fields: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined && value !== 0),
  ) as Partial<T>;

export function describe(facts: DeviceFacts, { nodeName }: NodeFacts): BlockDeviceSpec {
  const deviceType = detailTypes.find((known) => known === facts.type);
  const fsType = facts.signature === undefined || facts.signature === 'none' ? '' : facts.signature.type;
  const [mountPoint = ''] = facts.mountPoints;
  const filesystem = given({ fsType, mountPoint });
  const links = [
    { kind: 'by-id' as const, links: [...facts.linksById].toSorted() },
    { kind: 'by-path' as const, links: [...facts.linksByPath].toSorted() },
  ].filter(({ links: paths }) => paths.length > 0);
  return {
    path: facts.path,
    nodeAttributes: { nodeName },
    capacity: {
      storage: facts.sizeBytes,
      ...given({
        logicalSectorSize: facts.logicalSectorBytes,
        physicalSectorSize: facts.physicalSectorBytes,
      }),
    },
    details: {
      ...(deviceType === undefined ? {} : { deviceType }),
      driveType: facts.rotates === undefined ? 'Unknown' : facts.rotates ? 'HDD' : 'SSD',
      ...given({
        vendor: facts.vendor,
        model: facts.model,
        serial: facts.serial,
        firmwareRevision: facts.firmware,
        logicalBlockSize: facts.logicalSectorBytes,
        physicalBlockSize: facts.physicalSectorBytes,
        hardwareSectorSize: facts.logicalSectorBytes,
      }),
    },
    devlinks: links,
    ...(Object.keys(filesystem).length === 0 ? {} : { filesystem }),
    ...given({ parentDevice: facts.parent === undefined ? '' : `/dev/${facts.parent}` }),
    partitioned:
      facts.signature !== undefined && facts.signature !== 'none' && facts.signature.kind === 'partitionTable'
        ? 'Yes'
        : 'No',
  };
}

/** Everything that this node offers. Of two devices with one identity (a cloned disk) the first by path is taken. */
export function inventory(
  all: readonly DeviceFacts[],
  config: FilterConfig,
  node: NodeFacts,
): { readonly devices: readonly Device[]; readonly skipped: ReadonlyMap<string, string> } {
  const devices = new Map<string, Device>();
  const skipped = new Map<string, string>();
  for (const facts of all.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const reason = reasonToSkip(facts, config, all);
    const identity = identify(facts, node);
    const twin = devices.get(identity.name);
    if (reason !== undefined) skipped.set(facts.path, reason);
    else if (twin !== undefined)
      skipped.set(facts.path, `it has the same ${identity.scheme} as ${twin.facts.path}`);
    else devices.set(identity.name, { identity, facts, spec: describe(facts, node) });
  }
  return { devices: [...devices.values()], skipped };
}

/** A label of ours on a device that no claim has: left behind by a pool that is gone. */
export const carriesPool = ({ signature }: DeviceFacts): boolean =>
  signature !== undefined && signature !== 'none' && signature.type === poolSignatureType;
